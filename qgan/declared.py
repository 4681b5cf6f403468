"""Names that a base class declares: what is nearly one of them is a mistake, not an attribute."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from qgan import errors

__all__ = ["refuse_misspelt"]

LIKENESS = 0.8
"""Likeness of two names from which one is taken for the other misspelt."""


def refuse_misspelt(subclass: type, names: Iterable[str]) -> None:
    """Refuse a subclass that defines something whose name is nearly a declared one.

    Args:
        subclass: the class that has just been defined.
        names: attributes and methods that its base class declares.

    Raises:
        QganError: with the name that was probably meant.

    Example:
        >>> refuse_misspelt(type("Mine", (), {"persample": False}), ["per_sample"])
        Traceback (most recent call last):
        qgan.errors.QganError: Argument `persample` must be spelt `per_sample`, but got it in Mine.
    """
    declared = list(names)
    for name in vars(subclass):
        if name.startswith("_") or name in declared:
            continue
        near = difflib.get_close_matches(name, declared, 1, LIKENESS)
        if near:
            where = f"it in {subclass.__name__}"
            raise errors.argument(name, f"must be spelt `{near[0]}`", where)
