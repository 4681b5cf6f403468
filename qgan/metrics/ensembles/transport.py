"""Wasserstein distance between ensembles of states, and the skill that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.ensembles.covering import prepare
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States

__all__ = [
    "LEAST_RANGE",
    "N_DRAWN",
    "MeanTransport",
    "Transport",
    "mean_transport",
    "potentials",
    "skill",
    "transport",
    "wasserstein",
]

N_DRAWN = 512
"""The number of real and of generated states in each draw for which W, W0 and skill are defined."""
LEAST_RANGE = 0.02
"""The least W1 - W0 for which skill is defined; below it samples cannot tell a label from a single
state."""


def transport(fidelities: Float[Tensor, "R G"], p: int = 1) -> float:
    """Exact p-Wasserstein distance of two ensembles, from the fidelities between them.

    ``W_p = (min_pi sum_ij pi_ij d_ij^p)^(1/p)`` with ``d = sqrt(1 - F)`` and uniform marginals.

    Args:
        fidelities: ``(N_real, N_generated)`` in [0, 1].
        p: 1 or 2.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: if the matrix is empty, or p is neither 1 nor 2.

    References:
        Bonneel et al., ACM Trans. Graph. 30, 158 (2011), for the solver (POT, ``ot.emd2``).

    Example:
        >>> round(transport(torch.tensor([[1.0, 0.75], [0.75, 0.0]]).double()), 12)
        0.5
    """
    return potentials(fidelities, p).distance


@dataclass(frozen=True, eq=False)
class Transport:
    """The solution of a transport problem.

    Args:
        distance: ``W_p``.
        cost: ``W_p^p``, which is also the sum of the means of both potentials.
        real: the dual potential of each real state: how the cost responds to its weight.
        generated: the dual potential of each generated state.
    """

    distance: float
    cost: float
    real: Float[Tensor, " R"]
    generated: Float[Tensor, " G"]


def potentials(fidelities: Float[Tensor, "R G"], p: int = 1) -> Transport:
    """The transport problem of :func:`transport` with its dual potentials.

    ``W_p^p = mean_i f_i + mean_j g_j`` with ``f_i + g_j <= d_ij^p``. If the weights of the states
    change a little, W_p^p changes as the weighted means of f and g do.

    Args:
        fidelities: ``(N_real, N_generated)`` in [0, 1].
        p: 1 or 2.

    Returns:
        Distance and potentials.

    Raises:
        QganError: as :func:`transport`.

    References:
        Sommerfeld and Munk, J. R. Stat. Soc. B 80, 219 (2018), theorem 1.
    """
    if p not in (1, 2):
        raise errors.argument("p", "must be 1 or 2", p)
    if fidelities.ndim != 2 or not fidelities.numel():
        raise errors.argument("fidelities", "must not be empty", tuple(fidelities.shape))
    import ot

    squared = (1 - fidelities.detach().to("cpu", torch.float64)).clamp(0, 1)
    cost = (squared if p == 2 else squared.sqrt()).numpy()
    least, log = ot.emd2([], [], np.ascontiguousarray(cost), numItermax=10**8, log=True)
    least = max(0.0, float(least))
    duals = [torch.as_tensor(log[key]) for key in ("u", "v")]
    return Transport(least if p == 1 else least**0.5, least, *duals)


def wasserstein(real: States, generated: States, p: int = 1) -> float:
    """Exact p-Wasserstein distance of two ensembles of states under ``sqrt(1 - F)``.

    Args:
        real: N states of n qubits.
        generated: M states of n qubits.
        p: 1 or 2.

    Returns:
        A number in [0, 1]; 0 only if the ensembles are the same.

    Raises:
        QganError: if an ensemble is empty, qubits differ, or p is neither 1 nor 2.
    """
    return transport(fidelity_matrix(prepare(real), prepare(generated)), p)


def skill(w: float, w0: float, w1: float) -> float:
    """Skill of a generated ensemble: ``1 - (W - W0) / (W1 - W0)``.

    W is the mean of W_1 between 512 generated and 512 real states over all draws of both, W0 the
    mean between 512 real states and 512 others, and W1 the mean distance of a real state from the
    best single state. A draw of one fixed size hides the same part of a generator's error whatever
    the number of states at hand, so that skills of different data can be compared.

    Read it together with :func:`nearest_neighbour_ratio`, which is 0 for frozen states: the eight
    frozen states that serve best may reach a high skill where a label varies little.

    Args:
        w: the distance between generated and real states.
        w0: the floor, the distance between real states and other real states.
        w1: the distance between the best single state and real states.

    Returns:
        0 for a generator that is collapsed to one state, 1 for states that are as good as more real
        data (a little more than 1 is luck), negative for states that are worse than a single one;
        nan where ``w1 - w0 < LEAST_RANGE``.

    Example:
        >>> skill(0.25, 0.25, 0.75), skill(0.75, 0.25, 0.75), skill(0.25, 0.25, 0.26)
        (1.0, 0.0, nan)
    """
    return 1 - (w - w0) / (w1 - w0) if w1 - w0 >= LEAST_RANGE else float("nan")


@dataclass(frozen=True, eq=False)
class MeanTransport:
    """W_1 averaged over pairs of draws, and what each state adds to its sampling error.

    Args:
        distance: the mean of W_1 over the pairs.
        first: the score of each state of the first ensemble: the deviation of its dual potential
            from the mean of its draw, divided by the numbers of states and of pairs, and summed
            over the pairs that the state is in. The variance of ``distance`` is the sum of the
            squares of all scores.
        second: the score of each state of the second ensemble.
    """

    distance: float
    first: Float[Tensor, " N"]
    second: Float[Tensor, " M"]


def mean_transport(
    first: States, second: States, pairs: Sequence[tuple[Tensor, Tensor]]
) -> MeanTransport:
    """The mean of W_1 over pairs of draws from two ensembles.

    Args:
        first: N states, prepared.
        second: M states, prepared.
        pairs: for each pair of draws the places of its states in the first and in the second.

    Returns:
        The mean, with the scores of its sampling error.

    References:
        Sommerfeld and Munk, J. R. Stat. Soc. B 80, 219 (2018), theorem 1; del Barrio and Loubes,
        Ann. Probab. 47, 926 (2019), for the central limit theorem around the mean.
    """
    total = 0.0
    scores = [torch.zeros(len(states), dtype=torch.float64) for states in (first, second)]
    for places in pairs:
        one = potentials(fidelity_matrix(first[places[0]], second[places[1]]))
        total += one.distance
        for score, place, dual in zip(scores, places, (one.real, one.generated), strict=True):
            score[place] += (dual - dual.mean()) / (len(place) * len(pairs))
    return MeanTransport(total / len(pairs), *scores)
