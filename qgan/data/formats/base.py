"""What a file format is to the rest of the program: named arrays, whose sizes come first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Format", "StoredArray"]

Array = NDArray[Any]


@dataclass(frozen=True)
class StoredArray:
    """An array that still lies in a file.

    Args:
        shape: its shape, as the file declares it.
        dtype: its type, as the file declares it.
        read: reads it; it is called at most once, while the file is open.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[], Array]


@dataclass(frozen=True)
class Format:
    """A format of files with named arrays.

    Args:
        name: what people call it.
        endings: how the names of its files end, in lower case.
        start: the bytes that its files begin with, by which a file with another ending is known;
            empty where there are none.
        open: a context manager that gives the arrays of a file by name, while it is open. It never
            runs what a file holds: objects of Python are refused.
        write: the bytes of a file with some arrays; None where the format is only read.
    """

    name: str
    endings: tuple[str, ...]
    start: bytes
    open: Callable[[Path], AbstractContextManager[Mapping[str, StoredArray]]]
    write: Callable[[Mapping[str, Array]], bytes] | None = None

    @property
    def rule(self) -> str:
        """What a file that cannot be read must be, for a message."""
        ending = " or ".join(self.endings)
        return f"must be a readable {ending} file without pickled objects"
