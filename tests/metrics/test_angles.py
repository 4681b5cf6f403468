"""Factors that are angles: what turns them is seen wherever their circle is cut."""

import math

import numpy as np
import pytest
import torch

from qgan import metrics
from qgan.errors import QganError

TURN = 2 * math.pi


def latents(n: int, n_latent: int = 1, seed: int = 0) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(seed).uniform(-1, 1, (n, n_latent)))


def both(z: torch.Tensor, angle: torch.Tensor) -> tuple[float, float]:
    """The circular rank correlation with the first latent, and R."""
    single = metrics.circular_rank_correlations(z, angle[:, None])[0, 0]
    return float(single), float(metrics.multiple_angle_correlation(z, angle[:, None]))


@pytest.mark.parametrize("offset", [0.0, 1.5, 3.1, -40.0])
@pytest.mark.parametrize("n_latent", [1, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_angle_that_a_latent_turns_once(offset: float, n_latent: int, sign: int) -> None:
    z = latents(1000, n_latent)
    single, multiple = both(z, sign * math.pi * z[:, 0] + offset)
    assert single == pytest.approx(sign, abs=1e-9) and multiple > 0.995
    cut = (math.pi * z[:, 0]).remainder(TURN)[:, None]  # the measures of a number are blind to it
    assert float(metrics.multiple_rank_correlation(z, cut)) < 0.8
    assert abs(float(metrics.rank_correlations(z, cut)[0])) < 0.6


def test_a_monotone_map_of_the_latent_changes_no_measure() -> None:
    z = latents(500)
    for mapped in (z.exp(), z**3, 5 * z - 2):
        assert both(mapped, math.pi * z[:, 0]) == pytest.approx(both(z, math.pi * z[:, 0]))


def test_circular_ranks_against_the_definition() -> None:
    rng = np.random.default_rng(1)
    z, a = rng.normal(size=(50, 2)), rng.uniform(0, TURN, (50, 3))
    expected = np.zeros((2, 3))
    for entry, k in np.ndindex(2, 3):
        alpha = TURN * (1 + a[:, k].argsort().argsort()) / 50
        beta = TURN * (1 + z[:, entry].argsort().argsort()) / 50
        forth, back = (abs(np.exp(1j * (alpha + s * beta)).mean()) for s in (-1, 1))
        expected[entry, k] = forth if forth > back else -back
    correlations = metrics.circular_rank_correlations(torch.as_tensor(z), torch.as_tensor(a))
    assert correlations.numpy() == pytest.approx(expected, abs=1e-12)


def test_noise_on_the_angle_lowers_r_as_it_should() -> None:
    """``E cos`` of a normal of deviation s is ``exp(-s^2 / 2)``, which is then R."""
    z = latents(20_000)
    noise = torch.as_tensor(np.random.default_rng(2).normal(size=20_000))
    single, multiple = both(z, math.pi * z[:, 0] + 0.6 * noise)
    assert multiple == pytest.approx(math.exp(-0.18), abs=0.01)
    assert single == pytest.approx(math.exp(-0.18), abs=0.01)  # of uniform angles it is the same


def test_two_turns_and_two_latents_are_predicted() -> None:
    z = latents(2000, 2)
    assert both(z, TURN * z[:, 0])[1] > 0.96
    assert both(z, math.pi * z.sum(1))[1] > 0.97
    assert both(z, torch.atan2(z[:, 0], z[:, 1]))[1] > 0.97


def test_chance_and_constants_earn_nothing() -> None:
    z = latents(1000, 2)
    noise = latents(1000, 20, seed=3) * math.pi
    assert float(metrics.multiple_angle_correlation(z, noise).max()) < 0.1
    assert float(metrics.circular_rank_correlations(z, noise).abs().max()) < 4 / 1000**0.5
    constant = torch.full((1000, 1), 2.0)
    assert float(metrics.multiple_angle_correlation(z, constant)) == 0
    assert float(metrics.circular_rank_correlations(z, constant).abs().max()) < 1e-9
    assert float(metrics.multiple_angle_correlation(constant, z[:, :1])) == 0
    few = metrics.multiple_angle_correlation(z[:19], noise[:19])
    assert bool(few.isnan().all())


def test_the_share_of_the_circle() -> None:
    data = torch.linspace(0, 1, 101)[:-1] * TURN
    quarter = torch.linspace(-0.1, 0.2499 - 0.1, 50)  # of a turn, through the cut
    reached = metrics.factor_reached(quarter * TURN, data, n_bins=20, period=TURN)
    assert reached == 5 / 20
    assert metrics.factor_reached(data + 5 * TURN, data, n_bins=20, period=TURN) == 1
    half = data[data < math.pi]
    assert metrics.factor_reached(half, half - TURN, n_bins=20, period=TURN) == 1
    assert metrics.factor_reached(half[:25], half - TURN, n_bins=20, period=TURN) == 0.5


def test_wrong_input_is_named() -> None:
    z = latents(30)
    for measure in (metrics.multiple_angle_correlation, metrics.circular_rank_correlations):
        with pytest.raises(QganError, match=r"`latent` must have shape .* with N = 29 of the ang"):
            measure(z, z[:29])
    with pytest.raises(QganError, match="`degree` must be at least 1"):
        metrics.multiple_angle_correlation(z, z, degree=0)
