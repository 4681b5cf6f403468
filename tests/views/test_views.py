"""The contract of views; its cases are in ``tests/support/view_cases.py``."""

from __future__ import annotations

import math

import pytest
import torch
from contracts import check_that_a_stranger_is_reported, check_whole_family
from small_circuits import draw_angles, random_states, register
from tolerances import EXACT, SINGLE
from torch.testing import assert_close
from view_cases import ENGINE, VIEWS, Case, N, each_view

from qgan import build
from qgan.states import Prepared, States
from qgan.views import FixedView, SketchView, View

PLACE = "VIEWS in tests/support/view_cases.py"


def test_every_registered_view_is_under_the_contract() -> None:
    check_whole_family(build.VIEWS, VIEWS, PLACE)


def test_a_view_without_a_case_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stranger_is_reported(monkeypatch, build.VIEWS, VIEWS, PLACE)


def mix(a: States, b: States, share: float) -> States:
    """``share rho + (1 - share) sigma`` as a factor: the columns of both, side by side."""
    columns = (math.sqrt(share) * a.factor, math.sqrt(1 - share) * b.factor)
    return States(torch.cat(columns, dim=-1))


@each_view
@pytest.mark.parametrize("rank", [1, 3])
def test_shape(case: Case, rank: int) -> None:
    view = case.make()
    features = view(random_states(4, N, rank), torch.tensor([0, 1, 1, 0]))
    assert features.shape == (4, case.n_features) == (4, view.n_features)
    assert features.dtype == torch.float64
    assert isinstance(view, View)
    assert (view.needs_states, view.sees_label) == (case.needs_states, case.sees_label)
    assert view.n_copies == case.n_copies


@each_view
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_linear_in_rho(case: Case, share: float) -> None:
    """For one label: the view of a mixture is the mixture of the views."""
    if case.n_copies == 2:
        return quadratic_in_rho(case, share)
    view, label = case.make(), torch.ones(3, dtype=torch.int64)
    a, b = random_states(3, N, 1), random_states(3, N, 2, seed=1)
    expected = share * view(a, label) + (1 - share) * view(b, label)
    assert_close(view(mix(a, b, share), label), expected, **case.tolerance)


def quadratic_in_rho(case: Case, share: float) -> None:
    """Three mixtures fix a polynomial of degree 2, and a fourth lies on it."""
    view, label = case.make(), torch.ones(3, dtype=torch.int64)
    a, b = random_states(3, N, 1), random_states(3, N, 2, seed=1)
    left, middle, right = (view(mix(a, b, s), label) for s in (1.0, 0.5, 0.0))
    second = 2 * (left + right) - 4 * middle
    expected = right + share * (left - right) + (share**2 - share) * second
    assert_close(view(mix(a, b, share), label), expected, **case.tolerance)
    assert second.abs().max() > 0.01


@each_view
def test_bounds_hold_and_are_in_reach(case: Case) -> None:
    """Scores lie between the bounds; of a fixed observable its eigenvectors reach them."""
    view, label = case.make(), torch.tensor([0, 1] * 200)
    random = torch.Generator().manual_seed(3)
    weights = torch.randn(2, case.n_features, dtype=torch.float64, generator=random)
    low, high = view.bounds(weights)
    scores = (view(random_states(400, N, 1), label) * weights[label]).sum(1)
    slack = 1e-10 + case.noise * weights[label].abs().sum(1)
    assert (scores >= low[label] - slack).all() and (scores <= high[label] + slack).all()
    if isinstance(view, FixedView):
        vectors = torch.linalg.eigh(view.operator(weights))[1][..., [0, -1]]
        for k, end in enumerate((low, high)):
            reached = view(States(vectors[..., [k]]), torch.tensor([0, 1]))
            assert_close((reached * weights).sum(1), end, **case.tolerance)


@each_view
def test_each_state_is_seen_by_itself(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1, 1])
    states = random_states(3, N, 2)
    features = view(states, label)
    for k in range(3):
        assert_close(view(states[k], label[[k]]), features[[k]], **case.tolerance)
    order = torch.tensor([2, 0, 1])
    assert_close(view(states[order], label[order]), features[order], **case.tolerance)


@each_view
def test_global_phase_and_factor_do_not_matter(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1])
    states = random_states(2, N, 2)
    turn = torch.linalg.qr(random_states(1, 1, 2).factor[0])[0]
    assert_close(view(States(states.factor @ turn), label), view(states, label), **case.tolerance)


@each_view
def test_gradient_with_respect_to_states(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1])
    factor = random_states(2, N, 2).factor.requires_grad_()
    if not case.noise:
        assert torch.autograd.gradcheck(lambda a: view(States(a), label), (factor,))
    weights = torch.linspace(-1, 1, case.n_features, dtype=torch.float64)
    slope, exact_slope = (
        torch.autograd.grad((v(States(factor), label) @ weights).sum(), factor)[0]
        for v in (view, case.make_exact())
    )
    assert_close(slope, exact_slope, **EXACT)


@each_view
def test_reads_states_that_are_not_computed_yet(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1, 0])
    weights, inputs = draw_angles(register(), 3)
    states = ENGINE.run(register(), weights, inputs)
    source = Prepared(ENGINE, register(), weights, inputs)
    assert_close(view(source, label), view(states, label), **case.tolerance)


@each_view
def test_label_matters_where_it_should(case: Case) -> None:
    view, states = case.make(), random_states(2, N, 2)
    zero, one = (view(states, torch.full((2,), k)) for k in (0, 1))
    assert bool((zero - one).abs().max() > 0.05 + 2 * case.noise) is case.sees_label


@each_view
def test_single_precision(case: Case) -> None:
    view, states = case.make(), random_states(2, N, 2)
    label = torch.tensor([0, 1])
    single = view.float()(states.to(torch.complex64), label)
    tolerance = case.tolerance if case.noise else SINGLE
    assert_close(single.double(), case.make()(states, label), **tolerance)


@each_view
def test_a_view_is_shown_by_its_size(case: Case) -> None:
    view = case.make_exact()
    assert f"{view.n_features} numbers" in repr(view) and len(repr(view).splitlines()) < 9


def test_a_fixed_view_is_shown_in_one_line() -> None:
    assert repr(SketchView(3, 8)) == "SketchView(8 numbers of 3 qubits)"
