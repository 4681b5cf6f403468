"""How compiled code holds states: a few lanes beside each other.

States of ``w`` lanes (samples, or columns of their factors) stand as one real array of ``2**n``
rows of ``2 w`` numbers: the real parts of all lanes, then the imaginary ones. A gate then runs over
long rows of neighbours, whatever its wire, and the processor takes eight or sixteen at a time.

A loop meets four rows or so and no more: of more, the compiler does not check that none of them
overlap, and takes numbers one by one.
"""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel

ROWS_AT_ONCE = 8  # of a transposition, so that what it writes stays in the nearest cache


@kernel()
def load_lanes(psi, w, source, first):
    """Lanes ``first`` to ``first + w`` of ``(B, 2**n, r, 2)`` into rows."""
    rows, columns = source.shape[1], source.shape[2]
    for begun in range(0, rows, ROWS_AT_ONCE):
        stop = min(rows, begun + ROWS_AT_ONCE)
        for k in range(w):
            sample, column = divmod(first + k, columns)
            for x in range(begun, stop):
                psi[2 * w * x + k] = source[sample, x, column, 0]
                psi[2 * w * x + w + k] = source[sample, x, column, 1]


@kernel()
def store_lanes(psi, w, target, first):
    """The way back."""
    rows, columns = target.shape[1], target.shape[2]
    for begun in range(0, rows, ROWS_AT_ONCE):
        stop = min(rows, begun + ROWS_AT_ONCE)
        for k in range(w):
            sample, column = divmod(first + k, columns)
            for x in range(begun, stop):
                target[sample, x, column, 0] = psi[2 * w * x + k]
                target[sample, x, column, 1] = psi[2 * w * x + w + k]
