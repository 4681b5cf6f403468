"""What stands at a place of a batch: an item of a sequence, which is a batch of one."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from qgan import errors

__all__ = ["kept_axis"]


def kept_axis(index: Any, length: int) -> Any:
    """An index of the first axis that keeps it: an integer becomes the slice of one place.

    Without an ``IndexError`` past the end Python's loops over a batch would never end.

    Args:
        index: an integer, NumPy's and torch's included, that counts from the end if it is negative;
            or a slice, a mask or an index tensor, which are left as they are.
        length: items of the batch.

    Raises:
        IndexError: for an integer out of range.
        QganError: for a single boolean, which is neither an integer nor a mask.

    Example:
        >>> kept_axis(-1, 3), kept_axis(np.int8(0), 3)
        (slice(2, 3, None), slice(0, 1, None))
    """
    is_array = isinstance(index, Tensor | np.ndarray)
    if isinstance(index, slice | Sequence) or (is_array and index.ndim):
        return index
    value = index.item() if is_array else index
    try:
        place = None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        place = None
    if place is None:
        rule = "must be an integer, a slice, a mask or an index tensor"
        raise errors.argument("index", rule, repr(value))
    if not -length <= place < length:
        raise IndexError(f"place {place} is out of range for {length} items")
    place %= length
    return slice(place, place + 1)
