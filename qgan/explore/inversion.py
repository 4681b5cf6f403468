"""From a state back to the label and latent that make the nearest generated one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.explore.differentiable import Smooth, smooth_states
from qgan.metrics import fidelity_matrix
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.states import States

CANDIDATES = 1024
"""Latents drawn for each label; the descent starts at the nearest of them."""
STARTS = 3
STEPS, RATE = 60, 0.03
AT_A_TIME = 256
"""States inverted at a time."""


@dataclass(frozen=True, eq=False)
class Inversion:
    """Where states lie in latent space.

    Args:
        label: class indices, ``(N,)``.
        latent: ``(N, n_latent)``.
        fidelity: with the generated state there, ``(N,)``.
    """

    label: Int[Tensor, " N"]
    latent: Float[Tensor, "N z"]
    fidelity: Float[Tensor, " N"]


def invert(
    model: Model, states: States, label: Any = None, steps: int = STEPS, seed: int = 0
) -> Inversion:
    """The latent (and label) whose generated state is nearest to each of some states.

    ``argmax_z F(rho_G(label, z), sigma)`` by gradient descent from several starts, the nearest
    of many draws from the prior; z stays in [-1, 1], a discrete entry on its levels.

    Args:
        model: an opened run.
        states: N states.
        label: a label as the data had it; None tries all.
        steps: of the descent (Adam, 0.03 falling to 0), at least 0.
        seed: of the draws.

    Returns:
        Labels, latents and fidelities reached.

    Raises:
        QganError: for an unknown label, states of other qubits, or a generator with no latent.
    """
    smooth = smooth_states(model.sampler)
    n_qubits = model.sampler.n_qubits
    if states.n_qubits != n_qubits:
        raise errors.argument("states", f"must have {n_qubits} qubits", states.n_qubits)
    classes = range(len(model.label_values)) if label is None else [model.index(label)]
    targets, best = prepare(states), None
    for k in classes:
        parts = [
            _descend(model, smooth, targets[slice(at, at + AT_A_TIME)], k, steps, seed)
            for at in range(0, len(targets), AT_A_TIME)
        ]
        latent = torch.cat([z for z, _ in parts])
        fidelity = torch.cat([f for _, f in parts])
        found = Inversion(torch.full((len(targets),), k), latent, fidelity)
        best = found if best is None else _better(best, found)
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
    model: Model, smooth: Smooth, targets: States, label: int, steps: int, seed: int
) -> tuple[Tensor, Tensor]:
    """Best latent ``(N, z)`` and its fidelity ``(N,)`` of one label."""
    prior, n = model.sampler.prior, len(targets)
    drawn = prior.sample(CANDIDATES, torch.Generator().manual_seed(seed))
    made = prepare(model.sampler.exact_states(torch.full((CANDIDATES,), label), drawn))
    nearest = fidelity_matrix(targets, made).topk(STARTS, dim=1).indices
    z = drawn[nearest.flatten()].double().requires_grad_()
    every = torch.full((len(z),), label)
    wanted = targets[torch.arange(n).repeat_interleave(STARTS)]
    optimiser = torch.optim.Adam([z], lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, max(1, steps))
    best, fidelity = z.detach().clone(), torch.full((len(z),), -1.0, dtype=torch.float64)
    for step in range(steps + 1):
        with torch.enable_grad():
            reached = smooth(every, z).fidelity(wanted)
        better = reached.detach() > fidelity
        best[better], fidelity[better] = z.detach()[better], reached.detach()[better]
        if step == steps:
            break
        optimiser.zero_grad()
        (-reached.sum()).backward()
        if prior.n_levels and z.grad is not None:
            z.grad[:, -1] = 0.0  # a discrete entry stays on the level it started from
        optimiser.step()
        schedule.step()
        with torch.no_grad():
            z.clamp_(-1, 1)
    top = fidelity.reshape(n, STARTS).argmax(1) + STARTS * torch.arange(n)
    return best[top], fidelity[top].clamp(0, 1)
