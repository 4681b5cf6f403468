"""How smooth the walk through a label is: states of neighbouring latents against unrelated ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from qgan.generator import Generator
from qgan.seeds import seeded

__all__ = ["Walk", "walk"]

N_POINTS = 1024
"""Latents of each label that are compared with their neighbours."""
N_STEPS = 64
"""Steps that a latent takes through its range, if it is not held in fewer levels."""


@dataclass(frozen=True)
class Walk:
    """How far states lie apart under the metric ``sqrt(1 - F)``, on average over latents.

    Args:
        step: between the states of neighbouring latents, one of which differs by a step.
        unrelated: between the states of independent latents.
    """

    step: float
    unrelated: float

    @property
    def roughness(self) -> float:
        """The step as a share of the distance of unrelated states.

        It is near 0 if neighbouring latents make neighbouring states, and 1 if they have nothing to
        do with each other; nan if the states of the label do not differ.
        """
        return self.step / self.unrelated if self.unrelated > 1e-6 else math.nan


def walk(generator: Generator, label: int, seed: int = 0) -> Walk | None:
    """Compare the states of latents a step apart with those of independent latents.

    A step is 1/64 of the probability of the prior, or from one level to the next where the circuit
    holds a latent in fewer levels. Only one latent takes it, each in its turn; a discrete entry
    takes none.

    Args:
        generator: a generator.
        label: the class index.
        seed: seed of the latents.

    Returns:
        The distances; None without a continuous latent.
    """
    prior, levels = generator.prior, generator.levels
    n_moving = prior.n_latent - bool(prior.n_levels)
    if not n_moving:
        return None
    rng = seeded(seed)
    first, other = prior.sample(N_POINTS, rng), prior.sample(N_POINTS, rng)
    size = 1 / (N_STEPS if levels is None else min(N_STEPS, len(levels)))
    shares, place = prior.shares(first), torch.arange(N_POINTS) % n_moving
    rows = torch.arange(N_POINTS)
    inwards = torch.where(shares[rows, place] > 0.5, -size, size)
    shares[rows, place] += inwards
    moved = first.clone()
    moved[rows, place] = prior.at(shares)[rows, place]
    classes = torch.full((N_POINTS,), label)
    here = generator.exact_states(classes, first)

    def distance(latent: Tensor) -> float:
        fidelity = here.fidelity(generator.exact_states(classes, latent))
        return float((1 - fidelity).clamp_min(0).sqrt().mean())

    return Walk(distance(moved), distance(other))
