"""The roughness of a walk against closed forms."""

from __future__ import annotations

import math

import pennylane as qml
import torch
from small_models import model, turning
from torch import Tensor

from qgan.evaluation.walk import N_STEPS, walk
from qgan.prior import Prior


def test_a_turn_by_z_is_smooth() -> None:
    """RY(z): a step d is ``|sin(d/2)|`` from its neighbour; independent z follow by integration."""
    steps = walk(turning().sampler, 0)
    assert steps is not None
    assert math.isclose(steps.step, math.sin(1 / N_STEPS), rel_tol=1e-4)
    z = torch.rand(200000, 2, generator=torch.Generator().manual_seed(0)) * 2 - 1
    expected = ((z[:, 0] - z[:, 1]) / 2).sin().abs().mean()
    assert math.isclose(steps.unrelated, float(expected), rel_tol=0.05)
    assert math.isclose(steps.roughness, steps.step / steps.unrelated)


def test_a_scrambled_latent_is_rough() -> None:
    def scrambled(label: Tensor, latent: Tensor) -> Tensor:
        return (1e5 * latent).sin() * 1e4

    rough = model(lambda x: qml.RY(x[..., 0], wires=0), 1, scrambled, output=1)
    steps = walk(rough.sampler, 0)
    assert steps is not None
    assert 0.9 < steps.roughness < 1.1


def test_nothing_is_said_without_a_continuous_latent_or_without_states_that_differ() -> None:
    assert walk(turning(prior=Prior(1, n_levels=2)).sampler, 0) is None
    still = model(lambda x: qml.RY(x[..., 0], wires=0), 1, lambda k, z: 0 * z + 0.4, output=1)
    steps = walk(still.sampler, 0)
    assert steps is not None
    assert math.isnan(steps.roughness)
