"""Kernels: what compiled code does to a few states at once, gate by gate.

States of ``w`` lanes (samples, or columns of their factors) stand as one real array of ``2**n``
rows of ``2 w`` numbers: the real parts of all lanes, then the imaginary ones. A gate then runs over
long rows of neighbours, whatever its wire, and the processor takes eight or sixteen at a time.

A loop meets four rows or so and no more: of more, the compiler does not check that none of them
overlap, and takes numbers one by one.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.compiled.compiling import kernel

ROWS_AT_ONCE = 8  # of a transposition, so that what it writes stays in the nearest cache


@kernel()
def load_lanes(psi, w, source, first):
    """Lanes ``first`` to ``first + w`` of ``(B, 2**n, r, 2)`` into rows."""
    rows, columns = source.shape[1], source.shape[2]
    for begun in range(0, rows, ROWS_AT_ONCE):
        stop = min(rows, begun + ROWS_AT_ONCE)
        for k in range(w):
            sample, column = divmod(first + k, columns)
            for x in range(begun, stop):
                psi[2 * w * x + k] = source[sample, x, column, 0]
                psi[2 * w * x + w + k] = source[sample, x, column, 1]


@kernel()
def store_lanes(psi, w, target, first):
    """The way back."""
    rows, columns = target.shape[1], target.shape[2]
    for begun in range(0, rows, ROWS_AT_ONCE):
        stop = min(rows, begun + ROWS_AT_ONCE)
        for k in range(w):
            sample, column = divmod(first + k, columns)
            for x in range(begun, stop):
                target[sample, x, column, 0] = psi[2 * w * x + k]
                target[sample, x, column, 1] = psi[2 * w * x + w + k]


@kernel()
def turn(psi, half, c, s):
    """RY with one angle for all lanes; ``half`` numbers apart stand the wire's 0 and 1."""
    for at in range(0, len(psi), 2 * half):
        zero, one = psi[at : at + half], psi[at + half : at + 2 * half]
        for i in range(half):
            a, b = zero[i], one[i]
            zero[i] = c * a - s * b
            one[i] = s * a + c * b


@kernel()
def turn_two(psi, half, c, s, d, t):
    """RY on two wires, ``half`` and ``2 half`` apart: each number is read once for both."""
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
    """Lead psi and G back before a turn; the gradient of its half angle, ``<G, J psi>``."""
    found, far = psi.dtype.type(0), np.uint64(half)
    for at in range(0, len(psi), 2 * half):
        part, first = psi.dtype.type(0), np.uint64(at)
        for k in range(far):
            i = first + k
            j = i + far
            a, b, e, f = psi[i], psi[j], g[i], g[j]
            part += f * a - e * b
            psi[i], psi[j] = c * a + s * b, c * b - s * a
            g[i], g[j] = c * e + s * f, c * f - s * e
        found += part
    return found


@kernel()
def turn_lanes(psi, half, cosines, sines):
    """RY with an angle a lane: cosines and sines ``(2 w,)``, for real and imaginary parts."""
    width = len(cosines)
    for first in range(0, len(psi), 2 * half):
        for row in range(first, first + half, width):
            zero, one = psi[row : row + width], psi[row + half : row + half + width]
            for i in range(width):
                a, b = zero[i], one[i]
                zero[i] = cosines[i] * a - sines[i] * b
                one[i] = sines[i] * a + cosines[i] * b


@kernel()
def turn_gradient(psi, g, half, found):
    """Add the gradient of a turn's half angles a lane, ``(2 w,)`` in two halves."""
    width = len(found)
    for first in range(0, len(psi), 2 * half):
        for row in range(first, first + half, width):
            zero, one = psi[row : row + width], psi[row + half : row + half + width]
            g_zero, g_one = g[row : row + width], g[row + half : row + half + width]
            for i in range(width):
                found[i] += g_one[i] * zero[i] - g_zero[i] * one[i]


