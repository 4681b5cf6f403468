"""Whole numbers as arguments: Python's own, NumPy's, or whatever else stands for one."""

import operator
from typing import Any

__all__ = ["whole_number"]


def whole_number(name: str, value: Any, least: int) -> int:
    """A Python integer from an argument.

    Args:
        name: name of the argument, for the message.
        value: any integer but a boolean.
        least: the least value.

    Raises:
        ValueError: for a value that is no integer or is too small.
    """
    try:
        number = None if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ValueError(
            f"Argument `{name}` must be an integer of at least {least}, but got {value!r}."
        )
    return number
