"""The contract of views. A new view joins by adding a line to ``VIEWS``."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from small_circuits import Local, draw_angles, random_states, register, values_by_matrices
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from circuits import ConditionalReadout, DDKReadout, Registers
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.pauli import pauli_words, z_words
from qgan.states import Prepared, States
from qgan.views import CircuitView, DensityView, PauliView, View

N = 2  # qubits of the states seen
ENGINE = BatchedEngine(precision="double")


class Case(NamedTuple):
    """A view under the contract."""

    make: Callable[[], View]
    n_features: int
    sees_label: bool = False
    needs_states: bool = False


def circuit_view(*circuits: Any, **settings: Any) -> CircuitView:
    view = CircuitView(circuits, 2, engine=ENGINE, **settings)
    view.double()
    return view


def plain(bath: int = 0) -> ConditionalReadout:
    return ConditionalReadout(Registers(output=N, bath=bath), n_layers=2)


def labelled() -> ConditionalReadout:
    return ConditionalReadout(Registers(output=N, label=1), n_layers=2)


VIEWS = {
    "density": Case(lambda: DensityView(N), 16, needs_states=True),
    "pauli-1": Case(lambda: PauliView(N, 1), 6),
    "pauli-2": Case(lambda: PauliView(N, 2), 15),
    "circuit": Case(lambda: circuit_view(plain()), 3, sees_label=True),
    "circuit-words": Case(lambda: circuit_view(plain(), observables=["XY"]), 1, sees_label=True),
    "circuit-register": Case(lambda: circuit_view(labelled()), 7, sees_label=True),
    "circuit-ancilla": Case(lambda: circuit_view(plain(bath=1)), 7, sees_label=True),
    "circuits": Case(lambda: circuit_view(plain(), plain()), 6, sees_label=True),
    "circuit-frozen": Case(lambda: circuit_view(plain(), trainable=False), 3, sees_label=True),
}
each_view = pytest.mark.parametrize("case", VIEWS.values(), ids=VIEWS)
with_label = pytest.mark.parametrize(
    "case",
    [c for c in VIEWS.values() if c.sees_label],
    ids=[k for k in VIEWS if VIEWS[k].sees_label],
)


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
    assert (view.needs_states, view.sees_label) == (case.needs_states, case.sees_label)


@each_view
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_linear_in_rho(case: Case, share: float) -> None:
    """For one label: the view of a mixture is the mixture of the views."""
    view, label = case.make(), torch.ones(3, dtype=torch.int64)
    a, b = random_states(3, N, 1), random_states(3, N, 2, seed=1)
    expected = share * view(a, label) + (1 - share) * view(b, label)
    assert_close(view(mix(a, b, share), label), expected, **EXACT)


@each_view
def test_each_state_is_seen_by_itself(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1, 1])
    states = random_states(3, N, 2)
    features = view(states, label)
    for k in range(3):
        assert_close(view(states[k], label[[k]]), features[[k]], **EXACT)
    order = torch.tensor([2, 0, 1])
    assert_close(view(states[order], label[order]), features[order], **EXACT)


@each_view
def test_global_phase_and_factor_do_not_matter(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1])
    states = random_states(2, N, 2)
    turn = torch.linalg.qr(random_states(1, 1, 2).factor[0])[0]
    assert_close(view(States(states.factor @ turn), label), view(states, label), **EXACT)


@each_view
def test_gradient_with_respect_to_states(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1])
    factor = random_states(2, N, 2).factor.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: view(States(a), label), (factor,))


@each_view
def test_reads_states_that_are_not_computed_yet(case: Case) -> None:
    view, label = case.make(), torch.tensor([0, 1, 0])
    weights, inputs = draw_angles(register(), 3)
    states = ENGINE.run(register(), weights, inputs)
    source = Prepared(ENGINE, register(), weights, inputs)
    assert_close(view(source, label), view(states, label), **EXACT)


@each_view
def test_label_matters_where_it_should(case: Case) -> None:
    view, states = case.make(), random_states(2, N, 2)
    zero, one = (view(states, torch.full((2,), k)) for k in (0, 1))
    assert bool((zero - one).abs().max() > 0.05) is case.sees_label


@each_view
def test_single_precision(case: Case) -> None:
    view, states = case.make(), random_states(2, N, 2)
    label = torch.tensor([0, 1])
    single = view.float()(states.to(torch.complex64), label)
    assert_close(single.double(), case.make()(states, label), **SINGLE)


# Density view.


@pytest.mark.parametrize("n", [1, 2, 3])
def test_density_view_is_isometric(n: int) -> None:
    view, label = DensityView(n), torch.zeros(4, dtype=torch.int64)
    a, b = random_states(4, n, 1), random_states(4, n, 2, seed=1)
    difference = a.density_matrix() - b.density_matrix()
    expected = torch.linalg.matrix_norm(difference)
    assert_close(
        torch.linalg.vector_norm(view(a, label) - view(b, label), dim=1), expected, **EXACT
    )


def test_density_view_of_one_qubit() -> None:
    """Diagonal, then root 2 times the real and the imaginary part above it."""
    root = 0.5**0.5
    states = States(torch.tensor([[[root], [1j * root]]], dtype=torch.complex128))  # Y = +1
    expected = torch.tensor([[0.5, 0.5, 0.0, -root]], dtype=torch.float64)
    assert_close(DensityView(1)(states, torch.tensor([0])), expected, **EXACT)


# Pauli view.


def test_pauli_view_of_bell_states() -> None:
    root = 0.5**0.5
    vectors = torch.tensor([[root, 0, 0, root], [0, root, -root, 0]], dtype=torch.complex128)
    view = PauliView(2, 2)
    features = view(States(vectors.unsqueeze(-1)), torch.zeros(2, dtype=torch.int64))
    expected = torch.zeros(2, 15, dtype=torch.float64)
    for word, values in {"XX": (1, -1), "YY": (-1, -1), "ZZ": (1, -1)}.items():
        expected[:, view.words.index(word)] = torch.tensor(values, dtype=torch.float64)
    assert_close(features, expected, **EXACT)


def test_pauli_view_reads_its_words() -> None:
    states, view = random_states(3, 3, 2), PauliView(3, 2)
    expected = values_by_matrices(states.density_matrix(), view.words)
    assert view.words == pauli_words(3, 2)
    assert_close(view(states, torch.zeros(3, dtype=torch.int64)), expected, **EXACT)


# Circuit view.


def test_circuit_view_of_a_circuit_that_does_nothing_reads_z_words() -> None:
    circuit = Local(lambda weights, inputs: None, Registers(output=N))
    states = random_states(3, N, 2)
    features = circuit_view(circuit, scale=4.0)(states, torch.tensor([0, 1, 0]))
    assert_close(features, 4 * states.expval(z_words(N, 2)), **EXACT)


def test_circuit_views_default_words_go_up_to_weight_three() -> None:
    circuit = ConditionalReadout(Registers(output=4), n_layers=1)
    assert CircuitView([circuit], 2).words == z_words(4, 3)


def test_circuit_view_reads_wires_beside_the_state() -> None:
    circuit = DDKReadout(Registers(output=1, label=1, bath=1), n_layers=2)
    view = circuit_view(circuit, observables=[circuit.observable], scale=1.0)
    scores = view(random_states(5, 1, 2), torch.tensor([0, 1, 0, 1, 0]))
    assert scores.shape == (5, 1)
    assert (scores.abs() <= 1).all()


def test_circuit_view_stacks_its_circuits_side_by_side() -> None:
    both = circuit_view(plain(), plain())
    states, label = random_states(2, N, 1), torch.tensor([0, 1])
    halves = both(states, label).split(3, dim=1)
    for k, half in enumerate(halves):
        one = circuit_view(plain())
        one.weights[0].data = both.weights[k].data
        one.embeddings[0] = both.embeddings[k]
        assert_close(one(states, label), half, **EXACT)
    assert (halves[0] - halves[1]).abs().max() > 0.05  # each starts at its own angles


@with_label
def test_circuit_view_trains_unless_frozen(case: Case) -> None:
    view = case.make()
    trainable = [p for p in view.parameters() if p.requires_grad and p.numel()]
    if case is VIEWS["circuit-frozen"]:
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
    view = CircuitView([plain()], 1, engine=ENGINE).double()
    states = random_states(2, N, 1)
    values = [view(states, torch.full((2, 1), x, dtype=torch.float64)) for x in (0.0, 0.5)]
    assert (values[0] - values[1]).abs().max() > 0.01


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CircuitView([], 2), "`circuits` must name at least one circuit"),
        (lambda: CircuitView([plain()], 2, ["ZZZ"]), "Pauli words of length 2 .* but got ZZZ"),
        (lambda: CircuitView([labelled()], 3), r"`n_labels` must be at most 2\*\*1"),
        (lambda: CircuitView([plain(), labelled()], 2), "Pauli words of length 3 .* but got ZI"),
        (lambda: PauliView(2, 3), "`max_weight` must be from 1 to n_qubits=2, but got 3"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], View], message: str) -> None:
    with pytest.raises(QganError, match=message):
        make()


@pytest.mark.parametrize("make", [lambda: DensityView(2), lambda: PauliView(2, 1)])
def test_states_of_another_width_are_refused(make: Callable[[], View]) -> None:
    for n in (1, 3):
        with pytest.raises(QganError, match="must"):
            make()(random_states(1, n, 1), torch.tensor([0]))
