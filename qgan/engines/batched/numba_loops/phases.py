"""Phases: diagonals of slots of products of Z, on a few states at once.

``phi(x) = sum_T v_T (-1)^popcount(x & T)`` over the products T of a row, on one block of basis
states at a time: the bits that its states share give each term a sign, a Walsh-Hadamard transform
does the others. :mod:`qgan.engines.batched.numba_loops.lanes` says how states stand in memory.
"""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.transform import odd_parity, transform
from qgan.engines.batched.numba_loops.trigonometry import sine_cosine


@kernel()
def diagonal(cosines, sines, p, slots, first, stop, block):
    """Cosine and sine of the phases of slots ``first`` to ``stop`` on one block, ``(size,)``."""
    size = len(cosines)
    for x in range(size):
        cosines[x] = 0
    for slot in range(first, stop):
        value = slots[0, slot]
        sign = odd_parity(p.bits[slot] & (block * size))
        cosines[p.bits[slot] & (size - 1)] += -value if sign else value
    transform(cosines, 1)
    for x in range(size):
        sines[x], cosines[x] = sine_cosine(cosines[x], p.trig)


@kernel()
def diagonal_gradient(found, p, of_slots, first, stop, block):
    """Add to slots what their phases on one block gather; overwrites ``found (size,)``."""
    size = len(found)
    transform(found, 1)
    for slot in range(first, stop):
        value = found[p.bits[slot] & (size - 1)]
        of_slots[slot] += -value if odd_parity(p.bits[slot] & (block * size)) else value


@kernel()
def own_diagonal(cosines, sines, p, own, first, stop, block, back):
    """The same, forth or back, of slots a lane ``(own slots, w)``: ``(size w,)``."""
    w = own.shape[1]
    size = len(cosines) // w
    for i in range(len(cosines)):
        cosines[i] = 0
    for slot in range(first, stop):
        at = (p.bits[slot] & (size - 1)) * w
        sign = odd_parity(p.bits[slot] & (block * size)) != back
        for k in range(w):
            value = own[slot - p.n_shared, k]
            cosines[at + k] += -value if sign else value
    transform(cosines, w)
    for i in range(len(cosines)):
        sines[i], cosines[i] = sine_cosine(cosines[i], p.trig)


@kernel()
def own_diagonal_gradient(found, p, of_own, first, stop, block):
    """The same for slots a lane, ``of_own (own slots, 2 w)``: in its first half."""
    w = of_own.shape[1] // 2
    size = len(found) // w
    transform(found, w)
    for slot in range(first, stop):
        at = (p.bits[slot] & (size - 1)) * w
        sign = odd_parity(p.bits[slot] & (block * size))
        for k in range(w):
            of_own[slot - p.n_shared, k] += -found[at + k] if sign else found[at + k]


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
