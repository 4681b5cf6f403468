"""The Walsh-Hadamard transform: every sum over the signs of products of Z is one."""

from __future__ import annotations

from qgan.engines.batched.numba_loops.compiling import kernel

__all__ = ["odd_parity", "transform", "transform_eights"]


@kernel()
def odd_parity(x):
    """Whether x has an odd number of bits set."""
    odd = False
    while x:
        x &= x - 1
        odd = not odd
    return odd


@kernel()
def transform(values, width):
    """Replace lines of ``width`` numbers by their transform, ``sum_T v_T (-1)^popcount(x & T)``."""
    half = width
    if width == 1 and len(values) >= 8:
        transform_eights(values)
        half = 8
    while half < len(values):
        for first in range(0, len(values), 2 * half):
            zero, one = values[first : first + half], values[first + half : first + 2 * half]
            for i in range(half):
                a, b = zero[i], one[i]
                zero[i] = a + b
                one[i] = a - b
        half *= 2


@kernel()
def transform_eights(v):
    """Do the first three levels of the transform, where lines are single numbers."""
    for i in range(0, len(v), 8):
        a, b, c, d = v[i], v[i + 1], v[i + 2], v[i + 3]
        e, f, g, h = v[i + 4], v[i + 5], v[i + 6], v[i + 7]
        a, b, c, d, e, f, g, h = a + b, a - b, c + d, c - d, e + f, e - f, g + h, g - h
        a, b, c, d, e, f, g, h = a + c, b + d, a - c, b - d, e + g, f + h, e - g, f - h
        v[i], v[i + 1], v[i + 2], v[i + 3] = a + e, b + f, c + g, d + h
        v[i + 4], v[i + 5], v[i + 6], v[i + 7] = a - e, b - f, c - g, d - h
