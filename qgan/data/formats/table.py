"""The formats by the endings of their files, and what to do with files that are not read."""

from __future__ import annotations

from pathlib import Path

from qgan import errors
from qgan.data.formats.base import Format
from qgan.data.formats.hdf5 import HDF5
from qgan.data.formats.matlab import MATLAB
from qgan.data.formats.npz import NPZ
from qgan.data.formats.table_of_shots import CSV
from qgan.data.formats.text import TEXT

__all__ = ["FORMATS", "format_of", "format_to_write"]

FORMATS = (NPZ, HDF5, MATLAB, TEXT, CSV)
"""Every format that is read; all but PennyLane's are written too."""

_SAVE = "numpy.savez('mine.npz', states=..., label=...)"
_OF_QUTIP = "states=[q.full().squeeze() for q in qutip.qload(...)]"
PICKLES = {
    ".pkl": f"load it where it was made, and write {_SAVE}",
    ".pickle": f"load it where it was made, and write {_SAVE}",
    ".pt": f"load it with torch, and write {_SAVE} of x.numpy()",
    ".pth": f"load it with torch, and write {_SAVE} of x.numpy()",
    ".qu": f"of QuTiP's objects write numpy.savez('mine.npz', {_OF_QUTIP}, label=...)",
}
"""Files that hold objects of Python, which only running them brings back; and what to do."""
START_OF_PICKLE = b"\x80"
START_OF_NPY = b"\x93NUMPY"


def format_of(path: Path) -> Format:
    """The format of a file: that of its ending, or of the bytes that it begins with.

    Args:
        path: a file that exists.

    Raises:
        QganError: for a file of another kind, with what to do where that is known.
    """
    ending = path.suffix.lower()
    known = next((one for one in FORMATS if ending in one.endings), None)
    if known is not None and known.endings != NPZ.endings:
        return known
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError:
        start = b""
    if ending in PICKLES or (ending != ".npz" and start.startswith(START_OF_PICKLE)):
        way = PICKLES.get(ending, PICKLES[".qu"])
        rule = f"must hold no objects of Python, since reading these would run them ({way})"
        raise errors.argument("path", rule, path)
    if ending != ".npz" and start.startswith(START_OF_NPY):
        rule = f"must hold arrays with names ({_SAVE}), not a single array"
        raise errors.argument("path", rule, path)
    if known is not None:
        return known
    for one in FORMATS:
        if one.start and start.startswith(one.start):
            return one
    raise errors.argument("path", f"must end in {_endings()}", path)


def format_to_write(path: Path) -> Format:
    """The format that the ending of a file to be written asks for.

    Raises:
        QganError: for an ending that none has.
    """
    ending = path.suffix.lower()
    for one in FORMATS:
        if ending in one.endings and one.write is not None:
            return one
    raise errors.argument("out", f"must end in {_endings()}", path)


def _endings() -> str:
    endings = [ending for one in FORMATS for ending in one.endings]
    return f"{', '.join(endings[:-1])} or {endings[-1]}"
