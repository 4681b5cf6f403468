"""What stands at a place of a batch: an item of a sequence, which is a batch of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from qgan import errors
from qgan.text import written

__all__ = ["kept_axis"]


def kept_axis(index: Any, length: int) -> Any:
    """An index of the first axis that keeps it: an integer becomes the slice of one place.

    Without an ``IndexError`` past the end Python's loops over a batch would never end.

    Args:
        index: an integer, NumPy's and torch's included, that counts from the end if it is negative;
            or a slice, or a mask or integers in one dimension, which are left as they are.
        length: items of the batch.

    Raises:
        IndexError: for an integer out of range.
        QganError: for anything else, a single boolean included.

    Example:
        >>> kept_axis(-1, 3), kept_axis(np.int8(0), 3)
        (slice(2, 3, None), slice(0, 1, None))
    """
    if isinstance(index, slice):
        return index
    if isinstance(index, list | np.ndarray | np.generic | int):
        try:  # without numbers there is no type; the other types are left to what is read below
            index = torch.as_tensor(np.asarray(index, dtype=None if np.size(index) else np.int64))
        except (TypeError, ValueError):  # texts, or lists of several lengths
            raise _wrong(index) from None
    if not isinstance(index, Tensor) or index.is_floating_point() or index.is_complex():
        raise _wrong(index)
    if index.ndim == 1:
        return index if index.dtype == torch.bool else index.to(torch.int64)
    if index.ndim or index.dtype == torch.bool:
        raise _wrong(index)
    place = int(index)
    if not -length <= place < length:
        raise IndexError(f"place {place} is out of range for {length} items")
    place %= length
    return slice(place, place + 1)


def _wrong(index: object) -> errors.QganError:
    """The error for what is no index."""
    rule = "must be an integer, a slice, or a mask or integers in one dimension"
    return errors.argument("index", rule, written(index))
