"""The turns and the phase of a stage, on all rows of a state or on a block of them.

:class:`qgan.engines.batched.numba_loops.program.Program` says what ``p`` and a row of its stages
hold, :mod:`qgan.engines.batched.numba_loops.lanes` how states stand in memory.
"""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.phases import (
    diagonal,
    diagonal_gradient,
    own_diagonal,
    own_diagonal_gradient,
    phase,
    phase_gradient,
    phase_lanes,
    phase_one,
    unphase,
    unphase_one,
)
from qgan.engines.batched.numba_loops.program import (
    OWN_PHASE,
    OWN_TURN,
    PHASE,
    PHASE_STOP,
    ROW,
    TURN,
    TURN_STOP,
)
from qgan.engines.batched.numba_loops.trigonometry import sine_cosine
from qgan.engines.batched.numba_loops.turns import (
    turn,
    turn_gradient,
    turn_lanes,
    turn_two,
    unturn,
)


@kernel()
def own_turn(own, row, back, cosines, sines, trig):
    """Cosines and sines of half angles, forth or back, for real and for imaginary parts."""
    w = own.shape[1]
    for k in range(w):
        sines[k], cosines[k] = sine_cosine(-own[row, k] if back else own[row, k], trig)
    for k in range(w):
        cosines[w + k] = cosines[k]
        sines[w + k] = sines[k]


@kernel()
def turns(psi, p, slots, own, stage, low, high, cosines, sines):
    """Turn the wires whose bits are from ``low`` to below ``high``, two at once where they can."""
    width = 2 * own.shape[1]
    slot, stop = stage[TURN], stage[TURN_STOP]
    while slot < stop:
        bit = p.bits[slot]
        if low <= bit < high:
            if stage[OWN_TURN]:
                own_turn(own, slot - p.n_shared, False, cosines, sines, p.trig)
                turn_lanes(psi, bit * width, cosines, sines)
            elif slot + 1 < stop and p.bits[slot + 1] == 2 * bit and 2 * bit < high:
                c, s, d, t = slots[1, slot], slots[2, slot], slots[1, slot + 1], slots[2, slot + 1]
                turn_two(psi, bit * width, c, s, d, t)
                slot += 1
            else:
                turn(psi, bit * width, slots[1, slot], slots[2, slot])
        slot += 1


@kernel()
def unturns(psi, g, p, slots, own, stage, low, high, cosines, sines, of_slots, of_own):
    """Lead psi and G back before them, and add their gradients."""
    width = 2 * own.shape[1]
    for slot in range(stage[TURN], stage[TURN_STOP]):
        half = p.bits[slot] * width
        if low <= p.bits[slot] < high:
            if stage[OWN_TURN]:
                row = slot - p.n_shared
                own_turn(own, row, True, cosines, sines, p.trig)
                turn_gradient(psi, g, half, of_own[row])
                turn_lanes(psi, half, cosines, sines)
                turn_lanes(g, half, cosines, sines)
            else:
                of_slots[slot] += unturn(psi, g, half, slots[1, slot], slots[2, slot])


@kernel()
def shared_diagonal(p, slots, diagonals, stage, block, wide, size):
    """Cosines and sines of a phase that all samples share on one block: kept, or made anew."""
    c, s = wide[0, :size], wide[1, :size]
    if len(diagonals):
        c = diagonals[stage[ROW], 0, block * size : (block + 1) * size]
        s = diagonals[stage[ROW], 1, block * size : (block + 1) * size]
    else:
        diagonal(c, s, p, slots, stage[PHASE], stage[PHASE_STOP], block)
    return c, s


@kernel()
def phases(piece, p, slots, diagonals, own, stage, block, wide):
    """The phase of a stage on one block; ``wide (2, rows w)`` is written over."""
    w = own.shape[1]
    size = len(piece) // (2 * w)
    first, stop = stage[PHASE], stage[PHASE_STOP]
    if stage[OWN_PHASE]:
        own_diagonal(wide[0], wide[1], p, own, first, stop, block, False)
        phase_lanes(piece, w, wide[0], wide[1])
    elif stage[ROW] >= 0:
        c, s = shared_diagonal(p, slots, diagonals, stage, block, wide, size)
        if w == 1:
            phase_one(piece, c, s)
        else:
            phase(piece, w, c, s)


@kernel()
def unphases(piece, g, p, slots, diagonals, own, stage, block, wide, of_slots, of_own):
    """Lead psi and G back before it, and add its gradients; ``wide (3, rows w)``."""
    w = own.shape[1]
    size = len(piece) // (2 * w)
    first, stop = stage[PHASE], stage[PHASE_STOP]
    if stage[OWN_PHASE]:
        own_diagonal(wide[0], wide[1], p, own, first, stop, block, True)
        phase_gradient(piece, g, w, wide[2])
        own_diagonal_gradient(wide[2], p, of_own, first, stop, block)
        phase_lanes(piece, w, wide[0], wide[1])
        phase_lanes(g, w, wide[0], wide[1])
    elif stage[ROW] >= 0:
        c, s = shared_diagonal(p, slots, diagonals, stage, block, wide, size)
        found = wide[2, :size]
        if w == 1:
            unphase_one(piece, g, c, s, found)
        else:
            unphase(piece, g, w, c, s, found)
        diagonal_gradient(found, p, of_slots, first, stop, block)
