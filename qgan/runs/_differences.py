"""The entries in which two sets of settings differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["FIXED", "differences", "flat", "is_fixed"]

FIXED = ("preset", "seed", "data", "generator", "discriminator", "trainer.optimiser")
"""Settings, and sections of them, that a run keeps: another value would mean another run, or would
have no effect on weights and random streams that exist already."""
MOVABLE = ("data.file",)
"""Settings within these that may change, since the same data can lie in another place."""


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one dictionary with paths as keys.

    Example:
        >>> flat({"seed": 0, "trainer": {"steps": 3}})
        {'seed': 0, 'trainer.steps': 3}
    """
    entries: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            entries |= flat(value, f"{prefix}{key}.")
        else:
            entries[prefix + key] = value
    return entries


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The keys whose values differ, with both values; a missing value is None.

    Example:
        >>> differences({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}, "d": 4})
        {'b.c': (2, 3), 'd': (None, 4)}
    """
    left, right = flat(first), flat(second)
    keys = dict.fromkeys([*left, *right])
    return {k: (left.get(k), right.get(k)) for k in keys if left.get(k) != right.get(k)}


def is_fixed(key: str) -> bool:
    """Whether a run keeps a setting from its first step to its last.

    Example:
        >>> [is_fixed(key) for key in ("seed", "generator.bath", "trainer.betas", "data.file")]
        [True, True, False, False]
    """
    inside = any(key == name or key.startswith(f"{name}.") for name in FIXED)
    return inside and key not in MOVABLE
