"""The expectation values of Pauli words, and the gradient that they give to a state."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

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
        starts: where the words of each group begin, and where those of the last group end.
        place: for each word, in the order of groups, its place among the words as they were given.
        sign: for each word the bits of its letters Z and Y.
        n_y: for each word the number y of letters Y, modulo 4.
    """

    flips: Ints
    starts: Ints
    place: Ints
    sign: Ints
    n_y: Ints


@lru_cache(maxsize=256)
def words_of(words: tuple[str, ...]) -> Words:
    """Words over I, X, Y, Z, wire 0 first, as bits."""

    def bits(word: str, letters: str) -> int:
        last = len(word) - 1
        return sum(1 << (last - wire) for wire, letter in enumerate(word) if letter in letters)

    flips = [bits(word, "XY") for word in words]
    order = sorted(range(len(words)), key=lambda k: flips[k])
    groups = sorted(set(flips))
    starts = [sum(flip < other for flip in flips) for other in groups]
    fields: list[Sequence[Any]] = [
        groups,
        [*starts, len(words)],
        order,
        [bits(words[k], "YZ") for k in order],
        [words[k].count("Y") % 4 for k in order],
    ]
    return Words(*(np.array(field, np.int64) for field in fields))


@kernel()
def lines_to_transform(dimension, w):
    """How many lines are transformed together: a power of two that fits in the nearest cache."""
    size = dimension
    while size > 1 and size * w > TILE_NUMBERS:
        size //= 2
    return size


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
            flip = words.flips[i]
            for x in range(start, start + size):  # conj(psi(y)) psi(x)
                y, at = x ^ flip, w * (x - start)
                a, b = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
                u, v = psi[2 * w * y : 2 * w * y + w], psi[2 * w * y + w : 2 * w * (y + 1)]
                for k in range(w):
                    c[at + k] = u[k] * a[k] + v[k] * b[k]
                if flip:
                    for k in range(w):
                        s[at + k] = u[k] * b[k] - v[k] * a[k]
            transform(c, w)
            if flip:
                transform(s, w)
            for j in range(words.starts[i], words.starts[i + 1]):
                at, n_y, place = (words.sign[j] & (size - 1)) * w, words.n_y[j], words.place[j]
                negative = (n_y in (1, 2)) != odd_parity(words.sign[j] & start)
                for k in range(w):
                    value = s[at + k] if n_y & 1 else c[at + k]
                    values[first + k, place] += -value if negative else value


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
            flip = words.flips[i]
            for k in range(size * w):
                c[k] = 0
                s[k] = 0
            for j in range(words.starts[i], words.starts[i + 1]):
                at, n_y, place = (words.sign[j] & (size - 1)) * w, words.n_y[j], words.place[j]
                negative = (n_y >= 2) != odd_parity(words.sign[j] & start)
                for k in range(w):
                    value = 2 * of_values[(first + k) // columns, place]
                    value = -value if negative else value
                    if n_y & 1:
                        s[at + k] += value
                    else:
                        c[at + k] += value
            transform(c, w)
            if flip:
                transform(s, w)
            for x in range(start, start + size):
                y, at = x ^ flip, w * (x - start)
                a, b = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
                u, v = g[2 * w * y : 2 * w * y + w], g[2 * w * y + w : 2 * w * (y + 1)]
                for k in range(w):
                    u[k] += c[at + k] * a[k] - s[at + k] * b[k]
                for k in range(w):
                    v[k] += c[at + k] * b[k] + s[at + k] * a[k]
