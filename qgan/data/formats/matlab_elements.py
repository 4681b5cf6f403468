"""The structure of a MATLAB file before version 7.3, checked before SciPy reads it.

SciPy trusts the sizes that such a file declares, and a damaged one can end the whole process. So
every variable must hold as many numbers, characters or cells as its dimensions say.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator

from qgan.engines.memory import check_bytes

__all__ = ["check_elements"]

HEADER = 128
ITEM_SIZES = {
    1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4,
}  # fmt: skip
"""Bytes of an item of each type of data, among them three encodings of text."""
MATRIX, COMPRESSED = 14, 15
CELL, CHAR, NUMBERS = 1, 4, range(6, 16)
"""Classes of variables; others are not read."""
COMPLEX = 0x0800
MOST_DEEP = 3
"""Cells in cells in cells: no array of ours needs more."""


def check_elements(data: bytes) -> None:
    """Refuse a file whose variables do not hold what their dimensions say.

    Args:
        data: all bytes of a file of version 5 to 7; older ones have no such header.

    Raises:
        ValueError: for a damaged file.
        QganError: if compressed variables would not fit into the memory.
    """
    if len(data) < HEADER or data[126:128] not in (b"IM", b"MI"):
        raise ValueError("no header of version 5")
    order = "<" if data[126:128] == b"IM" else ">"
    for element in _elements(data[HEADER:], order):
        kind, part = _decompressed(element[1], order) if element[0] == COMPRESSED else element
        if kind != MATRIX:
            raise ValueError("something else than a variable")
        _check_matrix(part, order)


def _decompressed(data: bytes, order: str) -> tuple[int, bytes]:
    """The element in compressed data, which get no more room than its tag asks for."""
    stream = zlib.decompressobj()
    tag = stream.decompress(data, 8)
    if len(tag) < 8:
        raise ValueError("compressed data that end too early")
    kind, size = struct.unpack(f"{order}II", tag)
    check_bytes("path", "a compressed variable", size)
    part = stream.decompress(stream.unconsumed_tail, size) if size else b""
    if len(part) != size:
        raise ValueError("compressed data that end too early")
    return kind, part


def _elements(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """The elements that follow each other, as (type, contents)."""
    place = 0
    while place < len(data):
        if place + 8 > len(data):
            raise ValueError("a tag that ends too early")
        kind, size = struct.unpack_from(f"{order}II", data, place)
        if kind >> 16:  # a small element: its size and its contents share the eight bytes
            kind, size, start, end = kind & 0xFFFF, kind >> 16, place + 4, place + 8
            if size > 4:
                raise ValueError("a small element that is not small")
        else:
            start = place + 8
            padded = size if kind == COMPRESSED else -(-size // 8) * 8
            end = start + padded
        if start + size > len(data):
            raise ValueError("an element that ends too late")
        yield kind, data[start : start + size]
        place = end


def _check_matrix(data: bytes, order: str, depth: int = 0) -> None:
    """Refuse a variable that does not hold what its dimensions say."""
    parts = list(_elements(data, order))
    if len(parts) < 3 or len(parts[0][1]) != 8 or parts[0][0] != 6:
        raise ValueError("a variable without flags, dimensions and name")
    (flags,) = struct.unpack_from(f"{order}I", parts[0][1])
    kind = flags & 0xFF
    if parts[1][0] != 5 or len(parts[1][1]) % 4 or parts[2][0] not in (1, 2):
        raise ValueError("dimensions that are no integers, or a name that is no text")
    sizes = struct.unpack(f"{order}{len(parts[1][1]) // 4}i", parts[1][1])
    if len(sizes) < 2 or min(sizes) < 0:
        raise ValueError("dimensions below 0")
    count, rest = math.prod(sizes), parts[3:]
    if kind == CELL:
        if len(rest) != count or depth == MOST_DEEP or any(k != MATRIX for k, _ in rest):
            raise ValueError("another number of cells than the dimensions say")
        for _, part in rest:
            _check_matrix(part, order, depth + 1)
    elif kind == CHAR or kind in NUMBERS:
        n_arrays = 2 if flags & COMPLEX else 1
        if len(rest) != n_arrays:
            raise ValueError("a variable without numbers, or with too many")
        for item, part in rest:
            if len(part) != count * ITEM_SIZES.get(item, 0) and not (kind == CHAR and item == 16):
                raise ValueError("another number of items than the dimensions say")
