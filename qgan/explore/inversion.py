"""From a state to the label and latent whose generated state is nearest to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.explore.differentiable import SmoothStates, smooth_states
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
    nearest of many draws from the prior. The latent stays in [-1, 1], and a discrete entry stays
    on its levels.

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
    smooth, steps = smooth_states(model.sampler), errors.integer("steps", steps, least=0)
    n_qubits = model.sampler.n_qubits
    if states.n_qubits != n_qubits:
        raise errors.argument("states", f"must have {n_qubits} qubits", states.n_qubits)
    classes = range(len(model.label_values)) if label is None else [model.index(label)]
    targets, best = prepare(states), None
    for index in classes:
        chunks = [
            _descend(model, smooth, targets[start : start + CHUNK], index, steps, seed)
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
    candidates = prepare(model.sampler.exact_states(torch.full((CANDIDATES,), label), latents))
    nearest = fidelity_matrix(targets, candidates).topk(STARTS, dim=1).indices
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
            z.clamp_(-1, 1)
    top = fidelity.reshape(n, STARTS).argmax(1) + STARTS * torch.arange(n)
    return best[top], fidelity[top].clamp(0, 1)
