"""How well one ensemble of states covers another, and how widely each is spread."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.metrics.states.distances import fidelity_matrix, trace_distance
from qgan.states import States

__all__ = [
    "LEAST_NEIGHBOUR",
    "LEAST_SPREAD",
    "average_distance",
    "average_scores",
    "coverage",
    "ensemble_average",
    "most_pairwise",
    "nearest_neighbour",
    "nearest_neighbour_ratio",
    "neighbour_infidelities",
    "precision",
    "prepare",
    "spread",
    "spread_ratio",
    "spread_scores",
    "thinned",
    "top_eigenstate",
]

LEAST_SPREAD = 1e-6
"""The mean infidelity of pairs of real states below which a spread ratio says nothing."""
MOST_MIXED = 256
"""The most mixed states compared in pairs, each of which costs a singular value decomposition."""
LEAST_NEIGHBOUR = 1e-12
"""An infidelity of nearest neighbours that double precision cannot tell from zero."""


def prepare(states: States) -> States:
    """The states outside the graph, on the CPU, in double precision, with trace exactly one.

    In single precision a trace is wrong by 1e-7, which would hide infidelities of 1e-9.
    """
    return states.detach().to(dtype=torch.complex128, device="cpu").normalised()


def _check_matrix(fidelities: Tensor) -> None:
    """Refuse an empty matrix."""
    if fidelities.ndim != 2 or not fidelities.numel():
        raise errors.argument(
            "fidelities",
            "must have shape (N_real, N_generated), both at least 1",
            tuple(fidelities.shape),
        )


def coverage(fidelities: Float[Tensor, "R G"]) -> float:
    """Mean fidelity of each real state with the best generated state.

    ``mean_i max_j F_ij``. By itself it flatters: frozen copies of a few states score high.

    Args:
        fidelities: ``(N_real, N_generated)``, from :func:`fidelity_matrix`.

    Returns:
        A number in [0, 1]; compare it with :attr:`Reference.collapsed_coverage`.

    Raises:
        QganError: if the matrix is empty.

    Example:
        >>> coverage(torch.tensor([[1.0, 0.5], [0.0, 0.5]])), precision(torch.eye(2))
        (0.75, 1.0)
    """
    _check_matrix(fidelities)
    return float(fidelities.max(dim=1).values.mean())


def precision(fidelities: Float[Tensor, "R G"]) -> float:
    """Mean fidelity of each generated state with the nearest real state: ``mean_j max_i F_ij``.

    Args:
        fidelities: ``(N_real, N_generated)``, from :func:`fidelity_matrix`.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: if the matrix is empty.
    """
    _check_matrix(fidelities)
    return float(fidelities.max(dim=0).values.mean())


def most_pairwise(states: States) -> int:
    """The most states that are compared in pairs: all of them if they are pure, fewer if mixed."""
    return max(1, len(states)) if states.is_pure else MOST_MIXED


def spread(states: States) -> float:
    """Mean infidelity of two different states, ``mean_{i != j} (1 - F_ij)``; nan for one state.

    If there are more than ``MOST_MIXED`` mixed states, evenly spaced ones are compared.
    """
    scores = spread_scores(states)
    return float(scores.mean()) if len(scores) > 1 else float("nan")


def spread_scores(states: States) -> Float[Tensor, " N"]:
    """Mean infidelity of each compared state with the others; the mean of these is the spread."""
    states = states[:: math.ceil(len(states) / most_pairwise(states))] if len(states) else states
    n = len(states)
    if states.is_pure and n > states.dimension:
        return (n - 1 - _overlaps_with_others(states)) / (n - 1)
    fidelities = fidelity_matrix(states, states).fill_diagonal_(1.0)
    return (1 - fidelities).sum(1) / max(1, n - 1)


def _overlaps_with_others(states: States) -> Float[Tensor, " N"]:
    """``sum_{j != i} F_ij`` of pure states, from their average instead of all pairs.

    ``F_ij = <psi_i| rho_j |psi_i>`` is linear in rho_j.
    """
    vectors = states.factor[:, :, 0].to(torch.complex128)
    total = vectors.T @ vectors.conj()
    with_all = ((vectors.conj() @ total) * vectors).sum(1).real
    return with_all - (vectors.real**2 + vectors.imag**2).sum(1).square()


def nearest_neighbour(states: States) -> float:
    """Median infidelity of a state and its nearest neighbour: ``median_i min_{j != i} (1 - F_ij)``.

    It is a median because a few rare states would raise a mean even if all others are copies. It
    decreases with the number of states, so that only ensembles of one size can be compared.
    """
    if len(states) < 2:
        return float("nan")
    return float(neighbour_infidelities(states).median())


def neighbour_infidelities(states: States) -> Float[Tensor, " N"]:
    """Infidelity of each state and its nearest neighbour; there must be at least two states."""
    fidelities = fidelity_matrix(states, states).fill_diagonal_(-1.0)
    return 1 - fidelities.max(dim=1).values


def thinned(n: int, most: int, seed: int) -> Int[Tensor, " k"]:
    """Places of at most ``most`` of n states: random ones by ``seed``, or all of them in order."""
    if n <= most:
        return torch.arange(n)
    return torch.as_tensor(np.random.default_rng(seed).permutation(n)[:most])


def spread_ratio(real: States, generated: States) -> float:
    """The spread of generated states, divided by the spread of real states (see :func:`spread`).

    Args:
        real: N real states.
        generated: M generated states.

    Returns:
        1 for an equally wide spread, 0 for a single state; nan if the spread of the real states is
        below ``LEAST_SPREAD`` or one ensemble has fewer than two states.
    """
    scale = spread(real)
    return spread(generated) / scale if scale >= LEAST_SPREAD else float("nan")


def nearest_neighbour_ratio(real: States, generated: States, seed: int = 0) -> float:
    """:func:`nearest_neighbour` of generated states, divided by that of real states.

    The larger ensemble is thinned at random to the size of the smaller one.

    Args:
        real: N real states.
        generated: M generated states.
        seed: seed of the thinning.

    Returns:
        About 1 for an equally fine ensemble, 0 for frozen copies; nan if the real states are
        copies themselves or one ensemble has fewer than two states.
    """
    n = min(len(real), len(generated), most_pairwise(real), most_pairwise(generated))
    rng = np.random.default_rng(seed)
    real, generated = (s[torch.as_tensor(rng.permutation(len(s))[:n])] for s in (real, generated))
    scale = nearest_neighbour(real)
    return nearest_neighbour(generated) / scale if scale >= LEAST_NEIGHBOUR else float("nan")


def ensemble_average(states: States) -> States:
    """The average state ``mean_i rho_i`` as one state of at most ``2**n`` columns.

    Raises:
        QganError: if there is no state.
    """
    if not len(states):
        raise errors.argument("states", "must hold at least one state", "none")
    columns = states.factor.transpose(0, 1).reshape(1, states.dimension, -1) / len(states) ** 0.5
    if columns.shape[2] > columns.shape[1]:
        columns = torch.linalg.qr(columns.mH).R.mH
    return States(columns)


def top_eigenstate(states: States) -> tuple[float, States]:
    """The largest eigenvalue of the average state, and its eigenvector as a pure state.

    ``max_psi mean_i <psi|rho_i|psi>``: the best mean fidelity that one pure state reaches.

    Raises:
        QganError: if there is no state.
    """
    vectors, values, _ = torch.linalg.svd(ensemble_average(states).factor, full_matrices=False)
    return float(values[0, 0] ** 2), States(vectors[:, :, :1])


def average_distance(a: States, b: States) -> float:
    """Trace distance between two ensembles' average states; it sees no diversity at all.

    ``1/2 ||mean_i rho_i - mean_j sigma_j||_1``.

    Args:
        a: N states of n qubits.
        b: M states of n qubits.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: if an ensemble is empty or the numbers of qubits differ.
    """
    return float(trace_distance(ensemble_average(a), ensemble_average(b)))


def average_scores(a: States, b: States) -> tuple[Float[Tensor, " N"], Float[Tensor, " M"]]:
    """The contribution of each state to the distance of the averages, ``+-Tr[S rho_i] / 2``.

    S is the sign of the difference of the averages, the observable that distinguishes them best.
    The means of the scores of both ensembles add up to the distance.

    Args:
        a: N states of n qubits, with sign +.
        b: M states of n qubits, with sign -.

    Returns:
        The scores ``(N,)`` and ``(M,)``.
    """
    values, vectors = torch.linalg.eigh(a.average() - b.average())
    scores = []
    for states, side in ((a, 0.5), (b, -0.5)):
        columns = states.factor.transpose(0, 1).reshape(states.dimension, -1)
        in_basis = vectors.mH @ columns
        signs = values.sign() @ (in_basis.real.square() + in_basis.imag.square())
        scores.append(side * signs.reshape(len(states), states.rank).sum(1))
    return scores[0], scores[1]
