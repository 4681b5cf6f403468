"""The sketch view keeps the distances of states, whatever their number of qubits."""

from __future__ import annotations

import pytest
import torch
from small_circuits import random_states
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.records import measure
from qgan.views import DensityView, SketchView

LABEL = torch.zeros(6, dtype=torch.int64)


@pytest.mark.parametrize(("n", "rank"), [(1, 1), (2, 3), (6, 1), (8, 2)])
def test_distances_are_those_of_the_density_matrices(n: int, rank: int) -> None:
    """Within the deviation of 4096 random observables, also of states that nearly agree."""
    one, other = random_states(6, n, rank), random_states(6, n, rank, seed=1)
    near = type(one)(one.factor + 1e-3 * other.factor).normalised()
    view = SketchView(n, 4096, seed=3)
    for states in (other, near):
        seen = (view(one, LABEL) - view(states, LABEL)).norm(dim=1)
        exact = (one.density_matrix() - states.density_matrix()).flatten(1).norm(dim=1)
        assert_close(seen, exact, rtol=0.15, atol=0.0)


def test_the_operator_is_what_is_read() -> None:
    view, states = SketchView(2, 5), random_states(6, 2, 2)
    weights = torch.randn(5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    operator = view.operator(weights)
    assert_close(operator, operator.mH)
    expected = torch.einsum("de,bed->b", operator, states.density_matrix()).real
    assert_close(view(states, LABEL) @ weights, expected)


def test_records_are_read_without_bias() -> None:
    view, states = SketchView(2, 6), random_states(1, 2, 1)
    many = states[torch.zeros(400, dtype=torch.int64)]
    records = measure(many, 400, torch.Generator().manual_seed(1))
    label = torch.zeros(400, dtype=torch.int64)
    read = view(records, label)
    error = (read.mean(0) - view(states, LABEL[:1])[0]).abs()
    assert (error < 5 * read.std(0) / 400**0.5).all()


def test_the_seed_decides() -> None:
    states = random_states(6, 2, 1)
    one, same, other = (SketchView(2, 7, seed=seed)(states, LABEL) for seed in (0, 0, 1))
    assert torch.equal(one, same) and not torch.allclose(one, other)


def test_twelve_qubits_take_the_numbers_that_are_asked_for() -> None:
    view = SketchView(12, 64)
    assert view.n_features == 64 < DensityView(4).n_features
    assert view(random_states(6, 12, 1), LABEL).shape == (6, 64)


@pytest.mark.parametrize("sizes", [(0, 4), (2, 0)])
def test_sizes_that_are_none(sizes: tuple[int, int]) -> None:
    with pytest.raises(QganError, match="at least 1"):
        SketchView(*sizes)


def test_other_qubits_are_refused() -> None:
    with pytest.raises(QganError, match="must have 3 qubits"):
        SketchView(3)(random_states(6, 2, 1), LABEL)
