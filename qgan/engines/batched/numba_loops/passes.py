"""The passes through a program: states forward, then states and gradients back.

:mod:`qgan.engines.batched.numba_loops.lanes` tells how states stand in memory, and
:class:`qgan.engines.batched.numba_loops.program.Program` what ``p`` holds. A stage turns the wires
whose pairs lie far apart first, then goes through blocks of rows: their other wires and their
phase, while a block is in the nearest cache. Backward it is the other way about.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.fixed import apply_fixed
from qgan.engines.batched.numba_loops.lanes import load_lanes, store_lanes
from qgan.engines.batched.numba_loops.observables import pull_expectations, read_expectations
from qgan.engines.batched.numba_loops.program import FIXED, TURN, TURN_STOP
from qgan.engines.batched.numba_loops.slots import own_gradients, own_slots
from qgan.engines.batched.numba_loops.stages import phases, turns, unphases, unturns

BLOCK_BYTES = 2**15  # of states that are worked on together, in the nearest cache


@kernel()
def block_rows(p, w, item_size):
    """Rows of a block: as many as the nearest cache holds."""
    rows = 1
    while rows < 1 << p.n and rows * 4 * w * item_size <= BLOCK_BYTES:
        rows *= 2
    return rows


@kernel()
def begin(psi, w, start, first):
    """Lanes of ``start``, or |0..0> where it is empty."""
    if len(start):
        load_lanes(psi, w, start, first)
    else:
        for k in range(len(psi)):
            psi[k] = 1 if k < w else 0


@kernel()
def turns_of_zero(psi, p, slots, own, stage, cosines, sines):
    """The turns of |0..0>, the last wire first: of each only few rows are not zero yet."""
    for slot in range(stage[TURN], stage[TURN_STOP]):
        bit = p.bits[slot]
        few = psi[: bit * 4 * own.shape[1]]
        turns(few, p, slots, own, stage, bit, bit + 1, cosines, sines)


@kernel(whole=True)
def forward(p, slots, diagonals, inputs, start, columns, final, kept, words, values, bounds):
    """From ``start`` (``|0..0>`` where it is empty) to the end, or to expectation values of words.

    Chunk i holds the lanes ``bounds[i]`` to ``bounds[i + 1]``. ``final (B, 2**n, r, 2)`` takes the
    states, or ``kept`` keeps them as they are and ``values (lanes, K)`` takes what the words read:
    whichever is not empty.
    """
    rows = 1 << p.n
    for chunk in range(len(bounds) - 1):
        first, w = bounds[chunk], bounds[chunk + 1] - bounds[chunk]
        size = block_rows(p, w, slots.itemsize)
        if len(kept):
            psi = kept[first * 2 * rows : (first + w) * 2 * rows]
        else:
            psi = np.empty(rows * 2 * w, slots.dtype)
        own = own_slots(p, slots, inputs, columns, first, w)
        cosines, sines = np.empty(2 * w, slots.dtype), np.empty(2 * w, slots.dtype)
        wide = np.empty((2, size * w), slots.dtype)
        begin(psi, w, start, first)
        for i in range(len(p.stages)):
            stage = p.stages[i]
            if stage[FIXED] >= 0:
                apply_fixed(psi, w, p, stage[FIXED], False)
                continue
            of_zero = i == 0 and len(start) == 0
            if of_zero:
                turns_of_zero(psi, p, slots, own, stage, cosines, sines)
            else:
                turns(psi, p, slots, own, stage, size, rows, cosines, sines)
            for block in range(rows // size):
                piece = psi[block * size * 2 * w : (block + 1) * size * 2 * w]
                if not of_zero:
                    turns(piece, p, slots, own, stage, 0, size, cosines, sines)
                phases(piece, p, slots, diagonals, own, stage, block, wide)
        if len(final):
            store_lanes(psi, w, final, first)
        if len(values):
            read_expectations(psi, w, words, values, first)


@kernel(whole=True)
def adjoint(
    p, slots, diagonals, inputs, columns, final, gradient, kept, words, of_values,
    of_start, of_slots, of_inputs, bounds,
):  # fmt: skip
    """From the end to the start, with the gradients of all slots, ``(chunks, slots)`` of zeros.

    Begins with ``final`` and its gradient, or with ``kept`` and the gradient of values ``(B, K)``:
    whichever is not empty.
    """
    rows = 1 << p.n
    for chunk in range(len(bounds) - 1):
        first, w = bounds[chunk], bounds[chunk + 1] - bounds[chunk]
        size, of_shared = block_rows(p, 2 * w, slots.itemsize), of_slots[chunk]
        psi, g = np.empty(rows * 2 * w, slots.dtype), np.empty(rows * 2 * w, slots.dtype)
        own = own_slots(p, slots, inputs, columns, first, w)
        of_own = np.zeros((len(own), 2 * w), slots.dtype)
        cosines, sines = np.empty(2 * w, slots.dtype), np.empty(2 * w, slots.dtype)
        wide = np.empty((3, size * w), slots.dtype)
        if len(final):
            load_lanes(psi, w, final, first)
            load_lanes(g, w, gradient, first)
        else:
            for k in range(len(psi)):
                psi[k] = kept[first * 2 * rows + k]
            pull_expectations(psi, g, w, words, of_values, columns, first)
        for i in range(len(p.stages) - 1, -1, -1):
            stage = p.stages[i]
            if stage[FIXED] >= 0:
                apply_fixed(psi, w, p, stage[FIXED], True)
                apply_fixed(g, w, p, stage[FIXED], True)
                continue
            for block in range(rows // size):
                piece = psi[block * size * 2 * w : (block + 1) * size * 2 * w]
                g_piece = g[block * size * 2 * w : (block + 1) * size * 2 * w]
                unphases(
                    piece, g_piece, p, slots, diagonals, own, stage, block, wide, of_shared, of_own
                )
                unturns(
                    piece, g_piece, p, slots, own, stage, 0, size, cosines, sines, of_shared, of_own
                )
            unturns(psi, g, p, slots, own, stage, size, rows, cosines, sines, of_shared, of_own)
        own_gradients(p, of_own, of_shared, of_inputs, first)
        if len(of_start):
            store_lanes(g, w, of_start, first)
