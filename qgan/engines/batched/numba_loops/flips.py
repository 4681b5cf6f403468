"""Flips: rotations of pairs of basis states ``x`` and ``x xor F``, applied to the lanes of a chunk.

:mod:`qgan.engines.batched.numba_loops.classes` says what a flip is,
:class:`qgan.engines.batched.numba_loops.program.Flips` what ``flips`` holds, and
:mod:`qgan.engines.batched.numba_loops.lanes` how states stand in memory. Every flip is written with
real rotations: ``exp(-i phi Y)`` turns the real parts of a pair by phi, and the imaginary parts;
``exp(-i phi X)`` turns the imaginary part of x with the real part of its partner by phi, and the
real part of x with the imaginary part of its partner by -phi.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.classes import (
    FIRST,
    FLIPS,
    LOW,
    MASK,
    N_MASKS,
    ODD,
    TOP,
)
from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.transform import odd_parity
from qgan.engines.batched.numba_loops.trigonometry import sine_cosine

__all__ = ["flip", "flip_angles", "flip_gradients", "unflip"]


@kernel()
def flip_angles(p, flips, slots, own, index, back):
    """The table of a flip ``(4, C w)``: for each class and lane the cosine, the sines of both
    rotations, and 0, to which :func:`unflip` adds the gradient.
    """
    w, first = own.shape[1], flips.numbers[index, FIRST]
    table = np.empty((4, w << flips.numbers[index, N_MASKS]), slots.dtype)
    cosines, minor, sines, of_classes = table[0], table[1], table[2], table[3]
    for number in range(1 << flips.numbers[index, N_MASKS]):
        slot, at = flips.classes[first + number], number * w
        for k in range(at, at + w):
            if slot >= p.n_shared:
                s, c = sine_cosine(own[slot - p.n_shared, k - at], p.trig)
            elif slot >= 0:
                s, c = slots[2, slot], slots[1, slot]
            else:
                break
            cosines[k], sines[k] = c, -s if back else s
            minor[k] = sines[k] if flips.numbers[index, ODD] else -sines[k]
            of_classes[k] = 0
    return table


@kernel()
def flip_gradients(p, flips, table, w, index, of_slots, of_own):
    """Add the gradients of classes and lanes in a table to those of their slots."""
    of_classes = table[3]
    first = flips.numbers[index, FIRST]
    for number in range(1 << flips.numbers[index, N_MASKS]):
        slot, at = flips.classes[first + number], number * w
        if slot >= p.n_shared:
            for k in range(w):
                of_own[slot - p.n_shared, k] += of_classes[at + k]
        elif slot >= 0:
            for k in range(w):
                of_slots[slot] += of_classes[at + k]


@kernel()
def place_of(flips, index, x, w):
    """Where the numbers of the class of a basis state begin, or -1 if it does not turn."""
    number = 0
    for j in range(flips.numbers[index, N_MASKS]):
        if odd_parity(x & flips.masks[flips.numbers[index, MASK] + j]):
            number |= 1 << j
    return number * w if flips.classes[flips.numbers[index, FIRST] + number] >= 0 else -1


@kernel()
def rotate(psi, one, two, w, cosines, sines, at):
    """Turn ``w`` numbers from ``one`` on with those from ``two`` on, each by its own angle."""
    for k in range(w):
        i, j, m = one + k, two + k, at + k
        a, b = psi[i], psi[j]
        psi[i] = cosines[m] * a - sines[m] * b
        psi[j] = sines[m] * a + cosines[m] * b


@kernel()
def flip_slopes(psi, g, one, two, w, of_classes, at, sign):
    """Add the gradients of the angles of one rotation, ``sign <G, J psi>``."""
    for k in range(w):
        i, j = one + k, two + k
        of_classes[at + k] += sign * (g[j] * psi[i] - g[i] * psi[j])


@kernel()
def flip_one(psi, one, two, lines, half, c, m, s):
    """Turn a single lane: both rotations of :func:`flip` where w is 1, without inner loops."""
    for _ in range(lines):
        i, j, u, v = one, one + np.uint64(1), two + half, two + np.uint64(1) - half
        a, b, e, f = psi[i], psi[j], psi[u], psi[v]
        psi[i], psi[u] = c * a - m * e, m * a + c * e
        psi[j], psi[v] = c * b - s * f, s * b + c * f
        one, two = one + np.uint64(2), two + np.uint64(2)


@kernel()
def slope_one(psi, g, one, two, lines, half, sign):
    """The gradient of the angle of a single lane."""
    total = psi.dtype.type(0)
    for _ in range(lines):
        i, j, u, v = one, one + np.uint64(1), two + half, two + np.uint64(1) - half
        total += sign * (g[u] * psi[i] - g[i] * psi[u]) + g[v] * psi[j] - g[j] * psi[v]
        one, two = one + np.uint64(2), two + np.uint64(2)
    return total


@kernel()
def flip(psi, flips, index, w, table):
    """Apply a flip by the angles of its table."""
    cosines, minor, sines = table[0], table[1], table[2]
    numbers = flips.numbers[index]
    partner, top, low = numbers[FLIPS], numbers[TOP], numbers[LOW]
    n, half = np.uint64(w), np.uint64(0 if numbers[ODD] else w)
    for start in range(0, len(psi) // (2 * w), 2 * top):
        for begin in range(start, start + top, low):
            place = place_of(flips, index, begin, w)
            if place < 0:
                continue
            at, one, two = np.uint64(place), np.uint64(2 * w * begin), 2 * w * (begin ^ partner)
            two = np.uint64(two)
            if w == 1:
                c, m, s = cosines[place], minor[place], sines[place]
                flip_one(psi, one, two, low, half, c, m, s)
                continue
            for _ in range(low):
                rotate(psi, one, two + half, n, cosines, minor, at)
                rotate(psi, one + n, two + n - half, n, cosines, sines, at)
                one, two = one + n + n, two + n + n


@kernel()
def unflip(psi, g, flips, index, w, table):
    """Take psi and G back through a flip, by the opposite angles of its table, which takes the
    gradients.
    """
    cosines, minor, sines, of_classes = table[0], table[1], table[2], table[3]
    numbers = flips.numbers[index]
    partner, top, low = numbers[FLIPS], numbers[TOP], numbers[LOW]
    n, half = np.uint64(w), np.uint64(0 if numbers[ODD] else w)
    plus = psi.dtype.type(1)
    sign = plus if numbers[ODD] else -plus
    for start in range(0, len(psi) // (2 * w), 2 * top):
        for begin in range(start, start + top, low):
            place = place_of(flips, index, begin, w)
            if place < 0:
                continue
            at, one, two = np.uint64(place), np.uint64(2 * w * begin), 2 * w * (begin ^ partner)
            two = np.uint64(two)
            if w == 1:
                of_classes[place] += slope_one(psi, g, one, two, low, half, sign)
                c, m, s = cosines[place], minor[place], sines[place]
                for k in range(2):
                    flip_one(g if k else psi, one, two, low, half, c, m, s)
                continue
            for _ in range(low):
                u, v, y, z = one, two + half, one + n, two + n - half
                flip_slopes(psi, g, u, v, n, of_classes, at, sign)
                flip_slopes(psi, g, y, z, n, of_classes, at, plus)
                for k in range(2):
                    state = g if k else psi
                    rotate(state, u, v, n, cosines, minor, at)
                    rotate(state, y, z, n, cosines, sines, at)
                one, two = one + n + n, two + n + n
