"""Maximum mean discrepancy of two samples, from the matrix of a positive kernel."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.seeds import seeded

__all__ = ["gaussian_kernel", "mmd_squared", "permutation_p_value"]

N_PERMUTATIONS = 500


def gaussian_kernel(
    x: Float[Tensor, "N d"], y: Float[Tensor, "M d"], width: float
) -> Float[Tensor, "N M"]:
    """The Gaussian kernel ``exp(-|x - y|^2 / (2 width^2))`` of all pairs.

    Args:
        x: N points of R^d.
        y: M points of R^d.
        width: the width of the kernel, in units of the points.

    Returns:
        ``(N, M)`` in (0, 1].

    Raises:
        QganError: if the width is not positive.
    """
    if not width > 0:
        raise errors.argument("width", "must be positive", width)
    squared = (x[:, None] - y[None, :]).square().sum(-1)
    return (-squared / (2 * width**2)).exp()


def mmd_squared(kernel: Float[Tensor, "T T"], n: int, unbiased: bool = True) -> Float[Tensor, ""]:
    """Squared maximum mean discrepancy of the first n points and the others.

    ``MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)``. The unbiased estimate leaves out the pairs of
    a point with itself, and may be negative where the distributions agree.

    Args:
        kernel: a positive kernel between all points of both samples, ``(n + m, n + m)``.
        n: the number of points of the first sample; both samples need at least 2.
        unbiased: whether to leave out the pairs of a point with itself.

    Returns:
        A number; differentiable.

    Raises:
        QganError: if the matrix is not square or a sample has fewer than 2 points.

    References:
        Gretton et al., JMLR 13, 723 (2012), eq. 3 and 5.

    Example:
        >>> mmd_squared(torch.eye(4), 2).item(), mmd_squared(torch.eye(4), 2, unbiased=False).item()
        (0.0, 1.0)
    """
    n, m = _check(kernel, n)
    diagonal = kernel.diagonal()
    within = [kernel[:n, :n].sum(), kernel[n:, n:].sum()]
    pairs = [n * n, m * m]
    if unbiased:
        within = [within[0] - diagonal[:n].sum(), within[1] - diagonal[n:].sum()]
        pairs = [n * (n - 1), m * (m - 1)]
    return within[0] / pairs[0] + within[1] / pairs[1] - 2 * kernel[:n, n:].mean()


def permutation_p_value(
    kernel: Float[Tensor, "T T"], n: int, n_permutations: int = N_PERMUTATIONS, seed: int = 0
) -> float:
    """How often two random parts of all points differ as much as both samples do.

    ``p = (1 + #{MMD^2 of a split >= MMD^2}) / (1 + n_permutations)``. If both samples have the same
    distribution, p is below alpha with a probability of at most alpha.

    Args:
        kernel: a positive kernel between all points of both samples, ``(n + m, n + m)``.
        n: the number of points of the first sample.
        n_permutations: the number of random splits into n and m points.
        seed: seed of the splits.

    Returns:
        A number in ``[1 / (1 + n_permutations), 1]``.

    Raises:
        QganError: as :func:`mmd_squared`.

    References:
        Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010), for the 1 that is added.
    """
    n, m = _check(kernel, n)
    n_permutations = errors.integer("n_permutations", n_permutations, least=0)
    total = kernel.detach().clone().fill_diagonal_(0.0)
    rng = seeded(seed, total.device)
    splits = torch.rand(n_permutations, n + m, generator=rng, device=total.device).argsort(1) < n
    first = torch.cat([torch.arange(n + m, device=total.device)[None] < n, splits]).to(total.dtype)
    sums = first @ total
    within_first = (sums * first).sum(1)
    across = sums.sum(1) - within_first
    within_second = total.sum() - within_first - 2 * across
    values = within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * across / (n * m)
    # A split that repeats the two samples must count, whatever the order of its sums is.
    slack = 1e-12 * float(total.abs().max())
    return (1 + int((values[1:] >= values[0] - slack).sum())) / (1 + n_permutations)


def _check(kernel: Tensor, n: int) -> tuple[int, int]:
    """The numbers of points of both samples; refuse a kernel that does not fit."""
    n = errors.integer("n", n)
    m = len(kernel) - n
    if kernel.shape[0] != kernel.shape[1] or n < 2 or m < 2:
        rule = "must be square, with at least 2 points of each sample"
        raise errors.argument("kernel", rule, f"shape {tuple(kernel.shape)}, n = {n}")
    return n, m
