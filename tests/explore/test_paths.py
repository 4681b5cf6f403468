"""Walks through latent space against closed forms."""

import math

import pennylane as qml
import pytest
import torch
from small_models import model, turning
from tolerances import SINGLE
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.explore import interpolate, sweep
from qgan.prior import Prior


def test_a_sweep_measures_what_the_rotation_makes():
    z = torch.linspace(-1, 1, 9)
    walk = sweep(turning(), 0, 0, z)
    assert_close(walk.values, torch.stack([z.sin(), z.cos()], 1).double(), **SINGLE)
    assert_close(sweep(turning(), 1, 0, z).values, -walk.values, **SINGLE)


def test_a_sweep_starts_where_it_is_told():
    both = model(
        lambda x: qml.RY(x[..., 0], wires=0), 1, lambda k, z: z.sum(1)[:, None], Prior(2), output=1
    )
    walk = sweep(both, 0, 1, [0.0, 0.5], at=[0.25, 9.0])
    assert_close(walk.values[:, 0], torch.tensor([0.25, 0.75]).sin().double(), **SINGLE)


def cubic():
    return model(lambda x: qml.RY(x[..., 0], wires=0), 1, lambda k, z: z**3, output=1)


def test_even_steps_of_infidelity_cut_the_arc_into_equal_pieces():
    walk = interpolate(cubic(), 0, [0.0], [1.0], 6, metric="infidelity")
    expected = torch.linspace(0, 1, 6, dtype=torch.float64) ** (1 / 3)
    assert_close(walk.latent[:, 0], expected, rtol=0, atol=2e-3)
    assert_close(walk.infidelity, torch.full((5,), math.sin(0.1) ** 2).double(), rtol=0, atol=2e-4)


def test_even_steps_of_latent_are_straight():
    walk = interpolate(cubic(), 0, [-1.0], [1.0], 5)
    assert walk.latent[:, 0].tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert float(walk.infidelity[0]) == pytest.approx(math.sin(0.4375) ** 2, abs=1e-5)


def test_a_path_on_which_nothing_moves_is_even():
    still = model(lambda x: qml.RY(x[..., 0], wires=0), 1, lambda k, z: 0 * z, output=1)
    walk = interpolate(still, 0, [-1.0], [1.0], 3, metric="infidelity")
    assert walk.latent[:, 0].tolist() == [-1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: sweep(m, 0, 1, [0.0]), "`axis` must be from 0 to 0, but got 1"),
        (lambda m: sweep(m, 0, 0, []), r"`values` must have shape \(P,\)"),
        (lambda m: interpolate(m, 0, [0.0], [math.nan], 3), "`end` must be 1 finite numbers"),
        (lambda m: interpolate(m, 0, [0.0], [1.0], 1), "`steps` must be at least 2, but got 1"),
        (lambda m: interpolate(m, 0, [0.0], [1.0], 3, metric="x"), "`metric` must be latent or"),
        (lambda m: sweep(m, 2, 0, [0.0]), "`label` must be one of"),
    ],
)
def test_wrong_requests_are_refused(call, message):
    with pytest.raises(QganError, match=message):
        call(turning())
