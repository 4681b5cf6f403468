"""Labels and latents by the nearest real states: scipy as referee, chance earns nothing."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.testing import assert_close

from qgan import metrics
from qgan.errors import QganError
from qgan.states import States


def tilted(angle: torch.Tensor) -> States:
    """cos(angle / 2)|0> + sin(angle / 2)|1>: sqrt(1 - F) is |sin(difference / 2)|."""
    amplitudes = torch.stack([(angle / 2).cos(), (angle / 2).sin()], dim=1)
    return States(amplitudes.to(torch.complex128).unsqueeze(-1))


def angles(*values: float) -> States:
    return tilted(torch.tensor(values, dtype=torch.float64))


def test_nearest_label_and_factors():
    real, labels = angles(0.0, 1.0, 2.0), torch.tensor([0, 1, 1])
    generated = angles(0.1, 0.9, 1.9, 0.4)
    assert metrics.nearest_index(generated, real).tolist() == [0, 1, 2, 0]
    assert metrics.nearest_label(generated, real, labels).tolist() == [0, 1, 1, 0]
    label = torch.tensor([0, 1, 1, 1])
    assert metrics.label_recovered(generated, label, real, labels) == 0.75
    factors = torch.tensor([[0.0, 5.0], [1.0, 4.0], [2.0, 3.0]])
    assert_close(metrics.nearest_factors(generated, real, factors), factors[[0, 1, 2, 0]])


def test_spearman_against_scipy():
    rng = np.random.default_rng(0)
    latent, factors = rng.normal(size=(60, 2)), rng.normal(size=(60, 3)).round(1)
    factors[:, 0] += latent[:, 1]
    correlations = metrics.rank_correlations(torch.as_tensor(latent), torch.as_tensor(factors))
    expected = spearmanr(latent, factors).statistic[:2, 2:]
    assert_close(correlations, torch.as_tensor(np.ascontiguousarray(expected)))


def test_constant_columns_correlate_with_nothing():
    z = torch.linspace(-1, 1, 50)[:, None]
    constant = torch.ones(50, 1)
    assert metrics.rank_correlations(z, constant).tolist() == [[0.0]]
    assert metrics.multiple_rank_correlation(z, constant).tolist() == [0.0]


def test_multiple_rank_correlation_needs_all_latents_and_curves():
    rng = np.random.default_rng(1)
    z = torch.as_tensor(rng.uniform(-1, 1, (512, 2)))
    factors = torch.stack([z[:, 0] + z[:, 1], (z[:, 0] - 0.3) ** 2, z[:, 0].exp()], dim=1)
    factors = torch.cat([factors, torch.as_tensor(rng.normal(size=(512, 1)))], dim=1)
    cubic = metrics.multiple_rank_correlation(z, factors)
    linear = metrics.multiple_rank_correlation(z, factors, degree=1)
    single = metrics.rank_correlations(z, factors).abs().max(dim=0).values
    assert float(cubic[0]) > 0.97 and float(single[0]) < 0.8
    assert float(cubic[1]) > 0.9 and float(linear[1]) < 0.8
    assert float(cubic[2]) > 0.999 and float(linear[2]) > 0.999
    assert float(cubic[3]) < 0.15


def test_chance_earns_no_multiple_rank_correlation():
    rng = np.random.default_rng(2)
    z, noise = rng.normal(size=(60, 8)), rng.normal(size=(60, 40))
    correlations = metrics.multiple_rank_correlation(torch.as_tensor(z), torch.as_tensor(noise))
    assert float(correlations.min()) >= 0
    assert float(correlations.mean()) < 0.1
    few = metrics.multiple_rank_correlation(torch.as_tensor(z[:10]), torch.as_tensor(noise[:10]))
    assert bool(few.isnan().all())


@pytest.mark.parametrize(("n", "degree"), [(47, 1), (48, 2), (79, 2), (80, 3)])
def test_a_degree_of_more_than_one_monomial_for_eight_samples_is_lowered(n, degree):
    rng = np.random.default_rng(5)  # of 2 latents there are 3, 6, and 10 monomials
    z = torch.as_tensor(rng.normal(size=(n, 2)))
    factors = z + z.square()
    by_degree = [metrics.multiple_rank_correlation(z, factors, degree=d) for d in (1, 2, 3)]
    assert torch.equal(by_degree[2], by_degree[degree - 1])
    assert degree == 1 or not torch.equal(by_degree[2], by_degree[degree - 2])


def test_wrong_input_is_named():
    states = angles(0.0, 1.0, 2.0)
    with pytest.raises(QganError, match="`degree` must be at least 1, but got 0"):
        metrics.multiple_rank_correlation(torch.zeros(30, 1), torch.zeros(30, 1), degree=0)
    with pytest.raises(QganError, match="`latent` must have shape"):
        metrics.rank_correlations(torch.zeros(29, 1), torch.zeros(30, 1))
    with pytest.raises(QganError, match="`real_label` must have length 3, but got 2"):
        metrics.nearest_label(states, states, torch.zeros(2).long())
    with pytest.raises(QganError, match="`factors` must have length 3, but got 2"):
        metrics.nearest_factors(states, states, torch.zeros(2, 1))


def test_many_latents_are_not_overfitted():
    z = torch.as_tensor(np.random.default_rng(4).uniform(-1, 1, (200, 8)))
    correlations = metrics.multiple_rank_correlation(z, z.sum(dim=1, keepdim=True))
    assert float(correlations) > 0.95
