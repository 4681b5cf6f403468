"""How compiled loops hold states: the lanes of a chunk stand beside each other.

A lane is one column of the factor of one sample. A chunk of ``w`` lanes is one real array of
``2**n`` lines of ``2 w`` numbers. Line x holds the amplitudes of basis state x: the real parts of
all lanes, then their imaginary parts. A gate then runs over long stretches of neighbours, whatever
its wire, and the processor takes eight or sixteen numbers at a time.

An inner loop uses about four such stretches and no more: beyond that, the compiler does not check
that none of them overlap, and takes the numbers one by one.
"""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel

__all__ = ["load_lanes", "store_lanes"]

LINES_AT_ONCE = 8  # of a transposition, so that what it writes stays in the nearest cache


@kernel()
def load_lanes(psi, w, source, first):
    """Copy lanes ``first`` to ``first + w`` of factors ``(B, 2**n, r, 2)`` into ``psi``."""
    dimension, columns = source.shape[1], source.shape[2]
    for start in range(0, dimension, LINES_AT_ONCE):
        stop = min(dimension, start + LINES_AT_ONCE)
        for k in range(w):
            sample, column = divmod(first + k, columns)
            for x in range(start, stop):
                psi[2 * w * x + k] = source[sample, x, column, 0]
                psi[2 * w * x + w + k] = source[sample, x, column, 1]


@kernel()
def store_lanes(psi, w, target, first):
    """Copy ``psi`` into lanes ``first`` to ``first + w`` of factors ``(B, 2**n, r, 2)``."""
    dimension, columns = target.shape[1], target.shape[2]
    for start in range(0, dimension, LINES_AT_ONCE):
        stop = min(dimension, start + LINES_AT_ONCE)
        for k in range(w):
            sample, column = divmod(first + k, columns)
            for x in range(start, stop):
                target[sample, x, column, 0] = psi[2 * w * x + k]
                target[sample, x, column, 1] = psi[2 * w * x + w + k]
