"""The distribution of the latent."""

from __future__ import annotations

import pytest
import torch
from tolerances import SINGLE
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.prior import Prior


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
