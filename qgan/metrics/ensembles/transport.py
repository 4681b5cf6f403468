"""Wasserstein distance between ensembles of states, and the skill that is read off it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.ensembles.covering import prepare
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States

N_GENERATED = 512
"""Generated states that an evaluation judges, of each label."""
N_DRAWS = 4
"""Draws that the floor W0 is averaged over."""
LEAST_RANGE = 0.02
"""W1 - W0 below which skill is undefined: the label is one state, as far as samples can tell."""


def transport(fidelities: Float[Tensor, "R G"], p: int = 1) -> float:
    """Exact p-Wasserstein distance of two ensembles, from the fidelities between them.

    ``W_p = (min_pi sum_ij pi_ij d_ij^p)^(1/p)``, ``d = sqrt(1 - F)``, uniform marginals.

    Args:
        fidelities: ``(N_real, N_generated)`` in [0, 1].
        p: 1 or 2.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: if the matrix is empty, or p is neither 1 nor 2.

    References:
        Bonneel et al., ACM Trans. Graph. 30, 158 (2011): the solver (POT, ``ot.emd2``).

    Example:
        >>> round(transport(torch.tensor([[1.0, 0.75], [0.75, 0.0]]).double()), 12)
        0.5
    """
    return potentials(fidelities, p).distance


@dataclass(frozen=True, eq=False)
class Transport:
    """A solved transport problem.

    Args:
        distance: ``W_p``.
        cost: ``W_p^p``, which is also the mean of both potentials together.
        real: the dual potential at each real state: how much of the cost hangs on it.
        generated: the same at each generated state.
    """

    distance: float
    cost: float
    real: Float[Tensor, " R"]
    generated: Float[Tensor, " G"]


def potentials(fidelities: Float[Tensor, "R G"], p: int = 1) -> Transport:
    """The transport problem of :func:`transport` with its dual potentials.

    ``W_p^p = mean_i f_i + mean_j g_j`` with ``f_i + g_j <= d_ij^p``. Where the weights of the
    states change a little, W_p^p changes as these means do.

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
    moved, log = ot.emd2([], [], np.ascontiguousarray(cost), numItermax=10**8, log=True)
    moved = max(0.0, float(moved))
    duals = [torch.as_tensor(log[key]) for key in ("u", "v")]
    return Transport(moved if p == 1 else moved**0.5, moved, *duals)


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

    It resolves no more than the floor does. On the four-qubit Ising data (512 against 300 states)
    fresh real draws score 1 with a deviation of 0.03, eight frozen real states 0.7 and 0.6 on
    average but above 0.9 in a lucky draw, and the eight that serve best 0.95 and 0.85: read it
    beside :func:`nearest_neighbour_ratio`, which is 0 for these.

    Args:
        w: distance of generated and held-out states.
        w0: the floor, distance of training and held-out states.
        w1: distance of the best single state and the held-out states.

    Returns:
        0 for a generator collapsed to one state, 1 for as good as more real data (a little more
        is luck), negative for worse than one state; nan where ``w1 - w0 < LEAST_RANGE``.

    Example:
        >>> skill(0.25, 0.25, 0.75), skill(0.75, 0.25, 0.75), skill(0.25, 0.25, 0.26)
        (1.0, 0.0, nan)
    """
    return 1 - (w - w0) / (w1 - w0) if w1 - w0 >= LEAST_RANGE else float("nan")


def drawn_potentials(fidelities: Float[Tensor, "R G"], n_draw: int, seed: int) -> Transport:
    """W_1 and its potentials, averaged over draws of ``n_draw`` columns.

    Of no more columns than that there is one draw: all. Potentials of generated states are those
    of the states that were drawn, averaged over the draws they were in.
    """
    n = fidelities.shape[1]
    if n <= n_draw:
        return potentials(fidelities)
    rng = np.random.default_rng(seed)
    draws = [torch.as_tensor(rng.choice(n, n_draw, replace=False)) for _ in range(N_DRAWS)]
    solved = [potentials(fidelities[:, drawn]) for drawn in draws]
    total, times = torch.zeros(n, dtype=torch.float64), torch.zeros(n, dtype=torch.float64)
    for drawn, one in zip(draws, solved, strict=True):
        total[drawn] += one.generated
        times[drawn] += 1
    distance = float(np.mean([one.distance for one in solved]))
    real = torch.stack([one.real for one in solved]).mean(0)
    return Transport(distance, distance, real, total[times > 0] / times[times > 0])
