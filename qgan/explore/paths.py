"""Walks through latent space: along one latent, and from one point to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.explore.observables import Sweep, measure, observables
from qgan.metrics import infidelity
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.states import States

FINEST = 1601
"""Points at which the length of a path is measured."""

Latent = Tensor | Sequence[float]


def sweep(
    model: Model,
    label: Any,
    axis: int,
    values: Tensor | Sequence[float],
    at: Latent | None = None,
) -> Sweep:
    """States and observables along one latent.

    Args:
        model: an opened run.
        label: a label as the data had it.
        axis: which latent is turned, from 0.
        values: its values, ``(P,)``.
        at: the other latents, ``(n_latent,)``; 0 by default.

    Returns:
        Positions, states, and the values of :func:`qgan.explore.observables.observables`.

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
    return Sweep(position, states, measure(states, observables(states.n_qubits)))


@dataclass(frozen=True, eq=False)
class Path:
    """A walk from one latent to another.

    Args:
        latent: its points, ``(S, n_latent)``.
        states: their states.
        infidelity: between neighbours, ``(S - 1,)``.
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
    """A straight path in latent space, in even steps of z or of infidelity.

    With "infidelity" the points cut the curve of states into pieces of equal Bures length
    ``int sqrt(g_B) dt = sum arccos sqrt F``, so that neighbours are equally far apart.

    Args:
        model: an opened run.
        label: a label as the data had it.
        start: the first point, ``(n_latent,)``.
        end: the last point.
        steps: points of the path, both ends among them, at least 2.
        metric: "latent" or "infidelity".

    Returns:
        Points, states, and the infidelity between neighbours.

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
    latent = first + place[:, None] * (last - first)
    states = prepare(model.sample(label, latent=latent.float()))
    return Path(latent, states, infidelity(states[slice(None, -1)], states[slice(1, None)]))


def _evenly(steps: Tensor, fine: Tensor, wanted: Tensor) -> Tensor:
    """Places at which the summed angle takes the wanted shares of its whole."""
    import numpy as np

    angle = torch.arcsin(steps.clamp(0, 1).sqrt())
    length = torch.cat([torch.zeros(1, dtype=torch.float64), angle.cumsum(0)])
    if float(length[-1]) < 1e-6:
        return wanted  # the state does not move: any steps are equal
    shares = (length / length[-1]).numpy()
    place = torch.from_numpy(np.interp(wanted.numpy(), shares, fine.numpy()))
    place[0], place[-1] = 0.0, 1.0  # also where the state stands still at an end
    return place


def _point(latent: Latent, n: int, name: str) -> Float[Tensor, " z"]:
    point = torch.as_tensor(latent, dtype=torch.float64)
    if point.shape != (n,) or not torch.isfinite(point).all():
        raise errors.argument(name, f"must be {n} finite numbers", point.tolist())
    return point
