"""Distances between samples of points, against scipy, POT and closed forms."""

import jaxtyping
import numpy as np
import ot
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from scipy.stats import wasserstein_distance
from torch.testing import assert_close

from qgan import metrics
from qgan.errors import QganError

NUMBERS = st.lists(st.floats(-3, 3), min_size=1, max_size=7)


def points(n: int, d: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=rng, dtype=torch.float64) + shift


@settings(max_examples=30)
@given(NUMBERS, NUMBERS)
def test_on_the_line_it_is_scipys_and_pots(a, b) -> None:
    x, y = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    assert float(metrics.line_wasserstein(x, y)) == pytest.approx(
        wasserstein_distance(a, b), abs=1e-9
    )
    for order in (1, 2, 3):
        exact = metrics.sample_wasserstein(x[:, None], y[:, None], order)
        assert float(metrics.line_wasserstein(x, y, order)) == pytest.approx(exact, abs=1e-5)


def test_on_the_line_it_is_differentiable() -> None:
    x, y = points(6, 1, 0)[:, 0].requires_grad_(), points(4, 1, 1)[:, 0]
    assert torch.autograd.gradcheck(lambda v: metrics.line_wasserstein(v, y, 2), x)
    metrics.line_wasserstein(x, x.detach(), 2).backward()
    assert bool(x.grad.isfinite().all())


def test_a_shift_is_a_distance() -> None:
    x = points(20, 3, 0)
    shift = torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64)
    for order in (1, 2):
        assert metrics.sample_wasserstein(x, x + shift, order) == pytest.approx(3)
    assert float(metrics.frechet_distance(x, x + shift)) == pytest.approx(9)


def test_distances_of_the_1_norm_are_dual_to_the_greatest_entry_of_a_slope() -> None:
    x = points(12, 3, 0)
    shift = torch.tensor([1.0, -2.0, 2.0], dtype=torch.float64)
    distance = metrics.sample_wasserstein(x, x + shift, norm=1)
    assert distance == pytest.approx(5)
    # The critic sign(shift) . x has slopes of 1 in each entry, and reaches that distance.
    critic = shift.sign()
    assert float(((x + shift) @ critic).mean() - (x @ critic).mean()) == pytest.approx(distance)
    with pytest.raises(QganError, match="`norm` must be 1 or 2, but got 3"):
        metrics.sample_wasserstein(x, x, norm=3)


def test_entropic_plans_approach_the_exact_one_and_say_when_they_do_not() -> None:
    x, y = points(30, 2, 0), points(25, 2, 1, shift=1.0)
    exact = metrics.sample_wasserstein(x, y)
    near, far = (metrics.entropic_wasserstein(x, y, r) for r in (0.02, 1.0))
    assert exact - 1e-5 <= near < far and near == pytest.approx(exact, rel=0.02)
    masses = [np.full(len(s), 1 / len(s)) for s in (x, y)]
    plain = ot.sinkhorn2(*masses, ot.dist(x.numpy(), y.numpy(), "euclidean"), 1.0)
    assert far == pytest.approx(float(plain), abs=1e-5)
    with pytest.raises(QganError, match="`regularisation` must be large enough to converge in 20"):
        metrics.entropic_wasserstein(x, y, 1e-3, n_iterations=20)


def test_a_critic_bounds_w1_from_below_and_the_best_one_meets_it() -> None:
    x, y = points(15, 2, 0), points(12, 2, 1, shift=0.5)
    exact = metrics.sample_wasserstein(x, y)
    for seed in range(5):
        net = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        torch.manual_seed(seed)
        net[0].reset_parameters(), net[2].reset_parameters()
        with torch.no_grad():
            values = net(torch.cat([x, y]).float())[:, 0].double()
        assert metrics.kantorovich_rubinstein(values[:15], values[15:], x, y) <= exact + 1e-9
    uniform = [np.full(n, 1 / n) for n in (15, 12)]
    cost = ot.dist(x.numpy(), y.numpy(), "euclidean")
    _, log = ot.emd(*uniform, cost, log=True)
    potential = torch.as_tensor((cost - log["v"][None]).min(1))  # 1-Lipschitz: a least of cones
    other = torch.as_tensor(
        (np.linalg.norm(y.numpy()[:, None] - y.numpy()[None], axis=-1) - log["v"][None]).min(1)
    )
    assert metrics.kantorovich_rubinstein(potential, other, x, y) == pytest.approx(exact, abs=1e-9)
    constant = torch.ones(15), torch.ones(12)
    assert metrics.kantorovich_rubinstein(*constant, x, y) == 0