@kernel()
def phase(psi, w, cosines, sines):
    """A diagonal ``exp(i phi(x))`` for all lanes."""
    for x in range(len(cosines)):
        c, s = cosines[x], sines[x]
        real, imag = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
        for k in range(w):
            a, b = real[k], imag[k]
            real[k] = c * a - s * b
            imag[k] = c * b + s * a


@kernel()
def unphase(psi, g, w, cosines, sines, found):
    """Lead psi and G back before a diagonal; its gradient, ``Im(G conj(psi))`` at each x."""
    for x in range(len(cosines)):
        c, s = cosines[x], sines[x]
        real, imag = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
        g_real, g_imag = g[2 * w * x : 2 * w * x + w], g[2 * w * x + w : 2 * w * (x + 1)]
        part = psi.dtype.type(0)
        for k in range(w):
            a, b, e, f = real[k], imag[k], g_real[k], g_imag[k]
            part += f * a - e * b
            real[k], imag[k] = c * a + s * b, c * b - s * a
            g_real[k], g_imag[k] = c * e + s * f, c * f - s * e
        found[x] = part


@kernel()
def phase_one(psi, cosines, sines):
    """The same for one lane, whose rows are single numbers."""
    for x in range(len(cosines)):
        a, b, c, s = psi[2 * x], psi[2 * x + 1], cosines[x], sines[x]
        psi[2 * x] = c * a - s * b
        psi[2 * x + 1] = c * b + s * a


@kernel()
def unphase_one(psi, g, cosines, sines, found):
    """The same back."""
    for x in range(len(cosines)):
        a, b, c, s = psi[2 * x], psi[2 * x + 1], cosines[x], sines[x]
        e, f = g[2 * x], g[2 * x + 1]
        found[x] = f * a - e * b
        psi[2 * x], psi[2 * x + 1] = c * a + s * b, c * b - s * a
        g[2 * x], g[2 * x + 1] = c * e + s * f, c * f - s * e


@kernel()
def phase_lanes(psi, w, cosines, sines):
    """A diagonal a lane: cosines and sines ``(rows w,)``."""
    for row in range(0, len(cosines), w):
        c, s = cosines[row : row + w], sines[row : row + w]
        real, imag = psi[2 * row : 2 * row + w], psi[2 * row + w : 2 * (row + w)]
        for k in range(w):
            a, b = real[k], imag[k]
            real[k] = c[k] * a - s[k] * b
            imag[k] = c[k] * b + s[k] * a


@kernel()
def phase_gradient(psi, g, w, found):
    """``Im(G conj(psi))`` at each x and lane, ``(rows w,)``."""
    for row in range(0, len(found), w):
        real, imag = psi[2 * row : 2 * row + w], psi[2 * row + w : 2 * (row + w)]
        g_real, g_imag = g[2 * row : 2 * row + w], g[2 * row + w : 2 * (row + w)]
        part = found[row : row + w]
        for k in range(w):
            part[k] = g_imag[k] * real[k] - g_real[k] * imag[k]


@kernel()
def apply_fixed(psi, w, p, index, adjoint):
    """A fixed matrix of the program, or its adjoint."""
    begun, size, at = p.fixed[index, 0], p.fixed[index, 1], p.fixed[index, 2]
    width = 2 * w
    before = np.empty((size, width), psi.dtype)
    mask = p.offsets[begun + size - 1]
    for x in range(len(psi) // width):
        if x & mask:
            continue
        for i in range(size):
            row = (x + p.offsets[begun + i]) * width
            for k in range(width):
                before[i, k] = psi[row + k]
                psi[row + k] = 0
        for i in range(size):
            row = (x + p.offsets[begun + i]) * width
            for j in range(size):
                entry = at + (j * size + i if adjoint else i * size + j)
                c, s = p.matrices[entry], p.matrices[entry + size * size]
                s = -s if adjoint else s
                for k in range(w):
                    psi[row + k] += c * before[j, k] - s * before[j, w + k]
                    psi[row + w + k] += c * before[j, w + k] + s * before[j, k]
