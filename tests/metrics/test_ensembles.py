"""Ensemble measures: closed forms, POT against an assignment solver, undefined cases."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close

from qgan import evaluation, metrics
from qgan.errors import QganError
from qgan.metrics.ensembles.covering import prepare, spread_scores
from qgan.states import States


def tilted(angle: torch.Tensor) -> States:
    """cos(angle / 2)|0> + sin(angle / 2)|1>: sqrt(1 - F) is |sin(difference / 2)|."""
    amplitudes = torch.stack([(angle / 2).cos(), (angle / 2).sin()], dim=1)
    return States(amplitudes.to(torch.complex128).unsqueeze(-1))


def angles(*values: float) -> States:
    return tilted(torch.tensor(values, dtype=torch.float64))


def depolarised(weights: torch.Tensor) -> States:
    """(1 - w) |Phi+><Phi+| + w I / 4."""
    bell = States.from_numpy(np.array([[1, 0, 0, 1]]) / 2**0.5).density_matrix()
    weights = weights.double()[:, None, None]
    return States.from_density_matrix((1 - weights) * bell + weights * torch.eye(4) / 4)


def test_wasserstein_of_two_points_is_their_distance():
    left, right = angles(0.2, 0.2, 0.2), angles(1.0)
    assert metrics.wasserstein(left, right) == pytest.approx(math.sin(0.4))
    assert metrics.wasserstein(left, right, p=2) == pytest.approx(math.sin(0.4))


def test_wasserstein_moves_mass_as_little_as_it_can():
    real, generated = angles(0.0, 1.0), angles(1.2, 0.1)
    near, far = math.sin(0.05), math.sin(0.1)
    assert metrics.wasserstein(real, generated) == pytest.approx((near + far) / 2)
    expected = math.sqrt((near**2 + far**2) / 2)
    assert metrics.wasserstein(real, generated, p=2) == pytest.approx(expected)


def test_wasserstein_of_unequal_sizes_splits_mass():
    # Three copies against two points: a third of each point's half stays, see the marginals.
    real, generated = angles(0.0, 1.0), angles(0.0, 0.0, 1.0)
    assert metrics.wasserstein(real, generated) == pytest.approx(math.sin(0.5) / 6)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31), p=st.sampled_from([1, 2]))
def test_wasserstein_against_assignment(seed: int, p: int):
    a, b = random_states(12, 2, 1, seed=seed), random_states(12, 2, 2, seed=seed + 1)
    cost = (1 - metrics.fidelity_matrix(a, b)).numpy() ** (p / 2)
    expected = cost[linear_sum_assignment(cost)].mean() ** (1 / p)
    assert metrics.wasserstein(a, b, p) == pytest.approx(expected)
    assert metrics.wasserstein(b, a, p) == pytest.approx(expected)
    assert metrics.wasserstein(a, a, p) == pytest.approx(0, abs=1e-7)


def test_coverage_and_precision_tell_rows_from_columns():
    real, generated = angles(0.0, math.pi), angles(0.0, 0.0, 0.0)
    fidelities = metrics.fidelity_matrix(real, generated)
    assert metrics.coverage(fidelities) == pytest.approx(0.5)
    assert metrics.precision(fidelities) == pytest.approx(1.0)
    assert metrics.coverage(fidelities.T) == pytest.approx(1.0)


@pytest.mark.parametrize("n", [1, 2, 4, 5, 60])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_spread_is_the_mean_over_all_pairs(n: int, dtype: torch.dtype):
    """For more states than dimensions it comes from their average; the pairs say the same."""
    states = prepare(random_states(n, 2, 1).to(dtype))
    fidelities = metrics.fidelity_matrix(states, states)
    infidelities = (1 - fidelities).fill_diagonal_(0).sum(1) / max(1, n - 1)
    assert_close(spread_scores(states), infidelities, atol=1e-14, rtol=0)
    frozen = states[torch.zeros(50).long()]
    assert_close(spread_scores(frozen), torch.zeros(50).double(), atol=1e-13, rtol=0)


def test_spread_in_closed_form():
    states = angles(0.0, math.pi / 2, math.pi)  # infidelities 1/2, 1/2, 1
    assert metrics.spread(states) == pytest.approx(2 / 3)
    assert metrics.nearest_neighbour(states) == pytest.approx(1 / 2)
    assert metrics.spread_ratio(states, angles(0.0, math.pi / 2)) == pytest.approx(3 / 4)
    assert metrics.nearest_neighbour_ratio(states, angles(0.3, 0.3, 0.3)) == pytest.approx(0)


def test_neighbours_are_compared_at_equal_numbers():
    fine = torch.as_tensor(np.random.default_rng(0).uniform(0, 2, 900))
    assert 0.5 < metrics.nearest_neighbour_ratio(tilted(fine[:100]), tilted(fine[100:])) < 2
    ratio = metrics.nearest_neighbour(tilted(fine[100:])) / metrics.nearest_neighbour(
        tilted(fine[:100])
    )
    assert ratio < 0.1


def test_ratios_are_undefined_where_real_states_are_one():
    same = angles(0.4, 0.4, 0.4)
    assert math.isnan(metrics.spread_ratio(same, angles(0.0, 1.0)))
    assert math.isnan(metrics.nearest_neighbour_ratio(same, angles(0.0, 1.0)))
    assert math.isnan(metrics.spread_ratio(angles(0.0, 1.0), angles(0.0)))


def test_average_distance_sees_only_the_average():
    assert metrics.average_distance(angles(0.0, math.pi), depolarised_qubit()) == pytest.approx(0)
    assert metrics.average_distance(angles(0.0, math.pi), angles(0.0)) == pytest.approx(0.5)


def depolarised_qubit() -> States:
    return States(torch.eye(2, dtype=torch.complex128)[None] / 2**0.5)


def test_top_eigenstate_is_the_best_pure_state():
    states = angles(-0.5, 0.5, 0.2, -0.2)
    value, top = metrics.top_eigenstate(states)
    assert_close(metrics.fidelity_matrix(top, angles(0.0)), torch.ones(1, 1).double())
    assert value == pytest.approx(float(metrics.fidelity_matrix(states, top).mean()))
    assert value == pytest.approx(float(torch.linalg.eigvalsh(states.average())[-1]))


def test_reference_of_a_symmetric_pair():
    pair = angles(-0.5, 0.5)
    reference = evaluation.Reference.of(pair, pair, n_generated=2)
    assert reference.w0 == pytest.approx(0, abs=1e-7)
    assert reference.w1 == reference.scale.w1_pure == pytest.approx(math.sin(0.25))
    assert reference.scale.collapsed_coverage == pytest.approx(math.cos(0.25) ** 2)
    assert metrics.top_eigenstate(pair)[0] == pytest.approx(math.cos(0.25) ** 2)
    assert reference.undefined is None
    assert reference.skill(angles(0.0, 0.0)) == pytest.approx(0)
    assert reference.skill(pair) == pytest.approx(1)
    assert reference.skill(angles(1.5, 1.5)) < -1


def test_skill_is_undefined_for_a_label_of_one_state():
    same = angles(0.4, 0.41, 0.42)
    reference = evaluation.Reference.of(same, same)
    assert math.isnan(reference.skill(angles(0.0, 1.0)))
    assert "below 0.02" in str(reference.undefined)


def test_floor_is_drawn_at_the_number_that_is_judged():
    rng = np.random.default_rng(0)
    train, held_out = (tilted(torch.as_tensor(rng.uniform(0, 2, n))) for n in (400, 60))
    few, many = (evaluation.Reference.of(train, held_out, n_generated=n) for n in (20, 400))
    assert (few.scale.size, many.scale.size) == (20, 60)
    assert few.w0 > 1.3 * many.w0
    again = evaluation.Reference.of(train, held_out, n_generated=20)
    assert again.w0 == few.w0
    # More generated states do not lower W below what the floor allows.
    assert few.skill(train) == pytest.approx(1, abs=0.05)


def test_single_state_of_mixed_data_may_be_mixed():
    real = depolarised(torch.linspace(0, 0.5, 41))
    reference = evaluation.Reference.of(real, real)
    average = metrics.ensemble_average(real)
    assert reference.w1 == pytest.approx(metrics.wasserstein(real, average))
    assert reference.w1 < 0.5 * reference.scale.w1_pure
    assert reference.scale.collapsed_coverage > 0.95 > metrics.top_eigenstate(real)[0]
    # Fidelities of mixed states come from roots, and distances from roots of 1 - F.
    assert reference.skill(average) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("n", "rank", "columns"), [(9, 3, 4), (2, 1, 2)])
def test_the_average_state_has_no_more_columns_than_rows(n, rank, columns):
    states = random_states(n, 2, rank)
    average = metrics.ensemble_average(states)
    assert average.factor.shape == (1, 4, columns)
    assert_close(average.density_matrix()[0], states.density_matrix().mean(0), **EXACT)


def test_wrong_input_is_named():
    states = random_states(3, 2, 1)
    with pytest.raises(QganError, match="`p` must be 1 or 2, but got 3"):
        metrics.wasserstein(states, states, p=3)
    with pytest.raises(QganError, match="`fidelities`"):
        metrics.coverage(torch.zeros(0, 3))
    with pytest.raises(QganError, match="`states` must hold at least one state"):
        metrics.ensemble_average(states[:0])


def test_traces_of_single_precision_do_not_count():
    states = angles(0.0, 1e-4, 2e-4, 1.0)
    scaled = States(states.factor * (1 - 1e-6))
    assert metrics.wasserstein(states, scaled) == pytest.approx(0, abs=1e-7)
    reference = evaluation.Reference.of(states, states)
    assert reference.wasserstein(scaled) == pytest.approx(0, abs=1e-7)
