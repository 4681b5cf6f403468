"""The ten metrics of Gibbs and Su: against their definitions, and the inequalities."""

from itertools import combinations
from math import log

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import wasserstein_distance

from qgan import metrics
from qgan.errors import QganError

WEIGHTS = st.lists(st.sampled_from([0, 0, 1, 2, 5, 20]), min_size=5, max_size=5)
PLACES = st.lists(st.integers(-20, 20).map(lambda n: n / 10), min_size=5, max_size=5, unique=True)


def as_distribution(weights: list[int]) -> torch.Tensor:
    assume(sum(weights))
    return torch.tensor(weights, dtype=torch.float64) / sum(weights)


def events(n: int) -> list[list[int]]:
    return [list(c) for size in range(n + 1) for c in combinations(range(n), size)]


@given(WEIGHTS, WEIGHTS, PLACES)
def test_every_inequality_holds(p_weights, q_weights, places) -> None:
    p, q = as_distribution(p_weights), as_distribution(q_weights)
    position = torch.tensor(places, dtype=torch.float64)
    checks = metrics.inequalities(metrics.ten_metrics(p, q, position), position)
    assert len(checks) == 19
    assert [check.name for check in checks if not check.holds()] == []


def test_an_inequality_can_fail() -> None:
    position = torch.tensor([0.0, 1.0])
    values = metrics.ten_metrics(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]), position)
    values["total variation"] = 0.5
    broken = [c.name for c in metrics.inequalities(values, position) if not c.holds()]
    assert "discrepancy <= total variation" in broken


def test_both_sides_of_every_inequality_by_hand() -> None:
    p, q = (torch.tensor(x, dtype=torch.float64) for x in ([0.75, 0.25, 0.0], [0.5, 0.5, 0.0]))
    position = torch.tensor([0.0, 2.0, 5.0])
    root = (2 - 2 * (0.375**0.5 + 0.125**0.5)) ** 0.5
    entropy = 0.75 * log(1.5) + 0.25 * log(0.5)
    expected = {
        "levy <= kolmogorov": (0.25, 0.25),
        "levy <= prokhorov": (0.25, 0.25),
        "kolmogorov <= discrepancy": (0.25, 0.25),
        "discrepancy <= 2 kolmogorov": (0.25, 0.5),
        "discrepancy <= total variation": (0.25, 0.25),
        "prokhorov <= total variation": (0.25, 0.25),
        "prokhorov^2 <= wasserstein": (0.0625, 0.5),
        "wasserstein <= (diameter + 1) prokhorov": (0.5, 1.5),
        "wasserstein <= diameter total variation": (0.5, 1.25),
        "least distance total variation <= wasserstein": (0.5, 0.5),
        "hellinger^2 / 2 <= total variation": (root**2 / 2, 0.25),
        "total variation <= hellinger": (0.25, root),
        "total variation <= separation": (0.25, 0.5),
        "hellinger^2 <= relative entropy": (root**2, entropy),
        "2 total variation^2 <= relative entropy": (0.125, entropy),
        "relative entropy <= log(1 + chi^2)": (entropy, log(1.25)),
        "log(1 + chi^2) <= chi^2": (log(1.25), 0.25),
        "hellinger <= sqrt 2 chi^2^(1/4)": (root, 1.0),
        "total variation <= sqrt chi^2 / 2": (0.25, 0.25),
    }
    checks = metrics.inequalities(metrics.ten_metrics(p, q, position), position)
    sides = {check.name: (check.lower, check.upper) for check in checks}
    assert sides == {name: pytest.approx(pair, abs=1e-9) for name, pair in expected.items()}


@given(WEIGHTS, WEIGHTS, PLACES)
def test_prokhorov_by_all_events(p_weights, q_weights, places) -> None:
    p, q = as_distribution(p_weights), as_distribution(q_weights)
    x = np.array(places)
    distance = np.abs(x[:, None] - x[None, :])
    ours = metrics.prokhorov(p, q, torch.as_tensor(distance))

    def holds(eps: float) -> bool:
        for event in events(5):
            near = (distance[event] <= eps + 1e-12).any(0) if event else np.zeros(5, bool)
            if float(p[event].sum()) > float(q.numpy()[near].sum()) + eps + 1e-9:
                return False
        return True

    assert holds(ours + 1e-9)
    assert ours == 0 or not holds(ours - 1e-6)


