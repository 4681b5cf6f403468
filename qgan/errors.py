"""The one module that words a user's mistakes: argument, rule, and what came."""

import difflib
import operator
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from qgan.text import MOST_CHARACTERS, shortened, written

__all__ = [
    "Choice",
    "QganError",
    "QganWarning",
    "argument",
    "instance",
    "integer",
    "integer_between",
    "nearest",
    "of_file",
    "one_line",
    "schema",
    "unsupported",
    "warn",
]

Choice = tuple[str, str]
"""Something to do instead, as (what is chosen, its name): ("head", "bounded-linear")."""


class QganError(ValueError):
    """A user's mistake; its message is one line, and the command line exits with status 2.

    Args:
        message: the line.
        choices: what the message offers to do instead, word for word. The command line puts its
            flags in the place of these words, so that a library error needs to know of none.
    """

    def __init__(self, message: str, choices: Sequence[Choice] = ()) -> None:
        super().__init__(message)
        self.choices = tuple(choices)


class QganWarning(UserWarning):
    """Something that a user should know and that stops nothing; one line on the command line."""


def warn(message: str) -> None:
    """Say something that stops nothing."""
    warnings.warn(message, QganWarning, stacklevel=3)


def one_line(error: Exception) -> str:
    """The message of an exception as one line, without its full stop; empty if it has none.

    Example:
        >>> one_line(ValueError("no such\\n  gate."))
        'no such gate'
    """
    return " ".join(str(error).split()).rstrip(".")


def argument(name: str, rule: str, got: object, choices: Sequence[Choice] = ()) -> QganError:
    """Error for an argument that breaks a rule.

    Args:
        name: name of the argument.
        rule: what it must be.
        got: what came; the message shows its first and last characters if it is long.
        choices: what the rule offers, word for word; see :class:`QganError`.

    Example:
        >>> str(argument("shots", "must be at least 1", 0))
        'Argument `shots` must be at least 1, but got 0.'
    """
    return QganError(f"Argument `{shortened(name)}` {rule}, but got {shortened(got)}.", choices)


