"""What latents follow, inversion and the atlas, where the answer is known."""

import math
import re
from dataclasses import replace

import numpy as np
import pennylane as qml
import pytest
import torch
from small_models import dephased, model, turned_data, turning
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.explore import factors, invert, sweep
from qgan.explore._mutual_information import mutual_information
from qgan.pictures import atlas
from qgan.prior import Prior
from qgan.states import States


def two_latents():
    """z_1 turns the state, z_0 does nothing."""
    return model(
        lambda x: qml.RY(x[..., 0], wires=0),
        1,
        lambda k, z: z[:, 1:] + torch.pi * k[:, None].to(z),
        Prior(2),
        output=1,
    )


def test_the_latent_that_turns_the_state_is_named():
    result = factors(two_latents(), turned_data())
    for label in (0, 1):
        rows = {(row.latent, row.name): row for row in result.of(label)}
        assert rows[1, "turn"].spearman > 0.99 and abs(rows[0, "turn"].spearman) < 0.15
        assert rows[1, "turn"].range_share > 0.99 and rows[0, "turn"].range_share < 0.01
        assert rows[1, "turn"].information > 3 and rows[0, "turn"].information < 0.15
        assert result.follower(label, "turn")[0] == 1
        assert result.sentence(label, 1).startswith("z_1: turn, Spearman +0.99") or (
            result.sentence(label, 1) == "z_1: turn, Spearman +1.00"
        )
        assert result.sentence(label, 0).startswith("z_0: nothing that is named here")
    assert rows[1, "⟨X⟩"].spearman < -0.99  # of label 1: <X> = sin(z + pi)
    assert "z_1: turn" in str(result)


def of_both(angle):
    """Two latents turn the one qubit together."""
    return model(
        lambda x: qml.RY(x[..., 0], wires=0),
        1,
        lambda k, z: angle(z)[:, None] + torch.pi * k[:, None].to(z),
        Prior(2),
        output=1,
    )


@pytest.mark.parametrize(
    ("angle", "sentence"),
    [
        (lambda z: z[:, 0], r"turn: followed by z_0, Spearman \+\d"),
        (
            lambda z: (z[:, 0] - z[:, 1]) / 2,
            r"turn: followed by \+0.7\d? z_0 -0.7\d? z_1, Spearman \+(1.00|0.9)",
        ),
        (
            lambda z: z[:, 0] * z[:, 1],
            r"turn: followed by no latent or direction alone \(most: z_\d, .*; R 0.[89]\d of all",
        ),
        (lambda z: 0 * z[:, 0], r"turn: followed by nothing \(R 0.00 of all"),
    ],
    ids=["one latent", "a direction", "a product", "none"],
)
def test_what_follows_a_factor_is_a_latent_a_direction_or_neither(angle, sentence):
    assert re.search(sentence, str(factors(of_both(angle), turned_data())))


def test_without_known_factors_observables_are_named():
    data = turned_data()
    bare = replace(data.held_out, factors=None)
    data = replace(data, train=bare, validation=bare, held_out=bare, factor_names=())
    assert "⟨X⟩, Spearman +1.00" in factors(turning(), data).sentence(0, 0)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_mutual_information_of_gaussians(correlation):
    rng = np.random.default_rng(1)
    a, noise = rng.normal(size=(2, 2000))
    b = correlation * a + math.sqrt(1 - correlation**2) * noise
    bits = -0.5 * math.log2(1 - correlation**2)
    estimate = mutual_information(torch.from_numpy(a), torch.from_numpy(np.exp(b)))
    assert estimate == pytest.approx(bits, abs=0.07)


def test_a_level_that_decides_gives_its_entropy():
    level = torch.arange(1000) % 2
    other = level + 0.3 * torch.rand(1000, generator=torch.Generator().manual_seed(0))
    assert mutual_information(level.double(), other.double()) == pytest.approx(1.0, abs=0.1)


def test_a_state_of_the_family_is_placed_where_it_was_made():
    z = torch.tensor([-0.93, -0.2, 0.41, 1.0])
    for run in (turning(), dephased()):
        states = sweep(run, 0, 0, z).states
        inversion = invert(run, states, 0)
        expected = z if run.sampler.circuit.registers.n_wires == 1 else z.abs()
        latent = inversion.latent[:, 0] if expected is z else inversion.latent[:, 0].abs()
        assert_close(latent, expected.double(), rtol=0, atol=2e-2)
        assert float(inversion.fidelity.min()) > 0.9999


def test_the_label_is_found_too_and_fidelity_is_that_of_the_states():
    part = turned_data().held_out
    inversion = invert(turning(), part.states)
    assert inversion.label.tolist() == part.label.tolist()
    assert float(inversion.fidelity.min()) > 0.9999
    far = States(torch.tensor([[[1.0], [1.0j]]], dtype=torch.complex128) / 2**0.5)
    assert float(invert(turning(), far).fidelity[0]) == pytest.approx(0.5, abs=1e-6)


def test_a_discrete_latent_stays_on_its_levels():
    run = turning(1.0, Prior(1, n_levels=3))
    target = sweep(run, 0, 0, [0.4]).states
    assert invert(run, target, 0).latent.tolist() == [[0.0]]


def test_states_of_other_qubits_are_refused():
    with pytest.raises(QganError, match="`states` must have 1 qubits, but got 2"):
        invert(turning(), States(torch.eye(4, dtype=torch.complex128)[:1, :, None]))


@pytest.mark.parametrize("build_model", [turning, two_latents], ids=["a line", "a map"])
def test_an_atlas_is_drawn(build_model, tmp_path):
    path = atlas(build_model(), turned_data(n=9), tmp_path / "atlas.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_an_angle_is_followed_wherever_its_circle_is_cut():
    """z turns the state by a whole circle; the factor is its angle, cut in the middle of z."""
    full = turned_data(math.pi, n=80)
    angle = math.pi * full.train.factors % (2 * math.pi)
    part = replace(full.train, factors=angle)
    data = replace(full, train=part, validation=part, held_out=part)
    whole = turning(math.pi)
    as_number = factors(whole, data)
    result = factors(whole, replace(data, factor_periods=(2 * math.pi,)))
    for label in (0, 1):
        (row,) = (row for row in result.of(label) if row.name == "turn")
        (cut,) = (row for row in as_number.of(label) if row.name == "turn")
        assert row.spearman > 0.99 and row.range_share == 1 and abs(cut.spearman) < 0.6
        assert result.sentence(label, 0).startswith("z_0: turn, circular correlation +")
        (follower,) = (f for f in result.followers_of(label) if f.name == "turn")
        assert follower.alone and "circular correlation" in str(follower)
        assert result.follower(label, "turn")[0] == 0