@given(WEIGHTS, WEIGHTS, PLACES)
def test_levy_by_its_definition(p_weights, q_weights, places) -> None:
    p, q = as_distribution(p_weights), as_distribution(q_weights)
    x = np.array(places)
    ours = float(metrics.levy(p, q, torch.as_tensor(x)))

    def cdf(mass: torch.Tensor, at: np.ndarray) -> np.ndarray:
        return (mass.numpy()[None] * (x[None] <= at[:, None] + 1e-12)).sum(1)

    def holds(eps: float) -> bool:
        grid = np.concatenate([x, x - eps, x + eps])
        above = cdf(p, grid) <= cdf(q, grid + eps) + eps + 1e-9
        below = cdf(q, grid - eps) - eps <= cdf(p, grid) + 1e-9
        return bool(above.all() and below.all())

    assert holds(ours + 1e-9)
    assert ours < 1e-9 or not holds(ours - 1e-6)


@given(WEIGHTS, WEIGHTS, PLACES)
def test_the_others_by_their_definitions(p_weights, q_weights, places) -> None:
    p, q = as_distribution(p_weights), as_distribution(q_weights)
    x = torch.tensor(places, dtype=torch.float64)
    values = metrics.ten_metrics(p, q, x)
    difference = {
        (low, high): abs(float((p - q)[(x >= low) & (x <= high)].sum()))
        for low in places for high in places if low <= high
    }  # fmt: skip
    least = min(places)
    assert values["kolmogorov"] == pytest.approx(max(difference[least, b] for b in places))
    assert values["discrepancy"] == pytest.approx(max(difference.values()), abs=1e-12)
    balls = [
        abs(float((p - q)[(x - c).abs() <= (c - edge).abs() + 1e-12].sum()))
        for c in x
        for edge in x
    ]
    of_points = metrics.discrepancy(p, q, (x[:, None] - x[None, :]).abs())
    assert float(of_points) == pytest.approx(max(balls), abs=1e-12)
    assert float(of_points) <= values["discrepancy"] + 1e-12
    w = wasserstein_distance(places, places, p.numpy(), q.numpy())
    assert values["wasserstein"] == pytest.approx(w, abs=1e-9)
    known = [1 - float(a / b) for a, b in zip(p, q, strict=True) if b > 0]
    assert values["separation"] == pytest.approx(max(known))


@settings(max_examples=40)
@given(WEIGHTS, WEIGHTS, WEIGHTS, PLACES)
def test_triangles_and_symmetry(a, b, c, places) -> None:
    p, q, r = (as_distribution(w) for w in (a, b, c))
    x = torch.tensor(places, dtype=torch.float64)
    pq, qr, pr, qp = (metrics.ten_metrics(*pair, x) for pair in ((p, q), (q, r), (p, r), (q, p)))
    for name in set(pq) - {"relative entropy", "separation", "chi^2"}:
        assert pr[name] <= pq[name] + qr[name] + 1e-7
        assert pq[name] == pytest.approx(qp[name], abs=1e-9)


def test_wasserstein_of_second_order() -> None:
    p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5])
    distance = torch.tensor([[0.0, 4.0], [4.0, 0.0]])
    assert metrics.discrete_wasserstein(p, q, distance, 2) == pytest.approx(8**0.5)


def test_wrong_spaces_are_named() -> None:
    p = torch.tensor([0.5, 0.5])
    with pytest.raises(QganError, match="`position` must be 2 different points"):
        metrics.kolmogorov(p, p, torch.zeros(2))
    with pytest.raises(QganError, match=r"`distance` must be symmetric, of shape \(2, 2\)"):
        metrics.prokhorov(p, p, torch.tensor([[0.0, 1.0], [2.0, 0.0]]))
    with pytest.raises(QganError, match="`order` must be at least 1"):
        metrics.discrete_wasserstein(p, p, 1 - torch.eye(2), 0.5)
