"""States at the edge: construction, NumPy in and out, parts of batches, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from numpy.typing import NDArray
from small_circuits import random_states, register
from tolerances import EIGENVECTORS, EXACT, SINGLE
from torch.testing import assert_close

from qgan import States
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.states import Prepared, concatenate

BELL = States.from_numpy(np.array([[1, 0, 0, 1]]) / 2**0.5)
GHZ = States.from_numpy(np.array([[1, 0, 0, 0, 0, 0, 0, 1]]) / 2**0.5)
HALF = torch.eye(2, dtype=torch.complex128)[None] / 2


def double(values: list[Any]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.parametrize(
    ("factor", "message"),
    [
        (torch.ones(2, 4, dtype=torch.complex64), r"shape \(B, 2\*\*n, rank\), but got \(2, 4\)"),
        (torch.ones(2, 3, 1, dtype=torch.complex64), r"but got \(2, 3, 1\)"),
        (torch.ones(2, 1, 1, dtype=torch.complex64), r"but got \(2, 1, 1\)"),
        (torch.ones(2, 4, 1), r"`factor` must be complex, but got torch\.float32"),
    ],
)
def test_wrong_factors_are_refused(factor: torch.Tensor, message: str) -> None:
    with pytest.raises(QganError, match=message):
        States(factor)


NOT_HERMITIAN = np.array([[[0.5, 0.2], [0.1, 0.5]]])
NEGATIVE = np.diag([1.2, -0.2])[None]


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.array([1.0, 0.0]), r"must have shape \(N, 2\*\*n\) or \(N, 2\*\*n, 2\*\*n\)"),
        (np.zeros((2, 4, 2)), r"but got \(2, 4, 2\)"),
        (np.ones((1, 3)) / 3**0.5, r"`states` must have shape .* but got \(1, 3\)"),
        (np.ones((1, 1)), r"`states` must have shape .* but got \(1, 1\)"),
        (np.eye(3)[None] / 3, r"`states` must have shape .* but got \(1, 3, 3\)"),
        (np.array([[1.0, np.nan]]), "must hold finite numbers"),
        (np.array([["a", "b"]]), "must hold finite numbers, but got dtype <U1"),
        (np.array([[1.0, 0.0], [1.0, 1.0]]), "must be normalised, but got trace 2 at index 1"),
        (np.eye(2)[None], "must be normalised, but got trace 2 at index 0"),
        (NOT_HERMITIAN, "must be Hermitian"),
        (NEGATIVE, r"must be positive, but got eigenvalue -2\.00e-01"),
    ],
)
def test_arrays_that_are_no_states_are_refused(array: NDArray[Any], message: str) -> None:
    with pytest.raises(QganError, match=message):
        States.from_numpy(array)


def test_tolerances_of_the_edge() -> None:
    """A norm off by rounding passes, off by more than 1e-5 does not."""
    States.from_numpy(np.array([[1 + 4e-6, 0.0]]))
    with pytest.raises(QganError, match="must be normalised"):
        States.from_numpy(np.array([[1 + 6e-6, 0.0]]))


def test_vectors_to_and_from_numpy() -> None:
    states = random_states(3, 2, 1)
    array = states.numpy()
    assert array.shape == (3, 4)
    assert_close(States.from_numpy(array).factor, states.factor, **EXACT)
    single = States.from_numpy(array, dtype=torch.complex64)
    assert single.factor.dtype == torch.complex64
    assert_close(single.factor.to(torch.complex128), states.factor, **SINGLE)
    assert States.from_numpy(np.array([[0, 1]])).n_qubits == 1  # integers are numbers too


def test_density_matrices_to_and_from_numpy() -> None:
    states = random_states(3, 2, 2)
    array = states.numpy()
    assert array.shape == (3, 4, 4)
    again = States.from_numpy(array)
    assert again.rank == 2
    assert_close(again.density_matrix(), states.density_matrix(), **EXACT)


def test_states_of_pennylane() -> None:
    @qml.qnode(qml.device("default.qubit", wires=2))
    def bell() -> Any:
        qml.Hadamard(0)
        qml.CNOT([0, 1])
        return qml.state()

    states = States.from_numpy(np.asarray(bell())[None])
    assert_close(states.fidelity(BELL), double([1]), **EXACT)
    rho = qml.math.reduce_dm(BELL.density_matrix(), indices=[1])
    assert_close(BELL.reduced([1]).density_matrix(), torch.as_tensor(rho), **EXACT)


def test_gradient_flows_through_a_given_density_matrix() -> None:
    rho = random_states(2, 2, 4).density_matrix().requires_grad_()
    states = States.from_density_matrix(rho)
    states.density_matrix()[:, 0, 0].real.sum().backward()
    expected = torch.zeros_like(rho)
    expected[:, 0, 0] = 1
    assert_close(rho.grad, expected, **EXACT)
    assert not states.detach().density_matrix().requires_grad


@pytest.mark.parametrize(
    "make",
    [
        lambda: random_states(4, 2, 2),
        lambda: States.from_density_matrix(random_states(4, 2, 2).density_matrix()),
    ],
)
def test_parts_of_a_batch(make: Callable[[], States]) -> None:
    states = make()
    rho = states.density_matrix()
    for index in (slice(1, 3), torch.tensor([2, 0]), rho[:, 0, 0].real > 0.2):
        assert_close(states[index].density_matrix(), rho[index], **EXACT)
    for k in (0, 3, -1):
        assert_close(states[k].density_matrix(), rho[[k]], **EXACT)
    assert len(states[:0]) == 0
    together = concatenate([states[:1], BELL])
    assert together.rank == 2
    expected = torch.cat([rho[:1], BELL.density_matrix()])
    assert_close(together.density_matrix(), expected, **EXACT)
    moved = states.to(torch.complex64)
    assert moved.density_matrix().dtype == torch.complex64
    assert_close(moved.density_matrix().to(torch.complex128), rho, **SINGLE)


def test_normalised_states_have_trace_one() -> None:
    states = States(3 * random_states(2, 2, 3).factor).normalised()
    assert_close(states.traces(), torch.ones(2, dtype=torch.float64), **EXACT)


def test_repr_says_what_it_is() -> None:
    assert repr(BELL) == "States(1 of 2 qubits, pure)"
    assert repr(random_states(3, 1, 2)) == "States(3 of 1 qubits, rank 2)"


def test_small_eigenvalues_are_dropped() -> None:
    rho = torch.diag(torch.tensor([1 - 1e-14, 1e-14], dtype=torch.complex128))[None]
    assert States.from_density_matrix(rho).is_pure
    assert_close(
        States.from_density_matrix(rho).factor.abs()[0, :, 0], double([1, 0]), **EIGENVECTORS
    )


def test_prepared_states_are_computed_when_asked() -> None:
    engine, circuit = BatchedEngine(precision="double"), register()
    weights = torch.linspace(0, 1, circuit.n_weights, dtype=torch.float64, requires_grad=True)
    inputs = torch.linspace(0, 2, 6, dtype=torch.float64).reshape(3, 2)
    source = Prepared(engine, circuit, weights, inputs)
    assert (len(source), source.n_qubits) == (3, 2)
    rho = engine.run(circuit, weights, inputs).density_matrix()
    assert_close(source.materialise().density_matrix(), rho, **EXACT)
    assert_close(source[1:].materialise().density_matrix(), rho[1:], **EXACT)
    assert source.materialise().factor.requires_grad
    assert not source.detach().materialise().factor.requires_grad
