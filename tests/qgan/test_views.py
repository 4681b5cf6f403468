"""The contract of views, and the density and Pauli views in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from small_circuits import draw_angles, random_states, register, values_by_matrices
from tolerances import EXACT, SINGLE
from torch.testing import assert_close
from view_cases import ENGINE, Case, N, each_view, labelled, plain

from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import Prepared, States
from qgan.views import CircuitView, DensityView, PauliView, View


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


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CircuitView(plain(), 2, copies=0), "`copies` must be at least 1, but got 0"),
        (lambda: CircuitView(plain(), 2, ["ZZZ"]), "Pauli words of length 2 .* but got ZZZ"),
        (lambda: CircuitView(labelled(), 3), r"`n_labels` must be at most 2\*\*1"),
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
