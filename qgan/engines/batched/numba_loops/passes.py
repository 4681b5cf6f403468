"""The passes through a program: states forwards, then states and gradients back.

:mod:`qgan.engines.batched.numba_loops.lanes` says how states stand in memory, and
:class:`qgan.engines.batched.numba_loops.program.Parts` what ``p``, ``fixed`` and ``flips`` hold.
What is None costs nothing: numba leaves out what works on it. Forwards, a stage first turns the
wires whose amplitudes lie far apart. Then it goes through the tiles of the chunk, and while a tile
is in the nearest cache, it turns the other wires and applies the phase. Backwards, the order is
reversed.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.lanes import load_lanes, store_lanes
from qgan.engines.batched.numba_loops.observables import pull_expectations, read_expectations
from qgan.engines.batched.numba_loops.slots import own_gradients, own_slots
from qgan.engines.batched.numba_loops.stages import alone, phases, turns, unalone, unphases, unturns

__all__ = ["adjoint", "begin", "forward", "lines_of_tile"]

TILE_BYTES = 2**15  # of states that are worked on together, in the nearest cache


@kernel()
def lines_of_tile(p, w, item_size):
    """How many lines a tile has: as many as the nearest cache holds."""
    lines = 1
    while lines < 1 << p.n and lines * 4 * w * item_size <= TILE_BYTES:
        lines *= 2
    return lines


@kernel()
def begin(psi, w, start, first):
    """Write the lanes of ``start``, or ``|0..0>`` where it is empty."""
    if len(start):
        load_lanes(psi, w, start, first)
    else:
        for k in range(len(psi)):
            psi[k] = 1 if k < w else 0


@kernel(whole=True)
def forward(
    p, fixed, flips, slots, diagonals, inputs, start, columns, final, lanes, words, values, bounds
):
    """From ``start`` (``|0..0>`` where it is empty) to the final states or the values of words.

    Chunk i is made of the lanes from ``bounds[i]`` to below ``bounds[i + 1]``. Either the states
    are stored in ``final (B, 2**n, r, 2)``; or they stay in ``lanes`` as they are, for the
    backward pass, and ``values (lanes, K)`` takes the values of the words. What is not asked for
    is None.
    """
    dimension = 1 << p.n
    for chunk in range(len(bounds) - 1):
        first, w = bounds[chunk], bounds[chunk + 1] - bounds[chunk]
        size = lines_of_tile(p, w, slots.itemsize)
        if lanes is None:
            psi = np.empty(dimension * 2 * w, slots.dtype)
        else:
            psi = lanes[first * 2 * dimension : (first + w) * 2 * dimension]
        own = own_slots(p, slots, inputs, columns, first, w)
        cosines, sines = np.empty(2 * w, slots.dtype), np.empty(2 * w, slots.dtype)
        scratch = np.empty((2, size * w), slots.dtype)
        begin(psi, w, start, first)
        for i in range(len(p.stages)):
            stage = p.stages[i]
            if alone(psi, p, fixed, flips, slots, own, stage):
                continue
            of_zero = i == 0 and len(start) == 0
            for tile in range(-1, dimension // size):  # -1 is the whole chunk
                part, low, high = psi, 0 if of_zero else size, dimension
                if tile >= 0:
                    part = psi[tile * size * 2 * w : (tile + 1) * size * 2 * w]
                    low, high = 0, 0 if of_zero else size
                turns(part, p, slots, own, stage, low, high, of_zero, cosines, sines)
                if tile >= 0:
                    phases(part, p, slots, diagonals, own, stage, tile, scratch)
        if final is not None:
            store_lanes(psi, w, final, first)
        if values is not None:
            read_expectations(psi, w, words, values, first)


@kernel(whole=True)
def adjoint(
    p, fixed, flips, slots, diagonals, inputs, columns, final, gradient, lanes, words, of_values,
    of_start, of_slots, of_inputs, bounds,
):  # fmt: skip
    """From the end to the start: add the gradients of all slots to zeros ``(chunks, slots)``.

    The pass begins either with ``final`` and its gradient, or with ``lanes`` and the gradient of
    the values of words ``(B, K)``; the other two are None.
    """
    dimension = 1 << p.n
    for chunk in range(len(bounds) - 1):
        first, w = bounds[chunk], bounds[chunk + 1] - bounds[chunk]
        size, of_shared = lines_of_tile(p, 2 * w, slots.itemsize), of_slots[chunk]
        psi, g = np.empty(dimension * 2 * w, slots.dtype), np.empty(dimension * 2 * w, slots.dtype)
        own = own_slots(p, slots, inputs, columns, first, w)
        of_own = np.zeros((len(own), 2 * w), slots.dtype)
        cosines, sines = np.empty(2 * w, slots.dtype), np.empty(2 * w, slots.dtype)
        scratch = np.empty((3, size * w), slots.dtype)
        if final is not None:
            load_lanes(psi, w, final, first)
            load_lanes(g, w, gradient, first)
        if lanes is not None:
            for k in range(len(psi)):
                psi[k] = lanes[first * 2 * dimension + k]
            pull_expectations(psi, g, w, words, of_values, columns, first)
        for i in range(len(p.stages) - 1, -1, -1):
            stage = p.stages[i]
            if unalone(psi, g, p, fixed, flips, slots, own, stage, of_shared, of_own):
                continue
            tiles = dimension // size
            for tile in range(tiles + 1):  # the last is the whole chunk
                part, g_part, low, high = psi, g, size, dimension
                if tile < tiles:
                    part = psi[tile * size * 2 * w : (tile + 1) * size * 2 * w]
                    g_part = g[tile * size * 2 * w : (tile + 1) * size * 2 * w]
                    low, high = 0, size
                    unphases(
                        part, g_part, p, slots, diagonals, own, stage, tile, scratch, of_shared,
                        of_own,
                    )  # fmt: skip
                unturns(
                    part, g_part, p, slots, own, stage, low, high, cosines, sines, of_shared, of_own
                )
        own_gradients(p, of_own, of_shared, of_inputs, first)
        if len(of_start):
            store_lanes(g, w, of_start, first)
