"""Fixed matrices on a few wires, applied to the lanes of a chunk.

:class:`qgan.engines.batched.numba_loops.program.FixedMatrices` says what ``fixed`` holds, and
:mod:`qgan.engines.batched.numba_loops.lanes` how states stand in memory.
"""

from __future__ import annotations

import numpy as np

from qgan.engines.batched.numba_loops.compiling import kernel

__all__ = ["apply_fixed"]


@kernel()
def apply_fixed(psi, w, fixed, index, adjoint):
    """Apply one of the fixed matrices, or its adjoint."""
    start, size, at = fixed.places[index, 0], fixed.places[index, 1], fixed.places[index, 2]
    width = 2 * w
    before = np.empty((size, width), psi.dtype)
    mask = fixed.offsets[start + size - 1]
    for x in range(len(psi) // width):
        if x & mask:
            continue
        for i in range(size):
            line = (x + fixed.offsets[start + i]) * width
            for k in range(width):
                before[i, k] = psi[line + k]
                psi[line + k] = 0
        for i in range(size):
            line = (x + fixed.offsets[start + i]) * width
            for j in range(size):
                entry = at + (j * size + i if adjoint else i * size + j)
                c, s = fixed.entries[entry], fixed.entries[entry + size * size]
                s = -s if adjoint else s
                for k in range(w):
                    psi[line + k] += c * before[j, k] - s * before[j, w + k]
                    psi[line + w + k] += c * before[j, w + k] + s * before[j, k]
