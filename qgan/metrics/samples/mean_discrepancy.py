"""Maximum mean discrepancy of two samples, from the matrix of a positive kernel."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors

N_PERMUTATIONS = 500


def gaussian_kernel(
    x: Float[Tensor, "N d"], y: Float[Tensor, "M d"], width: float
) -> Float[Tensor, "N M"]:
    """``exp(-|x - y|^2 / (2 width^2))``.

    Raises:
        QganError: if the width is not positive.
    """
    if not width > 0:
        raise errors.argument("width", "must be positive", width)
    squared = (x[:, None] - y[None, :]).square().sum(-1)
    return (-squared / (2 * width**2)).exp()


def mmd_squared(kernel: Float[Tensor, "T T"], n: int, unbiased: bool = True) -> Float[Tensor, ""]:
    """Squared maximum mean discrepancy of the first n points and the others.

    ``MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y)``; unbiased: without the pairs of a point
    with itself, and then negative by chance where the distributions agree.

    Args:
        kernel: ``(n + m, n + m)``, a positive kernel between all points of both samples.
        n: points of the first sample, at least 2, as many as the second has at least.
        unbiased: leave out ``k(x_i, x_i)``.

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
    m = _check(kernel, n)
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
    """How often a random split of all points differs as much as the given one does.

    ``p = (1 + #{MMD^2 of a split >= MMD^2}) / (1 + n_permutations)``; under equal distributions
    it is uniform, so it is below alpha with probability alpha at most.

    Args:
        kernel: ``(n + m, n + m)``, between all points of both samples.
        n: points of the first sample.
        n_permutations: splits drawn.
        seed: of the splits.

    Returns:
        A number in ``[1 / (1 + n_permutations), 1]``.

    Raises:
        QganError: as :func:`mmd_squared`.

    References:
        Phipson and Smyth, Stat. Appl. Genet. Mol. Biol. 9, 39 (2010): why 1 is added.
    """
    m = _check(kernel, n)
    total = kernel.detach().clone().fill_diagonal_(0.0)
    rng = torch.Generator(device=total.device).manual_seed(seed)
    splits = torch.rand(n_permutations, n + m, generator=rng, device=total.device).argsort(1) < n
    first = torch.cat([torch.arange(n + m, device=total.device)[None] < n, splits]).to(total.dtype)
    moved = first @ total
    within_first = (moved * first).sum(1)
    across = moved.sum(1) - within_first
    within_second = total.sum() - within_first - 2 * across
    values = within_first / (n * (n - 1)) + within_second / (m * (m - 1)) - 2 * across / (n * m)
    # A split that repeats the given one must count as large whatever the order of the sums.
    slack = 1e-12 * float(total.abs().max())
    return (1 + int((values[1:] >= values[0] - slack).sum())) / (1 + n_permutations)


def _check(kernel: Tensor, n: int) -> int:
    m = len(kernel) - n
    if kernel.shape[0] != kernel.shape[1] or n < 2 or m < 2:
        rule = "must be square, with at least 2 points of each sample"
        raise errors.argument("kernel", rule, f"shape {tuple(kernel.shape)}, n = {n}")
    return m
