"""Measures with a range keep to it in spite of rounding, and keep their gradients."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log, pi
from typing import Any

import pytest
import torch
from small_circuits import random_states
from torch import Tensor
from torch.testing import assert_close

from qgan import metrics
from qgan.errors import QganError
from qgan.evaluation import holevo_information
from qgan.rounding import within
from qgan.states import States

MANY = 400
"""States for which about half of all fidelities with themselves are above 1 but for rounding."""
each_precision = pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128], ids=str)
each_rank = pytest.mark.parametrize("rank", [1, 2, 4])


def states(rank: int, dtype: torch.dtype, n: int = MANY) -> States:
    return random_states(n, 2, rank).to(dtype)


def check_range(values: Tensor, low: float, high: float) -> None:
    assert float(values.min()) >= low and float(values.max()) <= high


@each_precision
@each_rank
def test_the_angle_of_a_state_with_itself_is_a_number(rank: int, dtype: torch.dtype) -> None:
    s = states(rank, dtype)
    fidelity = s.fidelity(s)
    assert torch.arccos(fidelity.sqrt()).isfinite().all()
    check_range(fidelity, 0.0, 1.0)
    assert_close(fidelity, torch.ones(MANY).double(), atol=1e-6, rtol=0)
    assert torch.equal(fidelity, metrics.fidelity(s, s))
    check_range(metrics.infidelity(s, s), 0.0, 1.0)


@each_precision
@each_rank
def test_the_method_and_the_function_are_one(rank: int, dtype: torch.dtype) -> None:
    a, b = states(rank, dtype), random_states(MANY, 2, 3, seed=5).to(dtype)
    assert torch.equal(a.fidelity(b), metrics.fidelity(a, b))
    assert a.fidelity(b).dtype == torch.float64


def test_a_fidelity_is_of_states_that_fit() -> None:
    one, two = random_states(3, 1, 1), random_states(3, 2, 1)
    with pytest.raises(QganError, match="`other` must hold states of 1 qubits, but got 2 qubits"):
        one.fidelity(two)
    with pytest.raises(QganError, match="`other` must hold 3 states or 1, but got 2"):
        one.fidelity(one[:2])
    assert one.fidelity(one[0]).shape == (3,)


@each_precision
@each_rank
def test_purity_and_entropies_keep_to_their_ranges(rank: int, dtype: torch.dtype) -> None:
    for s in (states(rank, dtype), States(torch.eye(4).expand(MANY, 4, 4).to(dtype) / 2)):
        check_range(s.purity(), 0.0, 1.0)
        for order in (0, 0.5, 1, 2, 3, inf):
            check_range(metrics.entropy(s, order), 0.0, 2 * log(2))


PAIRS: dict[str, tuple[Callable[[States, States], Tensor], float]] = {
    "hilbert-schmidt": (metrics.hilbert_schmidt_distance, 2**0.5),
    "bures distance": (metrics.bures_distance, 2**0.5),
    "bures angle": (metrics.bures_angle, pi / 2),
    "trace": (metrics.trace_distance, 1.0),
    "jensen-shannon": (metrics.quantum_jensen_shannon, log(2)),
    "fidelity": (metrics.fidelity, 1.0),
    "infidelity": (metrics.infidelity, 1.0),
}


@each_precision
@each_rank
@pytest.mark.parametrize("name", PAIRS)
def test_distances_of_equal_and_orthogonal_states(name: str, rank: int, dtype: torch.dtype) -> None:
    distance, most = PAIRS[name]
    s = states(rank, dtype)
    unitary = torch.linalg.qr(random_states(1, 3, 8).factor)[0].to(dtype)
    halves = [States(unitary[:, :, k : k + 4] @ s.factor) for k in (0, 4)]
    check_range(distance(s, s), 0.0, most)
    check_range(distance(*halves), 0.0, most)


def far_apart(dtype: torch.dtype) -> list[tuple[Tensor, Tensor]]:
    """Distributions on disjoint points, and equal ones, whose sums are 1 but for rounding."""
    rng = torch.Generator().manual_seed(0)
    p = torch.rand(MANY, 7, generator=rng, dtype=dtype)
    p, none = p / p.sum(-1, keepdim=True), torch.zeros(MANY, 7, dtype=dtype)
    return [(torch.cat([p, none], 1), torch.cat([none, p], 1)), (p, p.clone())]


DIVERGENCES: dict[str, tuple[Callable[[Tensor, Tensor], Tensor], float]] = {
    "total variation": (metrics.total_variation, 1.0),
    "by events": (metrics.total_variation_by_events, 1.0),
    "jensen-shannon": (metrics.jensen_shannon, log(2)),
    "kl": (metrics.kl_divergence, inf),
    "separation": (metrics.separation, 1.0),
    "hellinger": (metrics.hellinger_distance, 2**0.5),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", DIVERGENCES)
def test_divergences_keep_to_their_ranges(name: str, dtype: torch.dtype) -> None:
    divergence, most = DIVERGENCES[name]
    bound = float(torch.tensor(most, dtype=dtype))
    for p, q in far_apart(dtype):
        check_range(divergence(p, q), 0.0, bound)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_metrics_on_a_line_keep_to_their_range(dtype: torch.dtype) -> None:
    line = 5.0 * torch.arange(14, dtype=dtype)
    gaps = (line[:, None] - line[None]).abs()
    for p, q in far_apart(dtype):
        for one, other in zip(p[:100], q[:100], strict=True):
            place = line[: len(one)]
            for value in (
                metrics.kolmogorov(one, other, place),
                metrics.levy(one, other, place),
                metrics.discrepancy(one, other, gaps[: len(one), : len(one)]),
                torch.tensor(metrics.prokhorov(one, other, gaps[: len(one), : len(one)])),
            ):
                check_range(value, 0.0, 1.0)


def test_information_keeps_to_its_range() -> None:
    for seed in range(5):
        columns = torch.linalg.qr(random_states(1, 4, 16, seed=seed).factor)[0][0]
        for n in range(2, 17):
            orthogonal = [States(columns[:, k].reshape(1, 16, 1)) for k in range(n)]
            assert log(n) - 1e-9 < holevo_information(orthogonal) <= log(n)


@each_rank
@pytest.mark.parametrize("measure", ["fidelity", "purity"])
def test_gradients_are_those_of_the_formula_on_both_sides_of_one(measure: str, rank: int) -> None:
    """A fidelity with itself falls on either side of 1, and its gradient must not depend on it."""

    def of(s: States) -> Tensor:
        return s.fidelity(States(s.factor.detach())) if measure == "fidelity" else s.purity()

    factor = states(rank, torch.complex128).factor.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(of(States(factor)).sum(), factor)
    rho = factor.detach() @ factor.detach().mH
    expected = 4 * rho @ factor.detach() if measure == "purity" else 2 * factor.detach()
    assert_close(gradient, expected, atol=1e-9, rtol=1e-9)


def test_within_moves_what_is_outside_and_nothing_else() -> None:
    values = torch.tensor([-1e-4, 0.25, 1.0, 1.0001, inf], requires_grad=True)
    moved = within(values, 0.0, 1.0)
    assert moved.tolist() == [0.0, 0.25, 1.0, 1.0, inf]
    assert within(values, 0.0, inf).tolist() == [0.0, *values.tolist()[1:]]
    assert within(torch.tensor([21.0, -3.0]), 0.0, 1.0).tolist() == [21.0, -3.0]
    weights: Any = torch.tensor([1.0, 2.0, 3.0, 4.0])
    (moved[:4] * weights).sum().backward()
    assert values.grad is not None and values.grad[:4].tolist() == weights.tolist()
