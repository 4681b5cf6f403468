"""Whether a generator uses its label and its latent: by the nearest real states."""

from __future__ import annotations

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

N_FOLDS = 5
LEAST_SAMPLES = 20
"""Fewer samples than this give no cross-validated correlation: nan."""

Array = np.ndarray[Any, np.dtype[np.float64]]


def nearest_index(states: States, real: States) -> Int[Tensor, " N"]:
    """For each state the index of the real state of highest fidelity.

    Raises:
        QganError: if there is no real state, or the numbers of qubits differ.
    """
    if not len(real):
        raise errors.argument("real", "must hold at least one state", "none")
    return fidelity_matrix(states, real).argmax(dim=1)


def nearest_label(states: States, real: States, real_label: Int[Tensor, " M"]) -> Int[Tensor, " N"]:
    """Label of the nearest real state: ``label[argmax_j F(rho_i, sigma_j)]``.

    Args:
        states: N states of n qubits.
        real: M real states of all labels.
        real_label: ``(M,)``.

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
    """Share of states whose nearest real state has their label.

    Args:
        states: N states.
        label: ``(N,)``, the labels they should have.
        real: M real states of all labels.
        real_label: ``(M,)``.

    Returns:
        A number in [0, 1]; 1 / (number of labels) is what ignoring the label gives on average.

    Raises:
        QganError: as :func:`nearest_label`.
    """
    return float((nearest_label(states, real, real_label) == label).double().mean())


def nearest_factors(
    generated: States, real: States, factors: Float[Tensor, "M k"]
) -> Float[Tensor, "N k"]:
    """Hidden factors of the nearest real state.

    Args:
        generated: N states.
        real: M real states of the same label.
        factors: ``(M, k)``.

    Returns:
        ``(N, k)``.

    Raises:
        QganError: if there is no real state, lengths disagree, or the numbers of qubits differ.
    """
    if len(factors) != len(real):
        raise errors.argument("factors", f"must have length {len(real)}", len(factors))
    return factors[nearest_index(generated, real).to(factors.device)]


def _pair(latent: Tensor, factors: Tensor) -> tuple[Array, Array]:
    """Ranks of both as columns in [-1, 1]; a column that does not vary becomes zero."""
    if latent.ndim != 2 or factors.ndim != 2 or len(latent) != len(factors):
        raise errors.argument(
            "latent",
            f"must have shape (N, n_latent) with N = {len(factors)} of the factors",
            tuple(latent.shape),
        )
    return _ranks(latent), _ranks(factors)


def _ranks(values: Tensor) -> Array:
    """Ranks of each column, ties sharing their mean rank, scaled from 1..N to [-1, 1]."""
    array = values.detach().cpu().double().numpy()
    ranks = np.zeros_like(array)
    for k, column in enumerate(array.T):  # scipy.stats.rankdata, without the second it imports in
        _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        ranks[:, k] = (counts.cumsum() - (counts - 1) / 2)[place]
    return np.asarray(2 * (ranks - 1) / max(1, len(array) - 1) - 1)


def _correlate(a: Array, b: Array) -> Array:
    """Pearson correlation of the columns ``(N, L)`` and ``(N, k)``; 0 where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    scale = np.sqrt((a**2).sum(axis=0)[:, None] * (b**2).sum(axis=0)[None, :])
    return np.asarray(np.divide(a.T @ b, scale, out=np.zeros_like(scale), where=scale > 1e-12))


def rank_correlations(
    latent: Float[Tensor, "_ L"], factors: Float[Tensor, "_ k"]
) -> Float[Tensor, "L k"]:
    """Spearman's correlation of each latent with each factor.

    ``rho_lk = corr(rank(z_l), rank(f_k))``.

    Args:
        latent: ``(N, n_latent)``.
        factors: ``(N, k)``, those of the nearest real states.

    Returns:
        ``(n_latent, k)`` in [-1, 1]; 0 where a column does not vary: it then says nothing of
        the other, as in a generator collapsed to one state.

    Raises:
        QganError: if the shapes disagree.

    Example:
        >>> z = torch.tensor([[0.1], [0.2], [0.9]])
        >>> rank_correlations(z, z.exp()).tolist()
        [[1.0]]
    """
    return torch.as_tensor(_correlate(*_pair(latent, factors)).clip(-1, 1))


def multiple_rank_correlation(
    latent: Float[Tensor, "_ L"], factors: Float[Tensor, "_ k"], degree: int = 3
) -> Float[Tensor, " k"]:
    """How well all latents together predict each factor, with no credit for chance.

    ``R_k = max(0, corr(rank f_k, q_k(rank z)))`` with q_k the least-squares polynomial of total
    degree ``degree``, predicted by 5-fold cross-validation (fold = index modulo 5). The degree
    is lowered where there are fewer than eight samples a coefficient.

    Args:
        latent: ``(N, n_latent)``.
        factors: ``(N, k)``, those of the nearest real states.
        degree: at least 1; 1 is the linear variant.

    Returns:
        ``(k,)`` in [0, 1]; nan for fewer than 20 samples.

    Raises:
        QganError: if the shapes disagree or degree is below 1.
    """
    if degree < 1:
        raise errors.argument("degree", "must be at least 1", degree)
    inputs, targets = _pair(latent, factors)
    if len(inputs) < LEAST_SAMPLES:
        return torch.full((targets.shape[1],), float("nan"), dtype=torch.float64)
    predicted = _predicted(inputs, targets, degree)
    return torch.as_tensor(np.diag(_correlate(predicted, targets)).clip(0, 1).copy())


def _predicted(inputs: Array, targets: Array, degree: int = 3) -> Array:
    """Each sample's targets by polynomials that were fitted without its fold."""
    design = _monomials(inputs, degree)
    predicted = np.zeros_like(targets)
    fold = np.arange(len(inputs)) % N_FOLDS
    for held in range(N_FOLDS):
        coefficients = np.linalg.lstsq(design[fold != held], targets[fold != held], rcond=1e-10)[0]
        predicted[fold == held] = design[fold == held] @ coefficients
    return predicted


def predicted_ranks(
    latent: Float[Tensor, "_ L"], factors: Float[Tensor, "_ k"]
) -> tuple[Float[Tensor, "_ L"], Float[Tensor, "_ k"], Float[Tensor, "_ k"]]:
    """Ranks of latents and of factors, and what the latents predict of the latter."""
    inputs, targets = _pair(latent, factors)
    enough = len(inputs) >= LEAST_SAMPLES
    predicted = _predicted(inputs, targets) if enough else np.zeros_like(targets)
    return torch.as_tensor(inputs), torch.as_tensor(targets), torch.as_tensor(predicted)


def _monomials(inputs: Array, degree: int) -> Array:
    """All monomials of the columns up to a total degree that the number of samples supports."""
    n, n_latent = inputs.shape
    while degree > 1 and comb(n_latent + degree, degree) * 8 > n:
        degree -= 1
    columns = [np.ones(n)]
    for power in range(1, degree + 1):
        for chosen in combinations_with_replacement(range(n_latent), power):
            columns.append(inputs[:, list(chosen)].prod(axis=1))
    return np.stack(columns, axis=1)
