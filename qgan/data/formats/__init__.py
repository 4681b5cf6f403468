"""File formats, one per module: each gives the named arrays of a file."""

from qgan.data.formats.base import Array, Format, StoredArray
from qgan.data.formats.npz import NPZ
from qgan.data.formats.table import FORMATS, format_of, format_to_write

__all__ = ["FORMATS", "NPZ", "Array", "Format", "StoredArray", "format_of", "format_to_write"]
