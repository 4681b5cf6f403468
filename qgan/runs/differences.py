"""Where two sets of settings differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level, with paths as keys.

    Example:
        >>> flat({"seed": 0, "trainer": {"steps": 3}})
        {'seed': 0, 'trainer.steps': 3}
    """
    found: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, Mapping):
            found |= flat(value, f"{prefix}{key}.")
        else:
            found[prefix + key] = value
    return found


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Keys whose values differ, with both; what one of them lacks is None there.

    Example:
        >>> differences({"a": 1, "b": {"c": 2}}, {"a": 1, "b": {"c": 3}, "d": 4})
        {'b.c': (2, 3), 'd': (None, 4)}
    """
    left, right = flat(one), flat(other)
    keys = dict.fromkeys([*left, *right])
    return {k: (left.get(k), right.get(k)) for k in keys if left.get(k) != right.get(k)}