def integer(name: str, value: Any, least: int | None = None, most: int | None = None) -> int:
    """A Python integer from an argument: Python's own, NumPy's, or whatever else stands for one.

    Numbers of a few bytes would overflow where Python's do not.

    Args:
        name: name of the argument, for the message.
        value: any integer but a boolean.
        least: the least value, where there is one.
        most: the greatest value, where there is one.

    Raises:
        QganError: for a value that is no integer, too small or too large.

    Example:
        >>> import numpy as np
        >>> integer("shots", np.int64(5), least=1)
        5
        >>> integer("shots", 5.0)
        Traceback (most recent call last):
        qgan.errors.QganError: Argument `shots` must be an integer, but got 5.0.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None:
        raise argument(name, "must be an integer", written(value))
    if least is not None and number < least:
        raise argument(name, f"must be at least {least}", number)
    if most is not None and number > most:
        raise argument(name, f"must be at most {most}", number)
    return number


def integer_between(name: str, value: Any, least: int, most: int) -> int:
    """As :func:`integer`, for a range that a message names with both of its ends.

    Example:
        >>> integer_between("n_qubits", 13, 2, 12)
        Traceback (most recent call last):
        qgan.errors.QganError: Argument `n_qubits` must be from 2 to 12, but got 13.
    """
    number = integer(name, value)
    if not least <= number <= most:
        raise argument(name, f"must be from {least} to {most}", number)
    return number


def instance(name: str, value: object, kind: type) -> None:
    """Refuse what is no object of a class, such as the class itself.

    Args:
        name: name of the argument, for the message.
        value: what came.
        kind: the class.

    Raises:
        QganError: with the class, and what came.

    Example:
        >>> instance("steps", 3, int)
        >>> instance("steps", bool, int)
        Traceback (most recent call last):
        qgan.errors.QganError: Argument `steps` must be of class int, but got the class bool itself.
    """
    if isinstance(value, kind):
        return
    if isinstance(value, type):
        got = f"the class {value.__name__} itself"
    elif type(value).__module__ == "builtins":
        got = written(value)
    else:
        got = f"an object of class {type(value).__name__}"
    raise argument(name, f"must be of class {kind.__name__}", got)


@contextmanager
def of_file(place: str) -> Iterator[None]:
    """Let the errors that arise inside say which of several files they are about.

    Args:
        place: the option or argument that names the file, with the file.

    Example:
        >>> with of_file("--real a.npz"):
        ...     raise argument("states", "must hold numbers", "dtype <U1")
        Traceback (most recent call last):
        qgan.errors.QganError: --real a.npz: Argument `states` must hold numbers, but got dtype <U1.
    """
    try:
        yield
    except QganError as error:
        raise QganError(f"{shortened(place)}: {error}", error.choices) from None


def unsupported(what: str, reason: str, instead: str | Sequence[Choice]) -> QganError:
    """Error for a request that cannot be served, with what to do instead.

    Args:
        what: the thing that was asked for.
        reason: why it cannot be had.
        instead: a sentence, or the choices that would do.

    Example:
        >>> nearest_two = [("head", "bounded-linear"), ("objective", "hinge")]
        >>> str(unsupported("Objective linear", "its head is unbounded", nearest_two))
        'Objective linear: its head is unbounded; use head bounded-linear or objective hinge.'
    """
    if isinstance(instead, str):
        return QganError(f"{what}: {reason}; {instead}.")
    words = " or ".join(f"{kind} {name}" for kind, name in instead)
    return QganError(f"{what}: {reason}; use {words}.", instead)


WORDS = (
    ("input should be", "must be"),
    ("string should", "must"),
    ("tuple should", "must"),
    ("a valid tuple", "a list"),
    ("a valid dictionary or instance of", "a mapping of the keys of"),
    ("input is not a valid path for <class 'pathlib.Path'>", "must be a path"),
    ("field required", "must be given"),
    ("keys should be", "must have keys that are"),
    ("unable to parse input string as an integer, exceeded maximum size", "must have fewer digits"),
)
"""What pydantic says, and what the rule of a message is."""


UNION_MEMBER = re.compile(r"int$|constrained-int$|literal\[")
"""What pydantic adds to the place of an error in a value that may be of several types."""


def schema(error: Any, model: Any) -> QganError:
    """Error for the first broken rule of a pydantic model, by its path.

    Args:
        error: a ``pydantic.ValidationError``.
        model: the model class, whose keys are searched for the one that was meant.
    """
    first = error.errors()[0]
    place = [str(part) for part in first["loc"]]
    if place and UNION_MEMBER.match(place[-1]):
        del place[-1]
    name = ".".join(place)
    if first["type"] == "extra_forbidden":
        near = nearest(name, list(_keys(model)))
        meant = "" if near is None else f" (perhaps `{near}`)"
        return argument(name, f"must be a key of the schema{meant}", written(first["input"]))
    message = first["msg"]
    if message.startswith("Value error, "):
        return QganError(message.removeprefix("Value error, "))
    rule = message[0].lower() + message[1:]
    for pydantic, ours in WORDS:
        rule = rule.replace(pydantic, ours)
    return argument(name or "config", rule, written(first["input"]))


def nearest(name: str, keys: list[str]) -> str | None:
    """The key that was probably meant: one with the same last part, or else the most similar.

    Example:
        >>> nearest("steps", ["preset", "trainer.steps"]), nearest("sed", ["seed", "cure"])
        ('trainer.steps', 'seed')
    """
    name = name[:MOST_CHARACTERS]
    same = [key for key in keys if key.split(".")[-1] == name.rsplit(".", maxsplit=1)[-1]]
    near = same or difflib.get_close_matches(name, keys, n=1, cutoff=0.4)
    return near[0] if near else None


def _keys(model: Any, prefix: str = "") -> Iterator[str]:
    from pydantic import BaseModel

    for key, field in model.model_fields.items():
        yield prefix + key
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(field.annotation, f"{prefix}{key}.")
