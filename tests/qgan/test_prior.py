"""The distribution of the latent."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from tolerances import EXACT, SINGLE
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.prior import Prior, latent_features


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_prior_is_uniform() -> None:
    latent = Prior(2).sample(20_000, seeded())
    assert latent.shape == (20_000, 2)
    assert latent.min() >= -1
    assert latent.max() <= 1
    assert (latent.mean(0).abs() < 4 / (3 * 20_000) ** 0.5).all()
    assert_close(latent.var(0), torch.full((2,), 1 / 3), rtol=0.03, atol=0.0)


@pytest.mark.parametrize("n_levels", [2, 3, 5])
def test_levels_of_the_last_entry(n_levels: int) -> None:
    latent = Prior(2, n_levels).sample(6000, seeded())
    values, counts = latent[:, 1].unique(return_counts=True)
    assert_close(values, torch.linspace(-1, 1, n_levels), **SINGLE)
    share = 1 / n_levels
    assert ((counts / 6000 - share).abs() < 4 * (share * (1 - share) / 6000) ** 0.5).all()
    assert latent[:, 0].unique().numel() > 5000


def test_prior_repeats_with_the_seed() -> None:
    for prior in (Prior(2), Prior(1, 2)):
        one, two, other = (prior.sample(64, seeded(s)) for s in (1, 1, 2))
        assert torch.equal(one, two)
        assert not torch.equal(one, other)


def test_prior_without_entries() -> None:
    assert Prior(0).sample(5, seeded()).shape == (5, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1,), "`n_latent` must be at least 0, but got -1"),
        ((1, 1), "`n_levels` must be 0 or at least 2 with n_latent >= 1, but got 1"),
        ((1, -2), "but got -2"),
        ((0, 2), "`n_levels` must be 0 or at least 2 with n_latent >= 1"),
    ],
)
def test_priors_that_make_no_sense_are_refused(arguments: tuple[int, ...], message: str) -> None:
    with pytest.raises(QganError, match=message):
        Prior(*arguments)


THREE = Prior(3, kinds=("uniform", "normal", "periodic"))


def test_each_kind_has_its_distribution() -> None:
    """Means, variances and, of the angle, the first moment on the circle, within four errors."""
    n = 20_000
    latent = THREE.sample(n, seeded()).double()
    assert (latent[:, :2].mean(0).abs() < 4 / n**0.5).all()
    assert abs(latent[:, 1].var() - 1) < 4 * (2 / n) ** 0.5
    assert abs((latent[:, 1] ** 4).mean() - 3) < 4 * (96 / n) ** 0.5
    assert latent[:, 2].min() >= 0
    assert latent[:, 2].max() < 2 * torch.pi
    assert torch.exp(1j * latent[:, 2]).mean().abs() < 4 / n**0.5
    assert_close(latent[:, 2].mean(), torch.tensor(torch.pi).double(), rtol=0.02, atol=0.0)


def test_shares_undo_what_at_does() -> None:
    shares = torch.rand(500, 3, generator=seeded(), dtype=torch.float64)
    assert_close(THREE.shares(THREE.at(shares)), shares, **EXACT)
    turned = THREE.at(shares) + torch.tensor([0.0, 0.0, -4 * torch.pi], dtype=torch.float64)
    assert_close(THREE.shares(turned)[:, 2], shares[:, 2], **EXACT)


def test_no_normal_latent_is_infinite() -> None:
    assert Prior(1, kinds="normal").at(torch.tensor([[0.0], [1.0]])).isfinite().all()


def test_features_of_an_angle_do_not_see_whole_turns() -> None:
    latent = THREE.sample(100, seeded()).double()
    features = latent_features(latent, THREE.kinds)
    assert features.shape == (100, 4) == (100, THREE.n_features)
    moved = latent + torch.tensor([0.0, 0.0, 6 * torch.pi], dtype=torch.float64)
    assert_close(latent_features(moved, THREE.kinds), features, **EXACT)
    assert torch.equal(features[:, :2], latent[:, :2])


def test_an_angle_goes_round_and_others_stop_at_the_end() -> None:
    out = torch.tensor([[1.5, -4.0, -0.5]])
    assert_close(THREE.into_range(out), torch.tensor([[1.0, -3.0, 2 * torch.pi - 0.5]]))
    way = THREE.between(torch.tensor([0.5, 0.5, 0.5]), torch.tensor([-1.0, 2.0, 6.0]))
    assert_close(way, torch.tensor([-1.5, 1.5, 5.5 - 2 * torch.pi]))


def test_a_discrete_entry_is_not_of_the_kind_of_the_others() -> None:
    prior = Prior(2, 3, "periodic")
    assert prior.kinds == ("periodic", "uniform")
    assert set(prior.sample(64, seeded())[:, 1].tolist()) == {-1.0, 0.0, 1.0}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((1, 0, "round"), "`kinds` must be one of uniform, normal, periodic"),
        ((2, 0, ("normal",)), "or 2 of them, one per latent"),
        ((2, 2, ("uniform", "normal")), "must end with uniform"),
    ],
)
def test_kinds_that_do_not_fit_are_refused(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(QganError, match=message):
        Prior(*arguments)
