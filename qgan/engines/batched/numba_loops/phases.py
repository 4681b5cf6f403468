"""Phases: diagonals ``exp(i phi(x))``, made of the slots of products of Z and applied to lanes.

``phi(x) = sum_T v_T (-1)^popcount(x & T)`` over the products T of a row. It is computed for one
tile of basis states at a time: the bits that all of its states share give each product a sign, and
a Walsh-Hadamard transform does the other bits. :mod:`qgan.engines.batched.numba_loops.lanes` says
how states stand in memory.
"""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.transform import odd_parity, transform
from qgan.engines.batched.numba_loops.trigonometry import sine_cosine

__all__ = [
    "diagonal",
    "diagonal_gradient",
    "own_diagonal",
    "own_diagonal_gradient",
    "phase",
    "phase_gradient",
    "phase_lanes",
    "phase_one",
    "unphase",
    "unphase_one",
]


@kernel()
def diagonal(cosines, sines, p, slots, first, stop, tile):
    """Write cosine and sine of the phases of slots ``first`` to ``stop`` on a tile, ``(size,)``."""
    size = len(cosines)
    for x in range(size):
        cosines[x] = 0
    for slot in range(first, stop):
        value = slots[0, slot]
        sign = odd_parity(p.bits[slot] & (tile * size))
        cosines[p.bits[slot] & (size - 1)] += -value if sign else value
    transform(cosines, 1)
    for x in range(size):
        sines[x], cosines[x] = sine_cosine(cosines[x], p.trig)


@kernel()
def diagonal_gradient(of_phases, p, of_slots, first, stop, tile):
    """Add to the gradients of slots what those of the phases on a tile, ``(size,)``, give them.

    ``of_phases`` is overwritten.
    """
    size = len(of_phases)
    transform(of_phases, 1)
    for slot in range(first, stop):
        value = of_phases[p.bits[slot] & (size - 1)]
        of_slots[slot] += -value if odd_parity(p.bits[slot] & (tile * size)) else value


@kernel()
def own_diagonal(cosines, sines, p, own, first, stop, tile, back):
    """Write cosine and sine of the phases on a tile where each lane has its own, ``(size w,)``.

    ``own (own slots, w)`` holds the slots of each lane; ``back`` asks for the inverse phases.
    """
    w = own.shape[1]
    size = len(cosines) // w
    for i in range(len(cosines)):
        cosines[i] = 0
    for slot in range(first, stop):
        at = (p.bits[slot] & (size - 1)) * w
        sign = odd_parity(p.bits[slot] & (tile * size)) != back
        for k in range(w):
            value = own[slot - p.n_shared, k]
            cosines[at + k] += -value if sign else value
    transform(cosines, w)
    for i in range(len(cosines)):
        sines[i], cosines[i] = sine_cosine(cosines[i], p.trig)


@kernel()
def own_diagonal_gradient(of_phases, p, of_own, first, stop, tile):
    """Add to the gradients of the slots of lanes what those of their phases on a tile give them.

    ``of_phases (size w,)`` is overwritten; of ``of_own (own slots, 2 w)`` the first half is used.
    """
    w = of_own.shape[1] // 2
    size = len(of_phases) // w
    transform(of_phases, w)
    for slot in range(first, stop):
        at = (p.bits[slot] & (size - 1)) * w
        sign = odd_parity(p.bits[slot] & (tile * size))
        for k in range(w):
            of_own[slot - p.n_shared, k] += -of_phases[at + k] if sign else of_phases[at + k]


@kernel()
def phase(psi, w, cosines, sines):
    """Apply one diagonal to all lanes."""
    for x in range(len(cosines)):
        c, s = cosines[x], sines[x]
        real, imag = psi[2 * w * x : 2 * w * x + w], psi[2 * w * x + w : 2 * w * (x + 1)]
        for k in range(w):
            a, b = real[k], imag[k]
            real[k] = c * a - s * b
            imag[k] = c * b + s * a


@kernel()
def unphase(psi, g, w, cosines, sines, of_phases):
    """Take psi and G back through one diagonal.

    The gradient of its phases, ``Im(G conj(psi))`` at each x, is written to ``of_phases``.
    """
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
        of_phases[x] = part


@kernel()
def phase_one(psi, cosines, sines):
    """Apply a diagonal to a single lane: :func:`phase` where w is 1, without inner loops."""
    for x in range(len(cosines)):
        a, b, c, s = psi[2 * x], psi[2 * x + 1], cosines[x], sines[x]
        psi[2 * x] = c * a - s * b
        psi[2 * x + 1] = c * b + s * a


@kernel()
def unphase_one(psi, g, cosines, sines, of_phases):
    """Take a single lane back through a diagonal: :func:`unphase` where w is 1."""
    for x in range(len(cosines)):
        a, b, c, s = psi[2 * x], psi[2 * x + 1], cosines[x], sines[x]
        e, f = g[2 * x], g[2 * x + 1]
        of_phases[x] = f * a - e * b
        psi[2 * x], psi[2 * x + 1] = c * a + s * b, c * b - s * a
        g[2 * x], g[2 * x + 1] = c * e + s * f, c * f - s * e


@kernel()
def phase_lanes(psi, w, cosines, sines):
    """Apply to each lane a diagonal of its own: cosines and sines ``(size w,)``."""
    for line in range(0, len(cosines), w):
        c, s = cosines[line : line + w], sines[line : line + w]
        real, imag = psi[2 * line : 2 * line + w], psi[2 * line + w : 2 * (line + w)]
        for k in range(w):
            a, b = real[k], imag[k]
            real[k] = c[k] * a - s[k] * b
            imag[k] = c[k] * b + s[k] * a


@kernel()
def phase_gradient(psi, g, w, of_phases):
    """Write the gradient of each lane's phases, ``Im(G conj(psi))`` at each x, ``(size w,)``."""
    for line in range(0, len(of_phases), w):
        real, imag = psi[2 * line : 2 * line + w], psi[2 * line + w : 2 * (line + w)]
        g_real, g_imag = g[2 * line : 2 * line + w], g[2 * line + w : 2 * (line + w)]
        part = of_phases[line : line + w]
        for k in range(w):
            part[k] = g_imag[k] * real[k] - g_real[k] * imag[k]
