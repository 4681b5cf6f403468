"""Expectation values of Pauli words, and the gradient that they give to a state."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.program import Ints
from qgan.engines.batched.numba_loops.transform import odd_parity, transform

BLOCK_NUMBERS = 2**12


class Words(NamedTuple):
    """Pauli words ``P = i**y X^flip Z^sign``: ``P|x> = i**y (-1)^popcount(x & sign) |x xor flip>``.

    Words of one group have the flip in common, so that one transform serves them all.

    Args:
        flips: of each group.
        group: where each group's words begin, and where the last one's end.
        place: of each word, in order of groups, among the words that were asked for.
        sign: bits of Z and Y.
        n_y: y modulo 4.
    """

    flips: Ints
    group: Ints
    place: Ints
    sign: Ints
    n_y: Ints


@lru_cache(maxsize=256)
def words_of(words: tuple[str, ...]) -> Words:
    """Of words over I, X, Y, Z, wire 0 first."""

    def bits(word: str, letters: str) -> int:
        last = len(word) - 1
        return sum(1 << (last - wire) for wire, letter in enumerate(word) if letter in letters)

    flips = [bits(word, "XY") for word in words]
    order = sorted(range(len(words)), key=lambda k: flips[k])
    groups = sorted(set(flips))
    begun = [sum(flip < found for flip in flips) for found in groups]
    as_ints: list[Sequence[Any]] = [
        groups,
        [*begun, len(words)],
        order,
        [bits(words[k], "YZ") for k in order],
        [words[k].count("Y") % 4 for k in order],
    ]
    return Words(*(np.array(column, np.int64) for column in as_ints))


@kernel()
def few_rows(rows, w):
    """Rows of a block: a power of two that keeps a block of numbers in the nearest cache."""
    size = rows
    while size > 1 and size * w > BLOCK_NUMBERS:
        size //= 2
    return size


@kernel()
def read_expectations(psi, w, words, values, first):
    """Expectation values, ``(lanes, K)``, of lanes from ``first``."""
    rows = len(psi) // (2 * w)
    size = few_rows(rows, w)
    c, s = np.empty(size * w, psi.dtype), np.empty(size * w, psi.dtype)
    for k in range(w):
        for place in range(values.shape[1]):
            values[first + k, place] = 0
    for block in range(0, rows, size):
        for i in range(len(words.flips)):
            flip = words.flips[i]
            for x in range(block, block + size):  # conj(psi(y)) psi(x)
                y, at = x ^ flip, w * (x - block)
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
            for j in range(words.group[i], words.group[i + 1]):
                at, n_y, place = (words.sign[j] & (size - 1)) * w, words.n_y[j], words.place[j]
                negative = (n_y in (1, 2)) != odd_parity(words.sign[j] & block)
                for k in range(w):
                    value = s[at + k] if n_y & 1 else c[at + k]
                    values[first + k, place] += -value if negative else value


@kernel()
def pull_expectations(psi, g, w, words, of_values, columns, first):
    """``G = 2 sum_k g_k P_k psi`` of a loss whose gradient of values ``(B, K)`` is g."""
    rows = len(psi) // (2 * w)
    size = few_rows(rows, w)
    c, s = np.empty(size * w, psi.dtype), np.empty(size * w, psi.dtype)
    for i in range(len(g)):
        g[i] = 0
    for block in range(0, rows, size):
        for i in range(len(words.flips)):
            flip = words.flips[i]
            for k in range(size * w):
                c[k] = 0
                s[k] = 0
            for j in range(words.group[i], words.group[i + 1]):
                at, n_y, place = (words.sign[j] & (size - 1)) * w, words.n_y[j], words.place[j]
                negative = (n_y >= 2) != odd_parity(words.sign[j] & block)
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
            for x in range(block, block + size):
                y, at = x ^ flip, w * (x - block)
                a, b = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
                u, v = g[2 * w * y : 2 * w * y + w], g[2 * w * y + w : 2 * w * (y + 1)]
                for k in range(w):
                    u[k] += c[at + k] * a[k] - s[at + k] * b[k]
                for k in range(w):
                    v[k] += c[at + k] * b[k] + s[at + k] * a[k]
