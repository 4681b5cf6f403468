"""The circuit view: copies, labels, its own route, what trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local, random_states
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close
from view_cases import ENGINE, VIEWS, Case, N, circuit_view, labelled, plain, with_label

from circuits import ConditionalReadout, DDKReadout, Registers
from qgan.engines import BatchedEngine
from qgan.pauli import z_words
from qgan.states import States
from qgan.views import CircuitView
from qgan.views import circuit as circuit_views


def test_circuit_view_of_a_circuit_that_does_nothing_reads_z_words() -> None:
    circuit = Local(lambda weights, inputs: None, Registers(output=N))
    states = random_states(3, N, 2)
    features = circuit_view(circuit, scale=4.0)(states, torch.tensor([0, 1, 0]))
    assert_close(features, 4 * states.expval(z_words(N, 2)), **EXACT)


def test_circuit_views_default_words_go_up_to_weight_three() -> None:
    circuit = ConditionalReadout(Registers(output=4), n_layers=1)
    assert CircuitView(circuit, 2).words == z_words(4, 3)


def test_circuit_view_reads_wires_beside_the_state() -> None:
    circuit = DDKReadout(Registers(output=1, label=1, bath=1), n_layers=2)
    view = circuit_view(circuit, observables=[circuit.observable], scale=1.0)
    scores = view(random_states(5, 1, 2), torch.tensor([0, 1, 0, 1, 0]))
    assert scores.shape == (5, 1)
    assert (scores.abs() <= 1).all()


def test_circuit_view_stacks_its_copies_side_by_side() -> None:
    both = circuit_view(plain(), n_circuits=2)
    states, label = random_states(2, N, 1), torch.tensor([0, 1])
    halves = both(states, label).split(3, dim=1)
    for k, half in enumerate(halves):
        one = circuit_view(plain())
        one.weights.data[0] = both.weights.data[k]
        one.embeddings[0] = both.embeddings[k]
        assert_close(one(states, label), half, **EXACT)
    assert (halves[0] - halves[1]).abs().max() > 0.05  # each starts at its own angles


@with_label
def test_circuit_view_trains_unless_frozen(case: Case) -> None:
    view = case.make()
    trainable = [p for p in view.parameters() if p.requires_grad and p.numel()]
    if case is VIEWS["circuit, frozen"]:
        assert not trainable
        features = view(random_states(2, N, 1), torch.tensor([0, 1]))
        assert not features.requires_grad
        return
    view(random_states(3, N, 2), torch.tensor([0, 1, 0])).square().sum().backward()
    for parameter in trainable:
        assert parameter.grad is not None
        assert parameter.grad.abs().max() > 1e-3


def test_gradient_with_respect_to_the_views_angles() -> None:
    view, states = circuit_view(plain()), random_states(2, N, 2)
    label = torch.tensor([0, 1])
    names, values = zip(*view.named_parameters(), strict=True)

    def features(*parameters: Tensor) -> Tensor:
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(view, given, (states, label))

    assert torch.autograd.gradcheck(features, values)


ROUTES = {
    "reupload": plain,
    "register": labelled,
    "ancilla": lambda: plain(bath=1),
    "ddk": lambda: DDKReadout(Registers(output=N, label=1, bath=1), n_layers=2),
}


class Noted(BatchedEngine):
    """Counts how often it is asked for isometries."""

    n_isometries = 0

    def isometry(self, *angles: Any) -> Tensor:
        self.n_isometries += 1
        return super().isometry(*angles)


IN_TORCH = BatchedEngine("double", compiled=False)


def noted_view(circuit: Any, n_circuits: int) -> CircuitView:
    view = CircuitView(circuit, 2, engine=Noted("double"), n_circuits=n_circuits)
    view.double()
    return view


@pytest.mark.parametrize("by_label", [False, True], ids=["by state", "by label"])
@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("make", ROUTES.values(), ids=ROUTES)
def test_both_routes_are_expval_of_each_copy(
    make: Callable[[], Any], rank: int, by_label: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values and gradients of circuits that run once per state, and once per label.

    The oracle has no compiled loops and no isometries.
    """
    monkeypatch.setattr(circuit_views, "LEAST_COLUMNS", 0 if by_label else 10**9)
    view, label = noted_view(make(), 3), torch.tensor([1, 0, 1, 1])
    factor = random_states(4, N, rank).factor.requires_grad_()
    leaves = [factor, *(p for p in view.parameters() if p.numel())]
    turn = torch.linspace(-1, 1, 4 * view.n_features, dtype=torch.float64).view(4, -1)

    def plainly() -> Tensor:
        nothing = torch.zeros(4, 0, dtype=torch.float64)
        parts = []
        for weights, embed in zip(view.weights, view.embeddings, strict=True):
            angles = (weights, embed(label, nothing))
            parts.append(IN_TORCH.expval(view.circuit, *angles, view.words, States(factor)))
        return view.scale * torch.cat(parts, 1)

    fast, slow = view(States(factor), label), plainly()
    assert view.engine.n_isometries == 3 * by_label
    assert_close(fast, slow, **EXACT)
    found, expected = (torch.autograd.grad((v * turn).sum(), leaves) for v in (fast, slow))
    for one, other in zip(found, expected, strict=True):
        assert_close(one, other, **EXACT)
        assert other.abs().max() > 1e-3


@pytest.mark.parametrize(
    ("n", "rank", "batch", "n_circuits", "by_label"),
    [
        (2, 2, 512, 1, True),
        (2, 2, 511, 2, False),  # few columns
        (3, 1, 1100, 1, False),  # a matrix of 8 rows for one column
        (3, 2, 600, 2, True),
        (5, 8, 128, 1, True),
        (6, 64, 16, 1, False),  # many rows
    ],
)
def test_sizes_choose_the_route(
    n: int, rank: int, batch: int, n_circuits: int, by_label: bool
) -> None:
    view = noted_view(ConditionalReadout(Registers(output=n), n_layers=1), n_circuits)
    view(random_states(batch, n, rank), torch.arange(batch) % 2)
    assert view.engine.n_isometries == n_circuits * by_label


def test_a_noisy_circuit_reads_state_by_state(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its isometry does not exist, whatever the sizes."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.DepolarizingChannel(0.3, wires=0)

    monkeypatch.setattr(circuit_views, "LEAST_COLUMNS", 0)
    states = random_states(3, N, 2)
    view = circuit_view(Local(queue, Registers(output=N)), scale=1.0, observables=["ZI", "IZ"])
    shrunk = states.expval(["ZI", "IZ"]) * torch.tensor([1 - 4 * 0.3 / 3, 1.0], dtype=torch.float64)
    assert_close(view(states, torch.tensor([0, 1, 0])), shrunk, **EXACT)


def test_frozen_circuit_still_passes_the_gradient_of_states() -> None:
    factor = random_states(2, N, 1).factor.requires_grad_()
    view = circuit_view(plain(), trainable=False)
    view(States(factor), torch.tensor([0, 1])).sum().backward()
    assert factor.grad is not None
    assert factor.grad.abs().max() > 1e-3


def test_circuit_view_repeats_with_the_seed() -> None:
    states, label = random_states(2, N, 1), torch.tensor([0, 1])
    one, two, other = (circuit_view(plain(), seed=seed)(states, label) for seed in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


def test_circuit_view_takes_real_conditions() -> None:
    view = CircuitView(plain(), 1, engine=ENGINE).double()
    states = random_states(2, N, 1)
    values = [view(states, torch.full((2, 1), x, dtype=torch.float64)) for x in (0.0, 0.5)]
    assert (values[0] - values[1]).abs().max() > 0.01
