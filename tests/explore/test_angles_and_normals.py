"""Latents that are angles or normal, where the states are known: cos(a)|0> + e^{iz} sin(a)|1>."""

from __future__ import annotations

import math

import pennylane as qml
import pytest
import torch
from small_models import model
from tolerances import FIDELITY, SINGLE
from torch.testing import assert_close
from two_parts import two_parts

from circuits import BitRegisterCircuit, Registers
from qgan import Generator, Model
from qgan.batch import Batch
from qgan.evaluation.walk import walk
from qgan.explore import factors, interpolate, invert
from qgan.explore.observables import sweep_observables
from qgan.metrics.ensembles.angles import following_correlations
from qgan.page.explorer import Explorer
from qgan.page.static import grid_axes
from qgan.prior import Prior
from qgan.states import States

TURN = 2 * math.pi
ANGLE = Prior(1, kinds="periodic")


def circle(prior: Prior = ANGLE) -> Model:
    """One qubit that the first latent turns round the axis Z; the label mixes it."""

    def queue(x: torch.Tensor) -> None:
        qml.RY(x[..., 1], wires=0)
        qml.RZ(x[..., 0], wires=0)

    def angles(label: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        return torch.stack([z[:, 0], math.pi / 4 * (1 + label.to(z))], 1)

    return model(queue, 2, angles, prior, output=1)


def circles() -> Batch:
    """The states of the circle at 60 phases of each label, with the phase as their factor."""
    phase = torch.arange(60, dtype=torch.float64).repeat(2) * TURN / 60
    label = torch.arange(2).repeat_interleave(60)
    half = math.pi / 8 * (1 + label.double())
    vectors = torch.stack([half.cos().to(torch.complex128), torch.polar(half.sin(), phase)], 1)
    return Batch(States(vectors[..., None]), label, phase[:, None])


def data():
    return two_parts(circles(), circles(), 2, ("phi",), (TURN,))


def test_the_phase_is_followed_by_the_angle() -> None:
    table = factors(circle(), data())
    for label in (0, 1):
        rows = {row.name: row for row in table.of(label)}
        assert rows["phi"].spearman > 0.99
        assert rows["phi"].range_share > 0.97
        assert rows["⟨X⟩"].spearman > 0.99  # cos(z): no number could follow it
        assert table.sentence(label, 0).startswith("z_0: ")
    assert all(f.alone for f in table.followers if f.name == "phi")


def test_a_number_follows_an_angle_by_cosine_and_sine() -> None:
    z = ANGLE.sample(400, torch.Generator().manual_seed(0)).double()
    values = torch.cat([(z - 1).cos(), z, torch.ones_like(z)], 1)
    found = following_correlations(z, values, (True,), (None, TURN, None))
    assert found[0, 0] > 0.99
    assert_close(found[0, 1:], torch.tensor([1.0, 0.0]).double(), **SINGLE)
    assert abs(following_correlations(z, values)[0, 0]) < 0.9  # read as numbers, it is lost


def test_states_are_inverted_across_the_cut() -> None:
    phase = torch.tensor([0.001, 3.0, TURN - 0.001])
    states = circle().sample(1, latent=phase[:, None])
    inversion = invert(circle(), states, 1)
    assert_close(inversion.fidelity, torch.ones(3).double(), **FIDELITY)
    assert ((inversion.latent >= 0) & (inversion.latent < TURN)).all()
    apart = (inversion.latent[:, 0] - phase + math.pi).remainder(TURN) - math.pi
    assert apart.abs().max() < 0.01


@pytest.mark.parametrize("kinds", ["periodic", "normal"])
def test_bits_are_inverted(kinds: str) -> None:
    registers = Registers(output=2, label=1, latent=20)
    circuit = BitRegisterCircuit(registers, 2, n_latent=2)
    made = Generator(circuit, 2, prior=Prior(2, kinds=kinds), spread=1.0)
    bits = Model(made.requires_grad_(False), (0, 1), "best", 7)
    states = bits.sample(n=3, seed=4)
    drawn, moved = invert(bits, states, steps=0), invert(bits, states)
    assert (moved.fidelity > drawn.fidelity).all()
    assert moved.fidelity.min() > 0.9999
    assert moved.latent.isfinite().all()


def test_a_path_goes_the_shorter_way_round() -> None:
    path = interpolate(circle(), 1, [TURN - 0.5], [0.5], 5)
    assert_close(path.latent[:, 0] - TURN, torch.linspace(-0.5, 0.5, 5).double(), **SINGLE)
    step = math.sin(0.25 / 2) ** 2  # of two states on the equator
    assert_close(path.infidelity, torch.full((4,), step).double(), **SINGLE)


def test_a_sweep_closes() -> None:
    sweep = sweep_observables(circle().sampler.exact_states, 1, ANGLE, 0, 9)
    assert_close(sweep.values[0], sweep.values[-1], **SINGLE)
    assert_close(sweep.values[:, 0], torch.linspace(0, TURN, 9).double().cos(), **SINGLE)


@pytest.mark.parametrize("kinds", ["periodic", "normal"])
def test_a_step_of_a_walk_has_the_same_probability(kinds: str) -> None:
    steps = walk(circle(Prior(1, kinds=kinds)).sampler, 1)
    assert steps is not None
    if kinds == "periodic":
        assert steps.step == pytest.approx(math.sin(TURN / 64 / 2), rel=1e-4)
    assert 0 < steps.step < steps.unrelated


def test_the_page_is_told_the_ranges() -> None:
    prior = Prior(2, kinds=("periodic", "normal"))
    about = Explorer(circle(prior), data(), "circle").about()
    assert about["kinds"] == ["periodic", "normal"]
    assert about["ranges"] == [[0.0, TURN], [-3.0, 3.0]]
    axes = grid_axes(prior, 100)
    assert [(axis[0], axis[-1]) for axis in axes] == [(0.0, TURN), (-3.0, 3.0)]
    explorer = Explorer(circle(prior), data(), "circle")
    assert explorer.states(0, [[TURN, 3]])["rank"] == 1
    with pytest.raises(Exception, match="must be from -3 to 3"):
        explorer.states(0, [[0.0, 3.1]])
    with pytest.raises(Exception, match=r"must be from 0 to 6\.2832"):
        explorer.states(0, [[-0.1, 0.0]])
