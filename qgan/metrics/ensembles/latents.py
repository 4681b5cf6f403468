"""Whether a generator uses its label and its latent, judged by the nearest real states."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations_with_replacement
from math import comb
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States

__all__ = [
    "LEAST_SAMPLES",
    "cross_validated",
    "label_recovered",
    "multiple_rank_correlation",
    "nearest_factors",
    "nearest_index",
    "nearest_label",
    "predicted_ranks",
    "predictors",
    "rank_correlations",
    "scaled_ranks",
]

N_FOLDS = 5
LEAST_SAMPLES = 20
"""The fewest samples that give a cross-validated correlation; with fewer it is nan."""

Array = np.ndarray[Any, np.dtype[np.float64]]


def nearest_index(states: States, real: States) -> Int[Tensor, " N"]:
    """The index of the real state that has the highest fidelity with each state.

    Args:
        states: N states of n qubits.
        real: M real states.

    Returns:
        Indices from 0 to M - 1, ``(N,)``.

    Raises:
        QganError: if there is no real state, or the numbers of qubits differ.
    """
    if not len(real):
        raise errors.argument("real", "must hold at least one state", "none")
    return fidelity_matrix(states, real).argmax(dim=1)


def nearest_label(states: States, real: States, real_label: Int[Tensor, " M"]) -> Int[Tensor, " N"]:
    """The label of the real state nearest to each state: ``label[argmax_j F(rho_i, sigma_j)]``.

    Args:
        states: N states of n qubits.
        real: M real states of all labels.
        real_label: the labels of the real states, ``(M,)``.

    Returns:
        Labels ``(N,)``.

    Raises:
        QganError: if there is no real state, lengths disagree, or the numbers of qubits differ.
    """
    if len(real_label) != len(real):
        raise errors.argument("real_label", f"must have length {len(real)}", len(real_label))
    return real_label[nearest_index(states, real).to(real_label.device)]


def label_recovered(
    states: States, label: Int[Tensor, " N"], real: States, real_label: Int[Tensor, " M"]
) -> float:
    """The share of states whose nearest real state has their label.

    Args:
        states: N states.
        label: the labels that they should have, ``(N,)``.
        real: M real states of all labels.
        real_label: the labels of the real states, ``(M,)``.

    Returns:
        A number in [0, 1]; 1 / (number of labels) on average if the label is ignored.

    Raises:
        QganError: as :func:`nearest_label`.
    """
    return float((nearest_label(states, real, real_label) == label).double().mean())


def nearest_factors(
    generated: States, real: States, factors: Float[Tensor, "M k"]
) -> Float[Tensor, "N k"]:
    """The hidden factors of the real state nearest to each generated state.

    Args:
        generated: N states.
        real: M real states of the same label.
        factors: the hidden factors of the real states, ``(M, k)``.

    Returns:
        ``(N, k)``.

    Raises:
        QganError: if there is no real state, lengths disagree, or the numbers of qubits differ.
    """
    if len(factors) != len(real):
        raise errors.argument("factors", f"must have length {len(real)}", len(factors))
    return factors[nearest_index(generated, real).to(factors.device)]


def _pair(latent: Tensor, factors: Tensor) -> tuple[Array, Array]:
    """The ranks of latents and of factors, scaled to [-1, 1]; zero in a constant column."""
    if latent.ndim != 2 or factors.ndim != 2 or len(latent) != len(factors):
        raise errors.argument(
            "latent",
            f"must have shape (N, n_latent) with N = {len(factors)} of the factors",
            tuple(latent.shape),
        )
    return scaled_ranks(latent), scaled_ranks(factors)


def predictors(latent: Tensor, wraps: Sequence[bool] = ()) -> Array:
    """What a factor is predicted from: ranks in [-1, 1], but cosine and sine of an angle.

    Args:
        latent: ``(N, n_latent)``.
        wraps: whether each latent is an angle in radians; empty if none is.

    Returns:
        ``(N, n_latent + n_angles)``: the ranks of the others, then all cosines, then all sines.
    """
    angle = np.array(wraps, dtype=bool) if len(wraps) else np.zeros(latent.shape[1], dtype=bool)
    turns = latent.detach().cpu().double().numpy()[:, angle]
    return np.hstack([scaled_ranks(latent)[:, ~angle], np.cos(turns), np.sin(turns)])


def scaled_ranks(values: Tensor) -> Array:
    """The ranks of each column, scaled from 1..N to [-1, 1]; equal values share their mean rank."""
    array = values.detach().cpu().double().numpy()
    ranks = np.zeros_like(array)
    for k, column in enumerate(array.T):  # as scipy.stats.rankdata, whose import takes a second
        _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks[:, k] = (counts.cumsum() - (counts - 1) / 2)[place]
    return np.asarray(2 * (ranks - 1) / max(1, len(array) - 1) - 1)


def _correlate(a: Array, b: Array) -> Array:
    """Pearson's correlation of the columns of a and of b; 0 where a column is constant.

    Args:
        a: ``(N, L)``.
        b: ``(N, k)``.

    Returns:
        ``(L, k)``.
    """
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0)[:, None] * (b**2).sum(axis=0)[None, :])
    return np.asarray(np.divide(a.T @ b, scale, out=np.zeros_like(scale), where=scale > 1e-12))


def rank_correlations(
    latent: Float[Tensor, "_ L"], factors: Float[Tensor, "_ k"]
) -> Float[Tensor, "L k"]:
    """Spearman's correlation of each latent with each factor.

    ``rho_lk = corr(rank(z_l), rank(f_k))``.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        factors: the factors of the real states nearest to these, ``(N, k)``.

    Returns:
        ``(n_latent, k)`` in [-1, 1]; 0 where a column does not vary, as the factors of a generator
        that is collapsed to one state.

    Raises:
        QganError: if the shapes disagree.

    Example:
        >>> z = torch.tensor([[0.1], [0.2], [0.9]])
        >>> rank_correlations(z, z.exp()).tolist()
        [[1.0]]
    """
    return torch.as_tensor(_correlate(*_pair(latent, factors)).clip(-1, 1))


def multiple_rank_correlation(
    latent: Float[Tensor, "_ L"],
    factors: Float[Tensor, "_ k"],
    degree: int = 3,
    wraps: Sequence[bool] = (),
) -> Float[Tensor, " k"]:
    """How well all latents together predict each factor, with no credit for chance.

    ``R_k = max(0, corr(rank f_k, q_k(rank z)))``, where q_k is the least-squares polynomial of
    total degree ``degree``. Its values are predictions of 5-fold cross-validation, in which the
    fold of a sample is its index modulo 5. The degree is lowered until there are at least eight
    samples per coefficient.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        factors: the factors of the real states nearest to these, ``(N, k)``.
        degree: the degree, at least 1, which is the linear variant.
        wraps: whether each latent is an angle, see :func:`predictors`; empty if none is.

    Returns:
        ``(k,)`` in [0, 1]; nan for fewer than 20 samples.

    Raises:
        QganError: if the shapes disagree or the degree is below 1.
    """
    if degree < 1:
        raise errors.argument("degree", "must be at least 1", degree)
    _, targets = _pair(latent, factors)
    if len(targets) < LEAST_SAMPLES:
        return torch.full((targets.shape[1],), float("nan"), dtype=torch.float64)
    predictions = cross_validated(predictors(latent, wraps), targets, degree)
    return torch.as_tensor(np.diag(_correlate(predictions, targets)).clip(0, 1).copy())


def cross_validated(inputs: Array, targets: Array, degree: int = 3) -> Array:
    """The targets of each sample as predicted by polynomials that were fitted without its fold.

    Args:
        inputs: ``(N, L)`` in [-1, 1].
        targets: ``(N, k)``.
        degree: the total degree, lowered until there are eight samples per coefficient.
    """
    design = _monomials(inputs, degree)
    predictions = np.zeros_like(targets)
    fold = np.arange(len(inputs)) % N_FOLDS
    for k in range(N_FOLDS):
        coefficients = np.linalg.lstsq(design[fold != k], targets[fold != k], rcond=1e-10)[0]
        predictions[fold == k] = design[fold == k] @ coefficients
    return predictions


def predicted_ranks(
    latent: Float[Tensor, "_ L"],
    factors: Float[Tensor, "_ k"],
    degree: int = 3,
    wraps: Sequence[bool] = (),
) -> tuple[Float[Tensor, "_ L"], Float[Tensor, "_ k"], Float[Tensor, "_ k"]]:
    """What :func:`rank_correlations` and :func:`multiple_rank_correlation` correlate.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        factors: the factors of the real states nearest to these, ``(N, k)``.
        degree: the degree of the polynomials that predict.
        wraps: whether each latent is an angle, see :func:`predictors`; empty if none is.

    Returns:
        The ranks of the latents ``(N, n_latent)``, the ranks of the factors ``(N, k)``, and the
        predictions of the latter from the former ``(N, k)``, zero for fewer than 20 samples.

    Raises:
        QganError: if the shapes disagree.
    """
    inputs, targets = _pair(latent, factors)
    predictions = np.zeros_like(targets)
    if len(inputs) >= LEAST_SAMPLES:
        predictions = cross_validated(predictors(latent, wraps), targets, degree)
    return torch.as_tensor(inputs), torch.as_tensor(targets), torch.as_tensor(predictions)


def _monomials(inputs: Array, degree: int) -> Array:
    """All monomials of the columns up to a total degree that the number of samples supports."""
    n, n_latent = inputs.shape
    while degree > 1 and comb(n_latent + degree, degree) * 8 > n:
        degree -= 1
    columns = [np.ones(n)]
    for power in range(1, degree + 1):
        for places in combinations_with_replacement(range(n_latent), power):
            columns.append(inputs[:, list(places)].prod(axis=1))
    return np.stack(columns, axis=1)
