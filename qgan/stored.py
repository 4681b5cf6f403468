"""What a file of a run may hold: strict schemas, through which everything in it is read.

A run folder may come from anyone. A schema is the one place where the contents of a file are
checked; what is behind it takes them on trust.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from qgan import errors
from qgan.files import read_regular
from qgan.text import shortened, written

__all__ = ["MOST_BYTES", "Count", "Size", "Stored", "fit", "fit_objects", "misfit", "read_json"]

MOST_BYTES = 2**28
"""The largest text file of a run that is read: 256 MiB."""

Count = Annotated[int, Field(ge=0, le=2**53)]
Size = Annotated[int, Field(ge=0, le=10**9)]
"""A number of entries; two of them multiplied still fit in 64 bits."""


class Stored(BaseModel):
    """A part of a file: no other keys, no other types, and no numbers that are not finite."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Schema = TypeVar("Schema", bound=BaseModel)


def misfit(place: str, rule: str, got: object) -> PydanticCustomError:
    """The error that a rule between several fields raises.

    Args:
        place: the field, as seen from the part of the schema that checks it.
        rule: what it must be.
        got: what the file holds, or words about it.
    """
    facts = {
        "place": place,
        "rule": rule,
        "got": shortened(got) if isinstance(got, str) else written(got),
    }
    return PydanticCustomError("rule", "{rule}", facts)


def read_json(path: Path, schema: type[Schema]) -> Schema:
    """The contents of a JSON file, checked.

    Raises:
        QganError: if the file cannot be read or breaks the schema.
    """
    return fit(read_regular(path, MOST_BYTES), schema, path)


def fit(data: Any, schema: type[Schema], file: Path | str) -> Schema:
    """The contents of a file, checked.

    Args:
        data: its bytes, or the plain data in it.
        schema: what they must be.
        file: the file, for the message.

    Returns:
        The checked contents.

    Raises:
        QganError: with the file, the field, the rule and what came.

    Example:
        >>> class Point(Stored):
        ...     x: float
        >>> fit(b'{"x": 1.5}', Point, "point.json").x
        1.5
        >>> fit({"x": "y"}, Point, "point.json")
        Traceback (most recent call last):
        qgan.errors.QganError: File point.json: `x` must be a valid number, but got 'y'.
    """
    try:
        return schema.model_validate_json(data if isinstance(data, bytes) else json.dumps(data))
    except ValidationError as error:
        raise _told(error, file) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise errors.QganError(f"File {file} must hold plain data: {error}.") from None


def fit_objects(data: Any, schema: type[Schema], file: Path | str) -> Schema:
    """As :func:`fit`, for plain data with tensors among them.

    Raises:
        QganError: as :func:`fit` does.
    """
    try:
        return schema.model_validate(data)
    except ValidationError as error:
        raise _told(error, file) from None
    except RecursionError:
        raise errors.QganError(f"File {file} is nested too deep.") from None


def _told(error: ValidationError, file: Path | str) -> errors.QganError:
    """The first broken rule in one line."""
    first = error.errors(include_url=False)[0]
    if first["type"] == "json_invalid":
        reason = str(first.get("ctx", {}).get("error", first["msg"]))
        return errors.QganError(f"File {file} cannot be read as JSON: {reason}.")
    place, rule, got = list(map(str, first["loc"])), first["msg"], written(first["input"])
    if first["type"] == "rule":
        context = first["ctx"]
        place.append(context["place"])
        rule, got = context["rule"], context["got"]
    elif first["type"] == "extra_forbidden":
        rule, got = "must be a key that this version knows", written(place[-1])
    elif first["type"] == "too_short":
        rule = f"must have at least {first['ctx']['min_length']} entries"
    elif first["type"] == "too_long":
        rule = f"must have at most {first['ctx']['max_length']} entries"
    elif first["type"] == "missing":
        rule, got = "must be given", "nothing"
    rule = rule[0].lower() + rule[1:]
    rule = re.sub(r"^\w+ should", "must", rule).replace("tuple", "list")
    name = ".".join(place) or "the whole"
    return errors.QganError(f"File {file}: `{shortened(name)}` {rule}, but got {got}.")
