"""Settings as YAML: written whole with comments, read back with each mistake named."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from qgan import errors
from qgan.build.plain_yaml import read_yaml
from qgan.build.plugins import check_loaded, load_entry_points
from qgan.build.registry import FAMILIES, names_of
from qgan.config import Experiment, OneOf
from qgan.engines.memory import check_bytes

__all__ = ["check_choices", "check_widths", "from_yaml", "parse", "to_yaml"]

WIDTH = 100


def to_yaml(experiment: Experiment, header: Sequence[str] = ()) -> str:
    """All settings as YAML, each under what its docstring says and what values it takes.

    Args:
        experiment: the settings.
        header: lines of comment before everything else.

    Returns:
        Text that :func:`from_yaml` reads back to the same settings.

    Example:
        >>> to_yaml(Experiment(seed=3), header=["mine"]).splitlines()[:4:2]
        ['# mine', '# Everything a run is made from.']
    """
    schema = Experiment.model_json_schema()
    top = _comment(type(experiment).__doc__ or "", "")
    body = _section(experiment, experiment.model_dump(mode="json"), schema, schema, "")
    lines = [*(f"# {line}" for line in header), *([""] if header else []), *top, "", *body]
    return "\n".join(lines) + "\n"


def _section(
    section: BaseModel, data: dict[str, Any], schema: Any, root: Any, pad: str
) -> Iterator[str]:
    """Lines of one part of the schema, and below it of its parts."""
    after, values = False, dict(section)
    for name, field in type(section).model_fields.items():
        value, rules = values[name], schema["properties"][name]
        if isinstance(value, BaseModel):
            yield ""
            yield from _comment(type(value).__doc__ or "", pad)
            yield f"{pad}{name}:"
            inner = root["$defs"][type(value).__name__]
            yield from _section(value, data[name], inner, root, pad + "  ")
            after = True
            continue
        if after:
            yield ""
        after = False
        rule = _rule(rules)
        for mark in field.metadata:
            if isinstance(mark, OneOf):
                rule = "one of " + ", ".join(names_of(mark))
        yield from _comment((field.description or "") + (f" ({rule})" if rule else ""), pad)
        yield f"{pad}{name}: {_inline(data[name])}"


def _inline(value: Any) -> str:
    """A value as YAML on one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=10**9, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _comment(text: str, pad: str) -> list[str]:
    """A text as comment lines; YAML says null where Python says None."""
    told = re.sub(r"\bNone\b", "null", " ".join(text.split()))
    mark = f"{pad}# "
    return textwrap.wrap(
        told, WIDTH, initial_indent=mark, subsequent_indent=mark, break_on_hyphens=False
    )


BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def _rule(schema: dict[str, Any]) -> str:
    """What values a key takes, from its JSON schema; empty where any of its type will do."""
    if "anyOf" in schema:
        kinds = [_rule(kind) for kind in schema["anyOf"] if kind.get("type") != "null"]
        return ", or ".join([*kinds, "null"]) if any(kinds) else ""
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "items" in schema or "prefixItems" in schema:
        inner = _rule(schema.get("items") or schema["prefixItems"][0])
        return f"a list, each {inner}" if inner else "a list"
    bounds = ((word, schema[key]) for key, word in BOUNDS.items() if key in schema)
    return ", ".join(f"{word} {x if isinstance(x, int) else f'{x:g}'}" for word, x in bounds)


def from_yaml(path: str | Path, known: bool = True) -> Experiment:
    """Settings from a YAML file; keys that are not given take their defaults.

    Args:
        path: the file.
        known: as :func:`parse` has it.

    Raises:
        QganError: if the file is missing, is no YAML, or breaks the schema; the message names the
            key, the rule and the value.
    """
    return parse(read_yaml(Path(path)), known)


def parse(data: Any, known: bool = True) -> Experiment:
    """Settings from plain data; a broken rule is an error of one line.

    What the objective brings is filled in where nobody has set it.

    Args:
        data: nested plain data.
        known: whether every choice must be registered; False reads settings that are only to be
            looked at, such as those of a run with a plug-in.

    Raises:
        QganError: for an unknown key, a value of another kind, or a choice that is not registered.
    """
    load_entry_points()
    try:
        experiment = Experiment.model_validate(_as_the_objective_asks(data) if known else data)
    except ValidationError as error:
        raise errors.schema(error, Experiment) from None
    if known:
        check_loaded(experiment.plugin)
        check_choices(experiment)
        check_widths(experiment)
    return experiment


def _as_the_objective_asks(data: Any) -> Any:
    """The data with the settings that the objective brings and nobody has set."""
    if not isinstance(data, dict) or not isinstance(data.get("objective"), str):
        return data
    entry, _ = FAMILIES["objective"].find_numbered(data["objective"])
    filled = dict(data)
    for section, settings in entry.settings.items():
        own = data.get(section, {})
        if isinstance(own, dict):
            filled[section] = {**settings, **own}
    return filled


def check_choices(experiment: Experiment) -> None:
    """Refuse a name that is not registered.

    Raises:
        QganError: with the setting, and the names that it takes.
    """
    FAMILIES["objective"].find_numbered(experiment.objective)
    for text in experiment.term or ():
        FAMILIES["term"].find_numbered(text)
    sections = [value for _, value in experiment if isinstance(value, BaseModel)]
    for section in (experiment, *sections):
        for name, value in section:
            for mark in type(section).model_fields[name].metadata:
                if isinstance(mark, OneOf) and value not in mark.also:
                    FAMILIES[mark.kind].find(value)


def check_widths(experiment: Experiment) -> None:
    """Refuse hidden layers that memory cannot hold, before the data are made.

    What else is as large depends on the data, and is checked with them.

    Raises:
        QganError: with the setting, what is needed and what is free.
    """
    item_size = 4 if experiment.engine.precision == "single" else 8
    for name in ("generator", "discriminator"):
        widths = getattr(experiment, name).hidden
        n_weights = sum((one + 1) * other for one, other in pairwise(widths))
        check_bytes(f"{name}.hidden", f"{n_weights} weights", item_size * n_weights)
