"""The contract of engines: circuits that act on given states, as maps from states to states."""

from __future__ import annotations

import pennylane as qml
import pytest
import torch
from engine_cases import Case, check_gradients, each_engine, each_with_states
from small_circuits import (
    READERS,
    Local,
    density_by_matrices,
    draw_angles,
    ghz,
    nothing,
    partial_trace,
    random_states,
    reader,
    register,
    values_by_matrices,
)
from tolerances import EIGENVECTORS, EXACT
from torch import Tensor
from torch.testing import assert_close

from circuits import Registers
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import Prepared, States, concatenate

EMPTY = torch.zeros(0, dtype=torch.float64)
WORDS = pauli_words(2, 2)


def referee(circuit: object, weights: Tensor, inputs: Tensor, rho: Tensor) -> Tensor:
    """``Tr_rest[U (rho x |0><0|) U^dagger]`` by products of matrices."""
    return partial_trace(density_by_matrices(circuit, weights, inputs, rho), 2)


def numbers(states: States) -> Tensor:
    """What the density matrix and the factor say: values of all words, and the purity."""
    values = values_by_matrices(states.density_matrix(), WORDS)
    return torch.cat([values, states.purity().unsqueeze(1)], 1)


def numbers_of_matrix(rho: Tensor) -> Tensor:
    purity = (rho.real**2 + rho.imag**2).sum((1, 2))
    return torch.cat([values_by_matrices(rho, WORDS), purity.unsqueeze(1)], 1)


@each_with_states
@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("rank", [1, 3])
def test_states_of_a_source(case: Case, name: str, rank: int) -> None:
    """With wires of its own and without, pure states and mixed ones, some padded with zeros."""
    circuit = READERS[name]()
    weights, inputs = draw_angles(circuit, 3)
    source = concatenate([random_states(2, 2, rank), random_states(1, 2, 1)])
    states = case.make().run(circuit, weights, inputs, source)
    expected = referee(circuit, weights, inputs, source.density_matrix())
    assert (len(states), states.n_qubits) == (3, 2)
    assert states.factor.dtype == torch.complex128
    assert_close(states.density_matrix(), expected, **case.value)
    assert_close(states.factor @ states.factor.mH, expected, **case.value)


@each_with_states
@pytest.mark.parametrize("build", [register, lambda: ghz(3, 2)], ids=["register", "ghz"])
def test_states_of_a_source_that_is_prepared(case: Case, build: object) -> None:
    generator, engine = build(), case.make()  # type: ignore[operator]
    weights, inputs = draw_angles(reader(), 3)
    angles = draw_angles(generator, 3, seed=1)
    states = engine.run(reader(), weights, inputs, Prepared(engine, generator, *angles))
    start = partial_trace(density_by_matrices(generator, *angles), 2)
    expected = referee(reader(), weights, inputs, start)
    assert_close(states.density_matrix(), expected, **case.value)


@each_with_states
def test_no_source_is_the_ground_state_and_no_gate_changes_nothing(case: Case) -> None:
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)
    ground = torch.zeros(2, 4, 1, dtype=torch.complex128)
    ground[:, 0] = 1
    both = [engine.run(reader(), weights, inputs, source) for source in (None, States(ground))]
    assert_close(both[0].density_matrix(), both[1].density_matrix(), **case.value)
    source, none = random_states(2, 2, 3), EMPTY.new_zeros(2, 0)
    same = engine.run(nothing(2, 1), EMPTY, none, source)
    assert_close(same.density_matrix(), source.density_matrix(), **case.value)


@each_with_states
@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("name", ["label wire and ancilla", "no inputs"])
def test_gradient_of_states_of_a_source(case: Case, name: str, rank: int) -> None:
    """By weights, inputs and the source; of the density matrix and of the factor."""
    circuit, engine = READERS[name](), case.make()
    check_gradients(
        case,
        f"states of a source of rank {rank}, {name}",
        lambda w, x, a: numbers(engine.run(circuit, w, x, States(a))),
        lambda w, x, a: numbers_of_matrix(referee(circuit, w, x, a @ a.mH)),
        (*draw_angles(circuit, 2), random_states(2, 2, rank).factor),
    )


