"""Inversion of generators that hold their latent in bits."""

from __future__ import annotations

import pytest
import torch
from tolerances import FIDELITY
from torch.testing import assert_close

from circuits import BitRegisterCircuit, Registers
from qgan import Generator, Model
from qgan.errors import QganError
from qgan.explore import invert, sensitivity
from qgan.prior import Prior


def of_bits(n_bits: int, n_latent: int = 2, prior: Prior | None = None) -> Model:
    """A model of two labels whose circuit holds z in bits."""
    registers = Registers(output=2, label=1, latent=n_bits * n_latent)
    circuit = BitRegisterCircuit(registers, 2, n_latent=n_latent)
    made = Generator(circuit, 2, n_latent, prior=prior, spread=1.0)
    return Model(made.requires_grad_(False), (0, 1), "best", 7)


def test_a_generated_state_is_inverted() -> None:
    model = of_bits(3)
    latent = torch.tensor([[0.3, -0.9], [-0.6, 0.1], [0.9, 0.9]])
    label = torch.tensor([0, 1, 1])
    states = model.sampler.exact_states(label, latent)
    inversion = invert(model, states)
    assert_close(inversion.fidelity, torch.ones(3, dtype=torch.float64), **FIDELITY)
    again = model.sampler.exact_states(inversion.label, inversion.latent)
    assert_close(again.fidelity(states), torch.ones(3, dtype=torch.float64), **FIDELITY)


def test_of_many_levels_the_nearest_draws_are_moved() -> None:
    """A million pairs of levels: draws alone come less near."""
    model = of_bits(10)
    latent = torch.tensor([[0.3, -0.9], [-0.6, 0.1], [0.9, 0.9]])
    states = model.sampler.exact_states(torch.tensor([0, 1, 1]), latent)
    drawn, moved = invert(model, states, steps=0), invert(model, states)
    assert (moved.fidelity > drawn.fidelity).all()
    assert moved.fidelity.min() > 0.9999
    again = model.sampler.exact_states(moved.label, moved.latent)
    assert_close(again.fidelity(states), moved.fidelity, **FIDELITY)


def test_a_discrete_entry_stays_on_its_levels() -> None:
    model = of_bits(3, prior=Prior(2, n_levels=2))
    states = model.sampler.exact_states(torch.tensor([0, 1]), torch.tensor([[0.3, -1], [0.5, 1]]))
    inversion = invert(model, states)
    assert inversion.latent[:, 1].abs().tolist() == [1.0, 1.0]
    assert_close(inversion.fidelity, torch.ones(2, dtype=torch.float64), **FIDELITY)


def test_sensitivity_is_refused_by_name() -> None:
    with pytest.raises(QganError, match="holds the latent in bits"):
        sensitivity(of_bits(2), 0, [0.1, 0.2])
