"""From a state to the label and latent whose generated state is nearest to it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.explore.differentiable import SmoothStates, smooth_states
from qgan.generator import Generator
from qgan.metrics import fidelity_matrix
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.seeds import seeded
from qgan.states import States

__all__ = ["Inversion", "invert"]

CANDIDATES = 1024
"""Number of latents that are drawn for each label; the descent starts at the nearest of them."""
STARTS = 3
STEPS, RATE = 60, 0.03
MOST_LEVELS = 2**14
"""Most latents of a generator of bits that are all compared with each state."""
CHUNK = 256
"""Number of states that are inverted at a time."""


@dataclass(frozen=True, eq=False)
class Inversion:
    """Where states lie in latent space.

    Args:
        label: class indices, ``(N,)``.
        latent: the latents, ``(N, n_latent)``.
        fidelity: fidelity of each state with the state that is generated there, ``(N,)``.
    """

    label: Int[Tensor, " N"]
    latent: Float[Tensor, "N z"]
    fidelity: Float[Tensor, " N"]


def invert(
    model: Model, states: States, label: Any = None, steps: int = STEPS, seed: int = 0
) -> Inversion:
    """Find, for each state, the label and latent whose generated state is nearest to it.

    ``argmax_z F(rho_G(label, z), sigma)`` is searched by gradient ascent from several starts, the
    nearest of many draws from the prior. The latent stays in the range of the prior, an angle goes
    round, and a discrete entry stays on its levels. A generator that holds its latent in bits has
    no gradient: of up to 16,384 latents all are compared, and of more the nearest draws are moved
    level by level.

    Args:
        model: an opened run.
        states: N states.
        label: a label as the data name it; None tries all labels.
        steps: number of steps (Adam, with a rate that falls from 0.03 to 0), at least 0.
        seed: seed of the draws.

    Returns:
        The labels and latents, and the fidelities that they reach.

    Raises:
        QganError: for an unknown label, states of other qubits, or a generator with no latent.
    """
    steps, rounded = errors.integer("steps", steps, least=0), model.sampler.levels is not None
    smooth = None if rounded else smooth_states(model.sampler)
    n_qubits = model.sampler.n_qubits
    if states.n_qubits != n_qubits:
        raise errors.argument("states", f"must have {n_qubits} qubits", states.n_qubits)
    classes = range(len(model.label_values)) if label is None else [model.index(label)]
    targets, best = prepare(states), None
    for index in classes:
        chunks = [
            _search(model, targets[start : start + CHUNK], index, steps, seed)
            if smooth is None
            else _descend(model, smooth, targets[start : start + CHUNK], index, steps, seed)
            for start in range(0, len(targets), CHUNK)
        ]
        latent = torch.cat([z for z, _ in chunks])
        fidelity = torch.cat([f for _, f in chunks])
        inversion = Inversion(torch.full((len(targets),), index), latent, fidelity)
        best = inversion if best is None else _better(best, inversion)
    assert best is not None
    return best


def _better(a: Inversion, b: Inversion) -> Inversion:
    second = b.fidelity > a.fidelity
    return Inversion(
        torch.where(second, b.label, a.label),
        torch.where(second[:, None], b.latent, a.latent),
        torch.where(second, b.fidelity, a.fidelity),
    )


def _descend(
    model: Model, smooth: SmoothStates, targets: States, label: int, steps: int, seed: int
) -> tuple[Tensor, Tensor]:
    """The best latents of one label ``(N, z)``, and the fidelities there ``(N,)``."""
    prior, n = model.sampler.prior, len(targets)
    latents = prior.sample(CANDIDATES, seeded(seed))
    nearest = _fidelities(model, targets, label, latents).topk(STARTS, dim=1).indices
    z = latents[nearest.flatten()].double().requires_grad_()
    classes = torch.full((len(z),), label)
    goals = targets[torch.arange(n).repeat_interleave(STARTS)]
    optimiser = torch.optim.Adam([z], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
    best, fidelity = z.detach().clone(), torch.full((len(z),), -1.0, dtype=torch.float64)
    for step in range(steps + 1):
        with torch.enable_grad():
            overlap = smooth(classes, z).fidelity(goals)
        better = overlap.detach() > fidelity
        best[better], fidelity[better] = z.detach()[better], overlap.detach()[better]
        if step == steps:
            break
        optimiser.zero_grad()
        (-overlap.sum()).backward()
        if prior.n_levels and z.grad is not None:
            z.grad[:, -1] = 0.0  # a discrete entry stays on the level it started from
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            z.copy_(prior.into_range(z))
    top = fidelity.reshape(n, STARTS).argmax(1) + STARTS * torch.arange(n)
    return best[top], fidelity[top].clamp(0, 1)


def _search(
    model: Model, targets: States, label: int, steps: int, seed: int
) -> tuple[Tensor, Tensor]:
    """The best latents of one label on the levels ``(N, z)``, and the fidelities there ``(N,)``."""
    latents, is_all = _candidates(model.sampler, seed)
    fidelities, nearest = _fidelities(model, targets, label, latents).topk(
        min(STARTS, len(latents)), dim=1
    )
    if is_all or not steps:
        return latents[nearest[:, 0]].double(), fidelities[:, 0].clamp(0, 1)
    starts = nearest.shape[1]
    goals = targets[torch.arange(len(targets)).repeat_interleave(starts)]
    z, fidelity = latents[nearest.flatten()], fidelities.flatten()
    for _ in range(steps):
        before = fidelity.clone()
        for move in _moves(model.sampler):
            moved = _moved(model.sampler, z, move)
            states = prepare(model.sampler.exact_states(torch.full((len(z),), label), moved))
            overlap = states.fidelity(goals)
            better = overlap > fidelity
            z[better], fidelity[better] = moved[better], overlap[better]
        if torch.equal(before, fidelity):
            break
    top = fidelity.reshape(-1, starts).argmax(1) + starts * torch.arange(len(targets))
    return z[top].double(), fidelity[top].clamp(0, 1)


def _moves(generator: Generator) -> list[Tensor]:
    """Steps of 1, 2, 4, ... levels along each continuous latent in both directions, as shares."""
    levels, prior = generator.levels, generator.prior
    assert levels is not None
    n_moving = prior.n_latent - bool(prior.n_levels)
    n_bits = len(levels).bit_length() - 1
    unit = torch.eye(prior.n_latent)[:n_moving] / len(levels)
    return [sign * 2**k * step for k in range(n_bits) for step in unit for sign in (1, -1)]


def _moved(generator: Generator, z: Tensor, move: Tensor) -> Tensor:
    """Latents moved by shares of the prior; an angle goes round, others stay at the last level."""
    levels, prior = generator.levels, generator.prior
    assert levels is not None
    shares, edge = prior.shares(z) + move, 0.5 / len(levels)
    angles = torch.tensor(prior.wraps, dtype=torch.bool)
    inside = torch.where(angles, shares.remainder(1), shares.clamp(edge, 1 - edge))
    return torch.where(move != 0, prior.at(inside), z)


def _candidates(generator: Generator, seed: int) -> tuple[Tensor, bool]:
    """All latents that make different states, or draws of the prior where they are too many."""
    axes = generator.latent_axes()
    assert axes is not None
    if math.prod(map(len, axes)) > MOST_LEVELS:
        return generator.prior.sample(MOST_LEVELS, seeded(seed)), False
    return torch.cartesian_prod(*axes).reshape(-1, generator.n_latent).float(), True


def _fidelities(model: Model, targets: States, label: int, latents: Tensor) -> Tensor:
    """Fidelity of each target with the state of each latent, ``(N, M)``."""
    states = prepare(model.sampler.exact_states(torch.full((len(latents),), label), latents))
    return fidelity_matrix(targets, states)
