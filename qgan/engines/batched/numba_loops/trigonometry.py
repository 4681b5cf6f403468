"""Sine and cosine, written so that a processor computes them for many numbers at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qgan.engines.batched.numba_loops.compiling import kernel

__all__ = ["constants", "sine_cosine"]

HALF_PI, REST = 1.5707963267948966, 6.123233995736766e-17  # pi / 2 is their sum
N_COEFFICIENTS = 8  # of each power series, which makes them exact to 1e-17 up to pi / 4


def constants(dtype: np.dtype[Any]) -> NDArray[Any]:
    """The constants that :func:`sine_cosine` needs in a precision.

    They are ``1/2, 1, 2, 2/pi``; then pi / 2 in three parts, of which the first two have so few
    bits that their products with a whole number up to ``2**12`` (``2**22`` in double precision)
    are exact; then the coefficients of the series of sine and cosine, the highest first.
    """
    bits = 11 if dtype == np.float32 else 31
    high = math.floor(HALF_PI * 2**bits) / 2**bits
    middle = math.floor((HALF_PI - high) * 2 ** (2 * bits)) / 2 ** (2 * bits)
    parts = [high, middle, (HALF_PI - high - middle) + REST]
    sine = [(-1) ** k / math.factorial(2 * k + 1) for k in range(N_COEFFICIENTS, 0, -1)]
    cosine = [(-1) ** k / math.factorial(2 * k) for k in range(N_COEFFICIENTS, 0, -1)]
    return np.array([0.5, 1, 2, 2 / math.pi, *parts, *sine, *cosine], dtype)


@kernel(fast=False)
def sine_cosine(x, trig):
    """``(sin x, cos x)`` by reduction to ``|r| <= pi/4`` and power series, without a branch."""
    half, one, two = trig[0], trig[1], trig[2]
    turns = np.floor(x * trig[3] + half)
    r = ((x - turns * trig[4]) - turns * trig[5]) - turns * trig[6]
    z = r * r
    sine, cosine = trig[7], trig[15]
    for k in range(1, N_COEFFICIENTS):
        sine = sine * z + trig[7 + k]
        cosine = cosine * z + trig[15 + k]
    sine, cosine = r + r * z * sine, one + z * cosine
    pairs = np.floor(turns * half)
    odd = turns - two * pairs > half
    flip = one - two * (pairs - two * np.floor(pairs * half))  # -1 in the second half of a turn
    s, c = (cosine, -sine) if odd else (sine, cosine)
    return flip * s, flip * c
