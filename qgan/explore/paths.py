"""Walks through latent space: along one latent, and from one point to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.explore.observables import Sweep, mean_values, observables
from qgan.metrics import infidelity
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.states import States

__all__ = ["Path", "interpolate", "sweep"]

FINEST = 1601
"""Number of points at which the length of a path is computed."""

Latent = Tensor | Sequence[float]


def sweep(
    model: Model,
    label: Any,
    axis: int,
    values: Tensor | Sequence[float],
    at: Latent | None = None,
) -> Sweep:
    """Turn one latent of a run and compute the states and their observables.

    Args:
        model: an opened run.
        label: a label as the data name it.
        axis: index of the latent that is turned, from 0.
        values: the values that it takes, ``(P,)``.
        at: where the other latents stay, ``(n_latent,)``; 0 by default.

    Returns:
        The positions, the states, and the values of :func:`qgan.explore.observables.observables`.

    Raises:
        QganError: for an unknown label or axis, or a latent of another width.
    """
    n = model.sampler.n_latent
    if not 0 <= axis < n:
        raise errors.argument("axis", f"must be from 0 to {n - 1}", axis)
    position = torch.as_tensor(values, dtype=torch.float64)
    if position.ndim != 1 or not len(position):
        raise errors.argument("values", "must have shape (P,)", tuple(position.shape))
    latent = _point(torch.zeros(n) if at is None else at, n, "at").repeat(len(position), 1)
    latent[:, axis] = position
    states = prepare(model.sample(label, latent=latent.float()))
    return Sweep(position, states, mean_values(states, observables(states.n_qubits)))


@dataclass(frozen=True, eq=False)
class Path:
    """A walk from one latent to another.

    Args:
        latent: the points of the walk, ``(S, n_latent)``.
        states: the generated states at these points.
        infidelity: infidelity between neighbouring states, ``(S - 1,)``.
    """

    latent: Float[Tensor, "S z"]
    states: States
    infidelity: Float[Tensor, " S-1"]


def interpolate(
    model: Model,
    label: Any,
    start: Latent,
    end: Latent,
    steps: int,
    metric: str = "latent",
) -> Path:
    """Walk straight from one latent to another, in even steps of z or of infidelity.

    A latent that is an angle goes the shorter way round.

    With "infidelity" the points cut the curve of states into pieces of equal Bures length
    ``int sqrt(g_B) dt = sum arccos sqrt F``, so that neighbours are equally far apart.

    Args:
        model: an opened run.
        label: a label as the data name it.
        start: the first point, ``(n_latent,)``.
        end: the last point, ``(n_latent,)``.
        steps: number of points with both ends, at least 2.
        metric: what is even from point to point: "latent" or "infidelity".

    Returns:
        The points, the states, and the infidelity between neighbours.

    Raises:
        QganError: for an unknown label or metric, a latent of another width, or too few steps.
    """
    n = model.sampler.n_latent
    first, last = _point(start, n, "start"), _point(end, n, "end")
    if steps < 2:
        raise errors.argument("steps", "must be at least 2", steps)
    if metric not in ("latent", "infidelity"):
        raise errors.argument("metric", "must be latent or infidelity", repr(metric))
    place = torch.linspace(0, 1, steps, dtype=torch.float64)
    if metric == "infidelity":
        fine = torch.linspace(0, 1, FINEST, dtype=torch.float64)
        place = _evenly(_walk(model, label, first, last, fine).infidelity, fine, place)
    return _walk(model, label, first, last, place)


def _walk(model: Model, label: Any, first: Tensor, last: Tensor, place: Tensor) -> Path:
    latent = first + place[:, None] * model.sampler.prior.between(first, last)
    states = prepare(model.sample(label, latent=latent.float()))
    return Path(latent, states, infidelity(states[:-1], states[1:]))


def _evenly(steps: Tensor, fine: Tensor, shares: Tensor) -> Tensor:
    """The places along a path at which its length reaches some shares of the whole length."""
    import numpy as np

    angle = torch.arcsin(steps.clamp(0, 1).sqrt())
    length = torch.cat([torch.zeros(1, dtype=torch.float64), angle.cumsum(0)])
    if float(length[-1]) < 1e-6:
        return shares  # the state does not change, so any steps are even
    lengths = (length / length[-1]).numpy()
    place = torch.from_numpy(np.interp(shares.numpy(), lengths, fine.numpy()))
    place[0], place[-1] = 0.0, 1.0  # even where the state does not change near an end
    return place


def _point(latent: Latent, n: int, name: str) -> Float[Tensor, " z"]:
    point = torch.as_tensor(latent, dtype=torch.float64)
    if point.shape != (n,) or not torch.isfinite(point).all():
        raise errors.argument(name, f"must be {n} finite numbers", point.tolist())
    return point
