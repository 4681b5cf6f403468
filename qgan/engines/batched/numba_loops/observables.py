"""The expectation values of Pauli words, and the gradient that they give to a state.

For words ``P = i**y X^flip Z^sign`` with one flip, each value is a sum over basis states x of
``conj(psi(x xor flip)) psi(x)`` with signs. Two things make it short. Lines x and x xor flip give
conjugate products, so those with the highest bit of the flip unset are enough. And lines that agree
on the bits of all these signs have the same sign in every word, so their products are summed before
the transform: it then has one line for each choice of these bits.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from itertools import accumulate
from operator import or_
from typing import NamedTuple

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.program import Ints
from qgan.engines.batched.numba_loops.transform import odd_parity, transform

__all__ = ["Words", "lines_to_transform", "pull_expectations", "read_expectations", "words_of"]

TILE_NUMBERS = 2**12  # of a tile that is transformed in the nearest cache


class Words(NamedTuple):
    """Pauli words ``P = i**y X^flip Z^sign``: ``P|x> = i**y (-1)^popcount(x & sign) |x xor flip>``.

    Words with the same flip form a group, so that one transform serves them all.

    Args:
        flips: the flip of each group, as bits of a basis state.
        tops: the highest bit of each flip; 0 where nothing is flipped.
        masks: for each group the bits of all its signs, without its top.
        parities: 1 if a group has words with an even number of letters Y, plus 2 if it has words
            with an odd number.
        starts: where the words of each group begin, and where those of the last group end.
        place: for each word, in the order of groups, its place among the words as they were given.
        sign: for each word the bits of its letters Z and Y.
        line: for each word the bits of its sign that are in the mask of its group, moved together.
        n_y: for each word the number y of letters Y, modulo 4.
    """

    flips: Ints
    tops: Ints
    masks: Ints
    parities: Ints
    starts: Ints
    place: Ints
    sign: Ints
    line: Ints
    n_y: Ints


@lru_cache(maxsize=256)
def words_of(words: tuple[str, ...]) -> Words:
    """Words over I, X, Y, Z, wire 0 first, as bits."""

    def bits(word: str, letters: str) -> int:
        last = len(word) - 1
        return sum(1 << (last - wire) for wire, letter in enumerate(word) if letter in letters)

    members: dict[int, list[int]] = {}
    for k, word in enumerate(words):
        members.setdefault(bits(word, "XY"), []).append(k)
    groups = {flip: members[flip] for flip in sorted(members)}
    order = [k for group in groups.values() for k in group]
    signs, n_y = [bits(word, "YZ") for word in words], [word.count("Y") % 4 for word in words]
    tops = [1 << flip.bit_length() >> 1 for flip in groups]
    masks = [
        _union(signs[k] for k in group) & ~top
        for group, top in zip(groups.values(), tops, strict=True)
    ]
    mask_of = {k: mask for group, mask in zip(groups.values(), masks, strict=True) for k in group}
    fields: list[Sequence[int]] = [
        list(groups),
        tops,
        masks,
        [_union(1 + n_y[k] % 2 for k in group) for group in groups.values()],
        [0, *accumulate(len(group) for group in groups.values())],
        order,
        [signs[k] for k in order],
        [_moved_together(signs[k], mask_of[k]) for k in order],
        [n_y[k] for k in order],
    ]
    return Words(*(np.array(field, np.int64) for field in fields))


def _union(sets: Iterable[int]) -> int:
    """The bits that are in any of some sets of bits."""
    return reduce(or_, sets, 0)


def _moved_together(bits: int, mask: int) -> int:
    """Those bits that are in a mask, without gaps.

    Example:
        >>> bin(_moved_together(0b1010, 0b1011))
        '0b110'
    """
    kept = [bits >> place & 1 for place in range(mask.bit_length()) if mask >> place & 1]
    return sum(bit << place for place, bit in enumerate(kept))


@kernel()
def lines_to_transform(dimension, w):
    """How many lines are transformed together: a power of two that fits in the nearest cache."""
    size = dimension
    while size > 1 and size * w > TILE_NUMBERS:
        size //= 2
    return size


@kernel()
def next_subset(bits, mask):
    """The next of all sets of bits within a mask, in rising order; the empty set after the last."""
    return (bits - mask) & mask


@kernel()
def lines_of(mask):
    """How many sets of bits there are within a mask."""
    lines = 1
    while mask:
        mask &= mask - 1
        lines *= 2
    return lines


@kernel()
def sum_products(psi, w, flip, start, mask, rest, parity, c, s):
    """Sum ``conj(psi(x xor flip)) psi(x)`` over the lines x of a tile that have the same signs.

    The bits of x within the tile are a set of ``mask``, which says on which line of the real parts
    ``c`` and of the imaginary parts ``s`` a product is added, and any set of ``rest``.
    """
    at, kept = 0, 0
    while at == 0 or kept:
        real, imaginary = c[at : at + w], s[at : at + w]
        for k in range(w):
            real[k] = 0
            imaginary[k] = 0
        first, other = True, 0
        while first or other:
            x = start | kept | other
            y = x ^ flip
            a, b = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
            u, v = psi[2 * w * y : 2 * w * y + w], psi[2 * w * y + w : 2 * w * (y + 1)]
            if parity & 1:
                for k in range(w):
                    real[k] += u[k] * a[k] + v[k] * b[k]
            if parity & 2:
                for k in range(w):
                    imaginary[k] += u[k] * b[k] - v[k] * a[k]
            first, other = False, next_subset(other, rest)
        at, kept = at + w, next_subset(kept, mask)


@kernel()
def read_expectations(psi, w, words, values, first):
    """Write the expectation values of lanes from ``first`` on, ``(lanes, K)``."""
    dimension = len(psi) // (2 * w)
    size = lines_to_transform(dimension, w)
    c, s = np.empty(size * w, psi.dtype), np.empty(size * w, psi.dtype)
    for k in range(w):
        for place in range(values.shape[1]):
            values[first + k, place] = 0
    for start in range(0, dimension, size):
        for i in range(len(words.flips)):
            flip, top, parity = words.flips[i], words.tops[i], words.parities[i]
            if start & top:
                continue
            mask = words.masks[i] & (size - 1)
            rest, lines = (size - 1) & ~(mask | top), lines_of(mask)
            sum_products(psi, w, flip, start, mask, rest, parity, c, s)
            if parity & 1:
                transform(c[: lines * w], w)
            if parity & 2:
                transform(s[: lines * w], w)
            for j in range(words.starts[i], words.starts[i + 1]):
                at, n_y, place = (words.line[j] & (lines - 1)) * w, words.n_y[j], words.place[j]
                negative = (n_y in (1, 2)) != odd_parity(words.sign[j] & start)
                for k in range(w):
                    value = s[at + k] if n_y & 1 else c[at + k]
                    value = value + value if flip else value
                    values[first + k, place] += -value if negative else value


@kernel()
def add_product(psi, g, w, x, y, c, s, negative):
    """Add ``(c + i s) psi(x)`` to G(y), or ``(c - i s) psi(x)`` if ``negative``."""
    a, b = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
    u, v = g[2 * w * y : 2 * w * y + w], g[2 * w * y + w : 2 * w * (y + 1)]
    if negative:
        for k in range(w):
            u[k] += c[k] * a[k] + s[k] * b[k]
        for k in range(w):
            v[k] += c[k] * b[k] - s[k] * a[k]
    else:
        for k in range(w):
            u[k] += c[k] * a[k] - s[k] * b[k]
        for k in range(w):
            v[k] += c[k] * b[k] + s[k] * a[k]


@kernel()
def add_products(psi, g, w, flip, start, mask, rest, c, s):
    """Add ``(c + i s) psi`` to G, for the lines x of a tile and for the lines x xor flip.

    The lines of ``c`` and ``s`` are those of :func:`sum_products`.
    """
    at, kept = 0, 0
    while at == 0 or kept:
        real, imaginary = c[at : at + w], s[at : at + w]
        first, other = True, 0
        while first or other:
            x = start | kept | other
            add_product(psi, g, w, x, x ^ flip, real, imaginary, False)
            if flip:
                add_product(psi, g, w, x ^ flip, x, real, imaginary, True)
            first, other = False, next_subset(other, rest)
        at, kept = at + w, next_subset(kept, mask)


@kernel()
def pull_expectations(psi, g, w, words, of_values, columns, first):
    """Write ``G = 2 sum_k g_k P_k psi``, where g is a loss's gradient of the values ``(B, K)``."""
    dimension = len(psi) // (2 * w)
    size = lines_to_transform(dimension, w)
    c, s = np.empty(size * w, psi.dtype), np.empty(size * w, psi.dtype)
    for i in range(len(g)):
        g[i] = 0
    for start in range(0, dimension, size):
        for i in range(len(words.flips)):
            flip, top, parity = words.flips[i], words.tops[i], words.parities[i]
            if start & top:
                continue
            mask = words.masks[i] & (size - 1)
            rest, lines = (size - 1) & ~(mask | top), lines_of(mask)
            for k in range(lines * w):
                c[k] = 0
                s[k] = 0
            for j in range(words.starts[i], words.starts[i + 1]):
                at, n_y, place = (words.line[j] & (lines - 1)) * w, words.n_y[j], words.place[j]
                negative = (n_y >= 2) != odd_parity(words.sign[j] & start)
                for k in range(w):
                    value = 2 * of_values[(first + k) // columns, place]
                    value = -value if negative else value
                    if n_y & 1:
                        s[at + k] += value
                    else:
                        c[at + k] += value
            if parity & 1:
                transform(c[: lines * w], w)
            if parity & 2:
                transform(s[: lines * w], w)
            add_products(psi, g, w, flip, start, mask, rest, c, s)
