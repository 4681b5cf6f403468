"""Turns: RY on one wire or on two, applied to the lanes of a chunk.

:mod:`qgan.engines.batched.numba_loops.lanes` says how states stand in memory: the amplitudes that a
turn mixes are ``half`` numbers apart. ``c`` and ``s`` are cosine and sine of half the angle.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel

__all__ = ["turn", "turn_gradient", "turn_lanes", "turn_two", "unturn"]


@kernel()
def turn(psi, half, c, s):
    """Apply RY with one angle for all lanes."""
    for at in range(0, len(psi), 2 * half):
        zero, one = psi[at : at + half], psi[at + half : at + 2 * half]
        for i in range(half):
            a, b = zero[i], one[i]
            zero[i] = c * a - s * b
            one[i] = s * a + c * b


@kernel()
def turn_two(psi, half, c, s, d, t):
    """Apply RY on two wires, ``half`` and ``2 half`` apart: each number is read once for both."""
    for at in range(0, len(psi), 4 * half):
        p, q = psi[at : at + half], psi[at + half : at + 2 * half]
        u, v = psi[at + 2 * half : at + 3 * half], psi[at + 3 * half : at + 4 * half]
        for i in range(half):
            a, b = c * p[i] - s * q[i], s * p[i] + c * q[i]
            e, f = c * u[i] - s * v[i], s * u[i] + c * v[i]
            p[i], u[i] = d * a - t * e, t * a + d * e
            q[i], v[i] = d * b - t * f, t * b + d * f


@kernel()
def unturn(psi, g, half, c, s):
    """Take psi and G back through a turn; return the gradient of its half angle, ``<G, J psi>``."""
    total, distance = psi.dtype.type(0), np.uint64(half)
    for at in range(0, len(psi), 2 * half):
        part, first = psi.dtype.type(0), np.uint64(at)
        for k in range(distance):
            i = first + k
            j = i + distance
            a, b, e, f = psi[i], psi[j], g[i], g[j]
            part += f * a - e * b
            psi[i], psi[j] = c * a + s * b, c * b - s * a
            g[i], g[j] = c * e + s * f, c * f - s * e
        total += part
    return total


@kernel()
def turn_lanes(psi, half, cosines, sines):
    """Apply RY with an angle for each lane; cosines and sines ``(2 w,)`` repeat for both parts."""
    width = len(cosines)
    for first in range(0, len(psi), 2 * half):
        for line in range(first, first + half, width):
            zero, one = psi[line : line + width], psi[line + half : line + half + width]
            for i in range(width):
                a, b = zero[i], one[i]
                zero[i] = cosines[i] * a - sines[i] * b
                one[i] = sines[i] * a + cosines[i] * b


@kernel()
def turn_gradient(psi, g, half, gradient):
    """Add the gradient of the half angle of each lane, ``(2 w,)``: two halves, to be added up."""
    width = len(gradient)
    for first in range(0, len(psi), 2 * half):
        for line in range(first, first + half, width):
            zero, one = psi[line : line + width], psi[line + half : line + half + width]
            g_zero, g_one = g[line : line + width], g[line + half : line + half + width]
            for i in range(width):
                gradient[i] += g_one[i] * zero[i] - g_zero[i] * one[i]