def test_frechet_distance_by_the_matrix_root() -> None:
    x, y = points(40, 3, 0), 2 * points(30, 3, 1, shift=0.3)
    covariances = [np.cov(s.numpy().T) for s in (x, y)]
    cross = np.trace(sqrtm(covariances[0] @ covariances[1]).real)
    expected = float((x.mean(0) - y.mean(0)).square().sum()) + sum(map(np.trace, covariances))
    assert float(metrics.frechet_distance(x, y)) == pytest.approx(expected - 2 * cross, abs=1e-9)
    few = metrics.frechet_distance(points(3, 8, 0), points(2, 8, 1))
    assert float(few) > 0 and float(metrics.frechet_distance(x, x)) < 1e-12


def test_mmd_of_point_masses_is_by_hand() -> None:
    x, y = torch.zeros(2, 1), torch.ones(3, 1)
    both = torch.cat([x, y])
    kernel = metrics.gaussian_kernel(both, both, 1.0)
    expected = torch.tensor(2 - 2 * np.exp(-0.5), dtype=torch.float32)
    for unbiased in (True, False):
        assert_close(metrics.mmd_squared(kernel, 2, unbiased), expected)


def test_unbiased_mmd_is_zero_on_average_and_its_p_values_are_uniform() -> None:
    values, p_values = [], []
    for seed in range(150):
        both = points(30, 2, seed)
        kernel = metrics.gaussian_kernel(both, both, 1.0)
        values.append(float(metrics.mmd_squared(kernel, 12)))
        p_values.append(metrics.permutation_p_value(kernel, 12, 99, seed))
    assert abs(np.mean(values)) < 3 * np.std(values) / 150**0.5
    assert np.mean(p_values) == pytest.approx(0.5, abs=0.08)
    assert np.mean(np.array(p_values) <= 0.1) == pytest.approx(0.1, abs=0.07)


def test_different_samples_get_small_p_values() -> None:
    both = torch.cat([points(30, 2, 0), points(30, 2, 1, shift=1.5)])
    kernel = metrics.gaussian_kernel(both, both, 1.0)
    assert metrics.permutation_p_value(kernel, 30) == pytest.approx(1 / 501)
    assert metrics.mmd_squared(kernel, 30) > 0.1


def test_every_split_of_equal_points_counts() -> None:
    for n_permutations in (0, 1, 5):
        assert metrics.permutation_p_value(torch.ones(5, 5), 2, n_permutations) == 1


def test_permuted_statistic_is_the_statistic_itself() -> None:
    both = points(9, 2, 0)
    kernel = metrics.gaussian_kernel(both, both, 1.0)
    # With one split drawn, p = 1/2 only if the split's MMD is below that of both samples.
    rng = torch.Generator().manual_seed(3)
    order = (torch.rand(1, 9, generator=rng).argsort(1) < 4)[0]
    places = torch.cat([order.nonzero()[:, 0], (~order).nonzero()[:, 0]])
    shuffled = metrics.mmd_squared(kernel[places][:, places], 4)
    larger = bool(shuffled >= metrics.mmd_squared(kernel, 4))
    assert metrics.permutation_p_value(kernel, 4, 1, seed=3) == (1.0 if larger else 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: metrics.sample_wasserstein(x, x, 0.5), "`order` must be at least 1"),
        (lambda x: metrics.sample_wasserstein(x[:0], x), "`x` must hold at least one point"),
        (lambda x: metrics.entropic_wasserstein(x, x, 0.0), "`regularisation` must be positive"),
        (lambda x: metrics.frechet_distance(x[:1], x), "`x` must hold at least 2 points"),
        (lambda x: metrics.mmd_squared(x @ x.T, 1), "`kernel` must be square"),
        (lambda x: metrics.gaussian_kernel(x, x, -1.0), "`width` must be positive"),
        (
            lambda x: metrics.kantorovich_rubinstein(x[:2, 0], x[:, 0], x, x),
            r"`critic_x` must have shape \(4,\)",
        ),
    ],
)
def test_wrong_input_is_named(call, message: str) -> None:
    with pytest.raises(QganError, match=message):
        call(points(4, 2, 0))


def test_a_kernel_that_is_not_square_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as users run it
    for n_rows, n_columns in ((4, 5), (5, 4)):
        with pytest.raises(QganError, match="`kernel` must be square"):
            metrics.mmd_squared(torch.ones(n_rows, n_columns), 2)
