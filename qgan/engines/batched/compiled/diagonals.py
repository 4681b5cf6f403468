"""Diagonals of a program: from slots of products of Z to phases of basis states, and back.

``phi(x) = sum_T v_T (-1)^popcount(x & T)`` over the products T of a row, on one block of basis
states at a time: the bits that its states share give each term a sign, a Walsh-Hadamard transform
does the others.
"""

from __future__ import annotations

from qgan.engines.batched.compiled.compiling import kernel
from qgan.engines.batched.compiled.transform import odd_parity, transform
from qgan.engines.batched.compiled.trigonometry import sine_cosine


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
