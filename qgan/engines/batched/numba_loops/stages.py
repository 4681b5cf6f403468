"""The turn and the phase of a stage, on a whole chunk or on one tile of it; or what stands alone.

:class:`qgan.engines.batched.numba_loops.program.Program` says what ``p`` and the numbers of a stage
are, and :mod:`qgan.engines.batched.numba_loops.lanes` how states stand in memory. A part that a
plan has nothing of is None, and numba leaves out what works on it: each of these conditions comes
first in an ``if``, where numba sees it.
"""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.fixed import apply_fixed
from qgan.engines.batched.numba_loops.flips import flip, flip_angles, flip_gradients, unflip
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
    DIAGONAL,
    FIXED,
    FLIP,
    OWN_PHASE,
    OWN_TURN,
    PHASE,
    PHASE_STOP,
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

__all__ = [
    "alone",
    "own_turn",
    "phases",
    "shared_diagonal",
    "turns",
    "unalone",
    "unphases",
    "unturns",
]


@kernel()
def own_turn(own, slot, back, cosines, sines, trig):
    """Write cosines and sines ``(2 w,)`` of each lane's half angle, or of its opposite if ``back``.

    The second half repeats the first, for the imaginary parts.
    """
    w = own.shape[1]
    for k in range(w):
        sines[k], cosines[k] = sine_cosine(-own[slot, k] if back else own[slot, k], trig)
    for k in range(w):
        cosines[w + k] = cosines[k]
        sines[w + k] = sines[k]


@kernel()
def turns(state, p, slots, own, stage, low, high, of_zero, cosines, sines):
    """Turn the wires whose bits are from ``low`` to below ``high``, two at once where possible.

    Where the state is ``|0..0>`` the last wire is first, and only few lines are not zero yet.
    """
    width = 2 * own.shape[1]
    slot, stop = stage[TURN], stage[TURN_STOP]
    while slot < stop:
        bit = p.bits[slot]
        if low <= bit < high:
            psi = state[: 2 * bit * width] if of_zero else state
            if stage[OWN_TURN]:
                own_turn(own, slot - p.n_shared, False, cosines, sines, p.trig)
                turn_lanes(psi, bit * width, cosines, sines)
            elif not of_zero and slot + 1 < stop and p.bits[slot + 1] == 2 * bit < high:
                c, s, d, t = slots[1, slot], slots[2, slot], slots[1, slot + 1], slots[2, slot + 1]
                turn_two(psi, bit * width, c, s, d, t)
                slot += 1
            else:
                turn(psi, bit * width, slots[1, slot], slots[2, slot])
        slot += 1


@kernel()
def unturns(psi, g, p, slots, own, stage, low, high, cosines, sines, of_slots, of_own):
    """Take psi and G back through these turns, and add the gradients of their slots."""
    width = 2 * own.shape[1]
    for slot in range(stage[TURN], stage[TURN_STOP]):
        half = p.bits[slot] * width
        if low <= p.bits[slot] < high:
            if stage[OWN_TURN]:
                place = slot - p.n_shared
                own_turn(own, place, True, cosines, sines, p.trig)
                turn_gradient(psi, g, half, of_own[place])
                for k in range(2):
                    turn_lanes(g if k else psi, half, cosines, sines)
            else:
                of_slots[slot] += unturn(psi, g, half, slots[1, slot], slots[2, slot])


@kernel()
def shared_diagonal(p, slots, diagonals, stage, tile, scratch, size):
    """Cosines and sines of a shared phase on one tile: from the table, or made in ``scratch``."""
    c, s = scratch[0, :size], scratch[1, :size]
    if len(diagonals):
        c = diagonals[stage[DIAGONAL], 0, tile * size : (tile + 1) * size]
        s = diagonals[stage[DIAGONAL], 1, tile * size : (tile + 1) * size]
    else:
        diagonal(c, s, p, slots, stage[PHASE], stage[PHASE_STOP], tile)
    return c, s


@kernel()
def phases(psi, p, slots, diagonals, own, stage, tile, scratch):
    """Apply the phase of a stage to one tile, ``psi``; ``scratch (2, size w)`` is overwritten."""
    w = own.shape[1]
    size = len(psi) // (2 * w)
    first, stop = stage[PHASE], stage[PHASE_STOP]
    if stage[OWN_PHASE]:
        own_diagonal(scratch[0], scratch[1], p, own, first, stop, tile, False)
        phase_lanes(psi, w, scratch[0], scratch[1])
    if diagonals is not None and stage[DIAGONAL] >= 0:
        c, s = shared_diagonal(p, slots, diagonals, stage, tile, scratch, size)
        if w == 1:
            phase_one(psi, c, s)
        else:
            phase(psi, w, c, s)


@kernel()
def unphases(psi, g, p, slots, diagonals, own, stage, tile, scratch, of_slots, of_own):
    """Take one tile of psi and G back through the phase, and add the gradients of its slots.

    ``scratch (3, size w)`` is overwritten.
    """
    w = own.shape[1]
    size = len(psi) // (2 * w)
    first, stop = stage[PHASE], stage[PHASE_STOP]
    if stage[OWN_PHASE]:
        own_diagonal(scratch[0], scratch[1], p, own, first, stop, tile, True)
        phase_gradient(psi, g, w, scratch[2])
        own_diagonal_gradient(scratch[2], p, of_own, first, stop, tile)
        for k in range(2):
            phase_lanes(g if k else psi, w, scratch[0], scratch[1])
    if diagonals is not None and stage[DIAGONAL] >= 0:
        c, s = shared_diagonal(p, slots, diagonals, stage, tile, scratch, size)
        of_phases = scratch[2, :size]
        if w == 1:
            unphase_one(psi, g, c, s, of_phases)
        else:
            unphase(psi, g, w, c, s, of_phases)
        diagonal_gradient(of_phases, p, of_slots, first, stop, tile)


@kernel()
def alone(psi, p, fixed, flips, slots, own, stage):
    """Apply a stage that is a fixed matrix or a flip; False if it is a turn and a phase."""
    w = own.shape[1]
    if fixed is not None and stage[FIXED] >= 0:
        apply_fixed(psi, w, fixed, stage[FIXED], False)
        return True
    if flips is not None and stage[FLIP] >= 0:
        table = flip_angles(p, flips, slots, own, stage[FLIP], False)
        flip(psi, flips, stage[FLIP], w, table)
        return True
    return False


@kernel()
def unalone(psi, g, p, fixed, flips, slots, own, stage, of_slots, of_own):
    """Take psi and G back through a stage that is a fixed matrix or a flip; else False."""
    w = own.shape[1]
    if fixed is not None and stage[FIXED] >= 0:
        for k in range(2):
            apply_fixed(g if k else psi, w, fixed, stage[FIXED], True)
        return True
    if flips is not None and stage[FLIP] >= 0:
        table = flip_angles(p, flips, slots, own, stage[FLIP], True)
        unflip(psi, g, flips, stage[FLIP], w, table)
        flip_gradients(p, flips, table, w, stage[FLIP], of_slots, of_own)
        return True
    return False