@each_with_states
def test_gradient_through_two_circuits(case: Case) -> None:
    """A source that is prepared gets the gradients of one that was run."""
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)

    def final(gw: Tensor, gx: Tensor) -> Tensor:
        start = partial_trace(density_by_matrices(register(), gw, gx), 2)
        return numbers_of_matrix(referee(reader(), weights, inputs, start))

    for prepare in (lambda *angles: Prepared(engine, *angles), engine.run):
        check_gradients(
            case,
            "states through two circuits",
            lambda gw, gx, prepare=prepare: numbers(
                engine.run(reader(), weights, inputs, prepare(register(), gw, gx))
            ),
            final,
            draw_angles(register(), 2, seed=1),
        )


@each_with_states
def test_gradient_at_a_padded_column_is_finite(case: Case) -> None:
    """A column of zeros moves no state to first order."""
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)
    factor = concatenate([random_states(1, 2, 2), random_states(1, 2, 1)]).factor.requires_grad_()
    numbers(engine.run(reader(), weights, inputs, States(factor))).sum().backward()
    assert factor.grad is not None and bool(torch.isfinite(factor.grad).all())
    assert_close(factor.grad[1, :, 1], torch.zeros(4, dtype=torch.complex128), **case.gradient)


@each_with_states
def test_source_of_density_matrices_gets_their_gradient(case: Case) -> None:
    """States made of a matrix carry its gradient beside their factor, which has none."""
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)
    mixed = PennyLaneEngine("default.mixed")
    angles = tuple(angle.requires_grad_() for angle in draw_angles(register(), 2, seed=1))
    source = mixed.run(register(), *angles)
    found = torch.autograd.grad(
        engine.run(reader(), weights, inputs, source).expval(WORDS).square().sum(), angles
    )
    joined = engine.run(reader(), weights, inputs, engine.run(register(), *angles))
    expected = torch.autograd.grad(joined.expval(WORDS).square().sum(), angles)
    for ours, theirs in zip(found, expected, strict=True):
        assert_close(ours, theirs, **EIGENVECTORS)


def test_noise_acts_on_a_source() -> None:
    """Damping by g takes <Z> to g + (1 - g) <Z>, whatever the state it acts on."""
    damped = Local(lambda w, x: qml.AmplitudeDamping(0.36, 0), Registers(output=1))
    source, none = random_states(4, 1, 2), EMPTY.new_zeros(4, 0)
    expected = 0.36 + 0.64 * source.expval(["Z"])
    for engine in (BatchedEngine("double"), PennyLaneEngine("default.mixed")):
        assert_close(engine.run(damped, EMPTY, none, source).expval(["Z"]), expected, **EXACT)


@each_with_states
def test_empty_batch_of_a_source(case: Case) -> None:
    (weights, inputs), source = draw_angles(reader(), 0), random_states(1, 2, 2)[:0]
    states = case.make().run(reader(), weights, inputs, source)
    assert (len(states), states.n_qubits) == (0, 2)
    assert case.make().expval(reader(), weights, inputs, ["ZZI"], source).shape == (0, 1)


@each_engine
def test_what_does_not_fit_is_refused(case: Case) -> None:
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)
    if not case.gives_states:
        with pytest.raises(QganError, match=r"lightning.qubit .*gives no states"):
            engine.run(reader(), weights, inputs, random_states(2, 2, 1))
        return
    with pytest.raises(QganError, match=r"`source` must have 2 qubits.*3"):
        engine.run(reader(), weights, inputs, random_states(2, 3, 1))
    with pytest.raises(QganError, match=r"`source` must have batch 2.*3"):
        engine.run(reader(), weights, inputs, random_states(3, 2, 1))
