"""Divergences by name, Gaussians, likelihood, and estimates from samples."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.distance import jensenshannon
from tolerances import EXACT
from torch.distributions import MultivariateNormal, kl_divergence
from torch.testing import assert_close

from qgan import metrics
from qgan.errors import QganError
from qgan.metrics import classical_fidelity, sampled_kl
from qgan.metrics.distributions.divergences import root


def distributions(n: int, size: int = 5, zeros: bool = True) -> st.SearchStrategy:
    weights = hnp.arrays(float, (n, size), elements=st.sampled_from([0.0, 0.1, 0.5, 1.0, 3.0]))
    if not zeros:
        weights = weights.map(lambda w: w + 0.05)
    return weights.filter(lambda w: w.sum(1).min() > 0).map(
        lambda w: torch.as_tensor(w / w.sum(1, keepdims=True))
    )


@given(distributions(2))
def test_both_routes_to_total_variation_agree(pair) -> None:
    p, q = pair
    assert_close(metrics.total_variation_by_events(p, q), metrics.total_variation(p, q), **EXACT)


@given(distributions(2))
def test_root_of_jensen_shannon_is_scipys(pair) -> None:
    p, q = pair
    expected = jensenshannon(p.numpy(), q.numpy())
    value = float(metrics.jensen_shannon_distance(p, q))
    assert value**2 == pytest.approx(expected**2, abs=1e-12)
    assert 0 <= value**2 <= math.log(2) + 1e-12


@pytest.mark.parametrize(
    "metric", [metrics.jensen_shannon_distance, metrics.hellinger_distance, metrics.total_variation]
)
@given(triple=distributions(3))
def test_metrics_are_symmetric_and_obey_the_triangle(metric, triple) -> None:
    p, q, r = triple
    assert_close(metric(p, q), metric(q, p), **EXACT)
    # Rounding of 1e-16 in a square is 1e-8 in the root of a distance that is zero.
    assert metric(p, r) <= metric(p, q) + metric(q, r) + 3e-8
    assert float(metric(p, p)) < 3e-8


@pytest.mark.parametrize("root", [metrics.jensen_shannon_distance, metrics.hellinger_distance])
def test_roots_have_finite_gradients_at_equal_distributions(root) -> None:
    p = torch.tensor([0.25, 0.75], dtype=torch.float64, requires_grad=True)
    root(p, p.detach().clone()).backward()
    assert bool(p.grad.isfinite().all())


def test_jeffrey_and_reverse_kl_are_what_their_names_say() -> None:
    p, q = torch.tensor([0.3, 0.7]).double(), torch.tensor([0.6, 0.4]).double()
    assert_close(metrics.reverse_kl(p, q), metrics.kl_divergence(q, p), **EXACT)
    both = metrics.kl_divergence(p, q) + metrics.kl_divergence(q, p)
    assert_close(metrics.jeffrey(p, q), both, **EXACT)


def test_gaussian_kl_is_torchs_and_has_gradients() -> None:
    rng = torch.Generator().manual_seed(0)
    means = torch.randn(2, 4, 3, generator=rng, dtype=torch.float64)
    roots = torch.randn(2, 4, 3, 3, generator=rng, dtype=torch.float64)
    covariances = roots @ roots.mT + torch.eye(3)
    normals = [MultivariateNormal(m, c) for m, c in zip(means, covariances, strict=True)]
    ours = metrics.gaussian_kl(means[0], covariances[0], means[1], covariances[1])
    assert_close(ours, kl_divergence(*normals), **EXACT)
    leaf = means[0].clone().requires_grad_()
    assert torch.autograd.gradcheck(
        lambda m: metrics.gaussian_kl(m, covariances[0], means[1], covariances[1]), leaf
    )
    with pytest.raises(QganError, match="`covariance_q` must be positive definite"):
        metrics.gaussian_kl(means[0], covariances[0], means[1], -covariances[1])


def test_gaussian_kl_is_the_integral() -> None:
    one = torch.ones(1, 1, dtype=torch.float64)
    x = torch.linspace(-30, 30, 60_001, dtype=torch.float64)
    p = torch.distributions.Normal(0.5 * one, 1.5 * one).log_prob(x)[0]
    q = torch.distributions.Normal(-one, 2 * one).log_prob(x)[0]
    integral = torch.trapezoid(p.exp() * (p - q), x)
    ours = metrics.gaussian_kl(0.5 * one[0], 2.25 * one, -1.0 * one[0], 4.0 * one)
    assert float(ours) == pytest.approx(float(integral), abs=1e-8)


def test_greatest_likelihood_is_least_kl() -> None:
    samples = torch.tensor([0, 0, 0, 1, 2, 2, 0, 1])
    frequency = torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)
    model = torch.tensor([0.2, 0.3, 0.5], dtype=torch.float64)
    gap = metrics.likelihood_kl(samples, model.log())
    assert_close(gap, metrics.kl_divergence(frequency, model), **EXACT)
    assert_close(metrics.likelihood_kl(samples, frequency.log()), torch.zeros(()).double(), **EXACT)
    logits = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    for _ in range(200):
        (step,) = torch.autograd.grad(metrics.likelihood_kl(samples, logits.log_softmax(0)), logits)
        logits = (logits - step).detach().requires_grad_()
    assert_close(logits.softmax(0).detach(), frequency, rtol=0, atol=1e-8)
    thirds = torch.full((3,), 1 / 3, dtype=torch.float64)
    single = metrics.likelihood_kl(torch.tensor([0, 1, 2]), thirds.log().float())
    # The frequencies of a single-precision model are double ones, as the measures are.
    assert single.dtype == torch.float64
    assert float(single) == pytest.approx(-math.log(3) - float(thirds.log().float()[0].double()))
    impossible = torch.tensor([0.5, 0.5, 0.0]).log()
    assert metrics.likelihood_kl(samples, impossible) == math.inf
    with pytest.raises(QganError, match="`samples` must hold points from 0 to 2"):
        metrics.likelihood_kl(torch.tensor([3]), model.log())


def test_estimates_lie_within_their_standard_errors() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(8), 2)
    fidelity, kl = np.sqrt(p * q).sum(), (p * np.log(p / q)).sum()
    pulls = []
    for _ in range(200):
        x = rng.choice(8, 400, p=p)
        logs = [torch.as_tensor(np.log(d[x])) for d in (p, q)]
        estimates = classical_fidelity(*logs), sampled_kl(*logs)
        pulls.append(
            [
                (e.value - exact) / e.standard_error
                for e, exact in zip(estimates, (fidelity, kl), strict=True)
            ]
        )
    assert np.abs(np.mean(pulls, axis=0)).max() < 0.3
    assert np.std(pulls, axis=0) == pytest.approx([1, 1], abs=0.15)


def test_estimates_of_equal_models_and_of_impossible_samples() -> None:
    logs = torch.tensor([0.2, 0.8, 0.8]).log()
    same = classical_fidelity(logs, logs)
    assert (same.value, same.standard_error) == (1.0, 0.0)
    assert sampled_kl(logs, logs).value == 0
    impossible = torch.tensor([0.5, 0.0, 0.5]).log()
    infinite = sampled_kl(logs, impossible)
    assert infinite.value == infinite.standard_error == math.inf
    assert classical_fidelity(logs, impossible).value < 1


@pytest.mark.parametrize(
    ("log_p", "log_q", "message"),
    [
        (torch.zeros(1), torch.zeros(1), "`log_q` must have the shape"),
        (torch.zeros(2), torch.zeros(3), "`log_q` must have the shape"),
        (torch.tensor([0.0, -math.inf]), torch.zeros(2), "`log_p` must be finite"),
        (torch.zeros(2), torch.tensor([0.0, math.nan]), "`log_q` must hold numbers"),
    ],
)
def test_estimates_name_wrong_input(log_p, log_q, message: str) -> None:
    with pytest.raises(QganError, match=message):
        sampled_kl(log_p, log_q)


def test_too_many_points_for_all_events() -> None:
    p = torch.full((17,), 1 / 17)
    with pytest.raises(QganError, match="`p` must have at most 16 points, but got 17"):
        metrics.total_variation_by_events(p, p)


def test_what_is_no_number_is_not_taken_for_equal() -> None:
    squares = torch.tensor([math.nan, -1e-17, 0.0, 4.0], requires_grad=True)
    roots = root(squares)
    assert roots[0].isnan() and roots[1:].tolist() == [0.0, 0.0, 2.0]
    roots[1:].sum().backward()
    assert squares.grad is not None and squares.grad[1:].tolist() == [0.0, 0.0, 0.25]
