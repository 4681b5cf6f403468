"""The mutual information of two samples, which does not depend on the scale of either."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

__all__ = ["mutual_information"]

Array = np.ndarray[Any, np.dtype[np.float64]]

NEIGHBOURS = 4
"""Number k of nearest neighbours of a point."""


def mutual_information(a: Float[Tensor, " N"], b: Float[Tensor, " N"], seed: int = 0) -> float:
    """Mutual information of two samples in bits, by the distances to their nearest neighbours.

    ``I = psi(k) + psi(N) - <psi(n_a + 1) + psi(n_b + 1)>`` is computed from the ranks, with ties
    broken at random. It does not change when either sample is transformed monotonically.

    Args:
        a: N numbers.
        b: N numbers, each paired with the one at its place in ``a``.
        seed: seed of the numbers that break ties.

    Returns:
        The mutual information in bits, at least 0.

    References:
        Kraskov, Stögbauer and Grassberger, Phys. Rev. E 69, 066138 (2004), eq. 8.
    """
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    rng = np.random.default_rng(seed)
    x, y = (_places(v.detach().double().numpy(), rng) for v in (a, b))
    points = np.stack([x, y], axis=1)
    reach = cKDTree(points).query(points, k=NEIGHBOURS + 1, p=np.inf)[0][:, -1]
    counts = []
    for column in (x, y):
        ascending = np.sort(column)
        above = np.searchsorted(ascending, column + reach - 1e-12)
        counts.append(above - np.searchsorted(ascending, column - reach + 1e-12, "right"))
    near = sum(float(digamma(np.maximum(count, 1)).mean()) for count in counts)
    nats = float(digamma(NEIGHBOURS) + digamma(len(x))) - near
    return max(0.0, nats / math.log(2))


def _places(values: Array, rng: np.random.Generator) -> Array:
    """Normal scores of the ranks; equal values are ranked in a random order."""
    from scipy.special import ndtri

    order = np.lexsort((rng.random(len(values)), values))
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return np.asarray(ndtri((ranks + 0.5) / len(values)))
