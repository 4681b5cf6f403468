"""Slots of a program: from weights and inputs to half angles, and the way back of their gradients.

:class:`qgan.engines.batched.numba_loops.program.Program` says what ``p`` holds.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel
from qgan.engines.batched.numba_loops.phases import diagonal
from qgan.engines.batched.numba_loops.program import PHASE, PHASE_STOP, ROW
from qgan.engines.batched.numba_loops.trigonometry import sine_cosine


@kernel(whole=True)
def tabulate(p, weights, diagonals):
    """Values, cosines and sines of slots ``(3, slots)``, as far as all samples share them.

    Shared diagonals are written to ``(rows, 2, 2**n)``, which has no rows where none is kept.
    """
    slots = np.empty((3, len(p.base)), p.base.dtype)
    for i in range(len(p.base)):
        slots[0, i] = p.base[i]
    for i in range(len(p.weight_terms)):
        slots[0, p.weight_terms[i, 0]] += p.weight_scales[i] * weights[p.weight_terms[i, 1]]
    for i in range(slots.shape[1]):
        slots[2, i], slots[1, i] = sine_cosine(slots[0, i], p.trig)
    for i in range(len(p.stages)):
        row = p.stages[i, ROW]
        if 0 <= row < len(diagonals):
            first, stop = p.stages[i, PHASE], p.stages[i, PHASE_STOP]
            diagonal(diagonals[row, 0], diagonals[row, 1], p, slots, first, stop, 0)
    return slots


@kernel()
def own_slots(p, slots, inputs, columns, first, w):
    """Slots of the angles that differ per sample, ``(own slots, w)``."""
    found = np.empty((slots.shape[1] - p.n_shared, w), slots.dtype)
    for i in range(len(found)):
        for k in range(w):
            found[i, k] = slots[0, p.n_shared + i]
    for i in range(len(p.input_terms)):
        row, entry = p.input_terms[i, 0] - p.n_shared, p.input_terms[i, 1]
        for k in range(w):
            found[row, k] += p.input_scales[i] * inputs[(first + k) // columns, entry]
    return found


@kernel()
def own_gradients(p, of_own, of_slots, of_inputs, first):
    """Gradients of a sample's own slots ``(own slots, 2 w)``, summed, and led on to inputs."""
    w = of_own.shape[1] // 2
    for i in range(len(of_own)):
        total = of_slots.dtype.type(0)
        for k in range(2 * w):
            total += of_own[i, k]
        of_slots[p.n_shared + i] = total
    for i in range(len(p.input_terms)):
        row, entry = p.input_terms[i, 0] - p.n_shared, p.input_terms[i, 1]
        for k in range(w):
            part = of_own[row, k] + of_own[row, w + k]
            of_inputs[first + k, entry] += p.input_scales[i] * part


@kernel(whole=True)
def gather(p, of_slots, of_weights):
    """Gradients of weights from those of slots, one row per chunk."""
    for i in range(len(p.weight_terms)):
        slot, entry = p.weight_terms[i, 0], p.weight_terms[i, 1]
        for chunk in range(len(of_slots)):
            of_weights[entry] += p.weight_scales[i] * of_slots[chunk, slot]
