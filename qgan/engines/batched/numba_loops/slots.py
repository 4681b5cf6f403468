"""The slots of a program: from weights and inputs to half angles, and their gradients back.

:class:`qgan.engines.batched.numba_loops.program.Program` says what ``p`` holds.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.phases import diagonal
from qgan.engines.batched.numba_loops.program import DIAGONAL, PHASE, PHASE_STOP
from qgan.engines.batched.numba_loops.trigonometry import sine_cosine

__all__ = ["gather", "own_gradients", "own_slots", "tabulate"]


@kernel(whole=True)
def tabulate(p, weights, diagonals):
    """Values, cosines and sines of slots ``(3, slots)``, as far as all samples share them.

    The diagonals of shared phases are written to ``(phases, 2, 2**n)``, unless that is empty, as
    where they would be too large, or None, as where there are none.
    """
    slots = np.empty((3, len(p.base)), p.base.dtype)
    for i in range(len(p.base)):
        slots[0, i] = p.base[i]
    for i in range(len(p.weight_links)):
        slots[0, p.weight_links[i, 0]] += p.weight_scales[i] * weights[p.weight_links[i, 1]]
    for i in range(slots.shape[1]):
        slots[2, i], slots[1, i] = sine_cosine(slots[0, i], p.trig)
    if diagonals is not None:
        for i in range(len(p.stages)):
            index = p.stages[i, DIAGONAL]
            if 0 <= index < len(diagonals):
                first, stop = p.stages[i, PHASE], p.stages[i, PHASE_STOP]
                diagonal(diagonals[index, 0], diagonals[index, 1], p, slots, first, stop, 0)
    return slots


@kernel()
def own_slots(p, slots, inputs, columns, first, w):
    """The slots that differ per sample, of lanes ``first`` to ``first + w``: ``(own slots, w)``."""
    own = np.empty((slots.shape[1] - p.n_shared, w), slots.dtype)
    for i in range(len(own)):
        for k in range(w):
            own[i, k] = slots[0, p.n_shared + i]
    for i in range(len(p.input_links)):
        place, entry = p.input_links[i, 0] - p.n_shared, p.input_links[i, 1]
        for k in range(w):
            own[place, k] += p.input_scales[i] * inputs[(first + k) // columns, entry]
    return own


@kernel()
def own_gradients(p, of_own, of_slots, of_inputs, first):
    """Sum the gradients of slots that differ per sample, and add them to those of the inputs.

    Args:
        p: the program.
        of_own: for each lane two halves, to be added up, ``(own slots, 2 w)``.
        of_slots: takes the sums over lanes, from which weights get theirs.
        of_inputs: has one row per lane.
        first: the first lane.
    """
    w = of_own.shape[1] // 2
    for i in range(len(of_own)):
        total = of_slots.dtype.type(0)
        for k in range(2 * w):
            total += of_own[i, k]
        of_slots[p.n_shared + i] = total
    for i in range(len(p.input_links)):
        place, entry = p.input_links[i, 0] - p.n_shared, p.input_links[i, 1]
        for k in range(w):
            both = of_own[place, k] + of_own[place, w + k]
            of_inputs[first + k, entry] += p.input_scales[i] * both


@kernel(whole=True)
def gather(p, of_slots, of_weights):
    """Add to the gradients of weights those of slots, which have one row per chunk."""
    for i in range(len(p.weight_links)):
        slot, entry = p.weight_links[i, 0], p.weight_links[i, 1]
        for chunk in range(len(of_slots)):
            of_weights[entry] += p.weight_scales[i] * of_slots[chunk, slot]
