"""The batched engine against ``default.qubit``, over random circuits from the full list of gates.

The contract that all engines keep stands in ``test_contract.py``; here is what is this engine's
own: every gate and decomposition, layers and chunks, sources, precision.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_circuits import KINDS, WEIGHTS, Angle, default_qubit, random_circuit, vector
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
    reuploading,
    turns,
    values_by_matrices,
)
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from circuits import (
    HardwareEfficient,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
)
from qgan.engines import Engine
from qgan.engines.batched import BatchedEngine
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import Prepared, States

ENGINE = BatchedEngine(precision="double")


@pytest.fixture(autouse=True, scope="module", params=[True, False], ids=["compiled", "in torch"])
def each_way(request: pytest.FixtureRequest) -> None:
    """Every test meets the compiled loops, and the operations of torch that run on CUDA."""
    ENGINE.compiled = request.param


def assert_same_rays(found: Tensor, expected: Tensor) -> None:
    """Equal up to a global phase, and normalised."""
    assert_close(found @ found.mH, expected @ expected.mH, **EXACT)


@settings(max_examples=40)
@given(random_circuit(), st.integers(0, 2**16))
def test_random_circuits(circuit: Local, seed: int) -> None:
    angles = draw_angles(circuit, 2, seed)
    expected = default_qubit(circuit, *angles)
    assert_same_rays(ENGINE.run(circuit, *angles).factor, expected)
    words = pauli_words(circuit.registers.n_wires, 1)
    values = values_by_matrices(expected @ expected.mH, words)
    assert_close(ENGINE.expval(circuit, *angles, words), values, **EXACT)


@pytest.mark.parametrize("name", KINDS)
def test_each_gate(name: str) -> None:
    """On a random start, so that phases and controls show; wires in falling order."""
    kind = KINDS[name]
    n = max(2, kind.n_wires)

    def queue(weights: Any, inputs: Any) -> None:
        qml.StatePrep(vector(n), wires=range(n))
        angles = [Angle("weights", k % WEIGHTS, 1.0, 0.1 * k) for k in range(kind.n_angles)]
        kind.queue(*(a(weights, inputs) for a in angles), list(range(n))[::-1][: kind.n_wires])

    circuit = Local(queue, Registers(output=n), WEIGHTS, 0)
    angles = draw_angles(circuit, 1)
    assert_same_rays(ENGINE.run(circuit, *angles).factor, default_qubit(circuit, *angles))


def shared_row(n: int) -> Local:
    layer = HardwareEfficient(range(n), 1)
    return Local(lambda w, x: layer(w), Registers(output=n), layer.n_angles, 0)


def mixed_row(n: int) -> Local:
    """Every third wire turns by an input, the others by weights, between entanglers."""
    layer = HardwareEfficient(range(n), 1)

    def queue(weights: Any, inputs: Any) -> None:
        layer(weights)
        for wire in range(n):
            qml.RY(inputs[..., wire] if wire % 3 == 1 else weights[..., wire], wires=wire)
        layer(weights)

    return Local(queue, Registers(output=n), layer.n_angles, n)


ROWS: list[Callable[[int], Any]] = [
    shared_row,
    mixed_row,
    lambda n: ReuploadingCircuit(Registers(output=n), n_layers=1),
]


@pytest.mark.parametrize("build", ROWS)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9])
def test_rows_of_turns(n: int, build: Callable[[int], Any]) -> None:
    """Applied in groups of a few wires: widths on and off the edges of groups."""
    circuit = build(n)
    angles = draw_angles(circuit, 2)
    assert_same_rays(ENGINE.run(circuit, *angles).factor, default_qubit(circuit, *angles))


def test_sixteen_thousand_amplitudes_of_a_product_state() -> None:
    n = 14
    layer = HardwareEfficient(range(n), 1)
    circuit = Local(lambda w, x: layer(w), Registers(output=n), layer.n_angles, 0)
    weights = torch.zeros(layer.n_angles, dtype=torch.float64)
    weights[0 : 2 * n : 2] = torch.linspace(0.1, 1.4, n, dtype=torch.float64)
    words = ["I" * k + "Z" + "I" * (n - k - 1) for k in range(n)]
    found = ENGINE.expval(circuit, weights, torch.zeros(1, 0), words)
    assert_close(found, torch.cos(weights[None, 0 : 2 * n : 2]), **EXACT)


# Shapes at the edge.


def test_empty_circuit() -> None:
    circuit = nothing(2, 1)
    weights, inputs = draw_angles(circuit, 3)
    states = ENGINE.run(circuit, weights, inputs)
    assert states.factor.shape == (3, 4, 2)
    ground = torch.zeros(3, 4, 4, dtype=torch.complex128)
    ground[:, 0, 0] = 1
    assert_close(states.density_matrix(), ground, **EXACT)
    source = random_states(3, 2, 2)
    read = ENGINE.expval(circuit, weights, inputs, ["XYI", "ZIZ", "IIZ"], source)
    assert_close(read, torch.cat([source.expval(["XY", "ZI"]), torch.ones(3, 1)], 1), **EXACT)


@pytest.mark.parametrize("build", [turns, reader, register, reuploading, lambda: ghz(3, 2)])
@pytest.mark.parametrize("batch", [0, 1, 5])
def test_batch(build: Callable[[], Any], batch: int) -> None:
    circuit = build()
    weights, inputs = draw_angles(circuit, batch)
    states = ENGINE.run(circuit, weights, inputs)
    assert len(states) == batch
    if batch:
        rho = density_by_matrices(circuit, weights, inputs)
        expected = partial_trace(rho, circuit.registers.n_output)
        assert_close(states.density_matrix(), expected, **EXACT)
    words = pauli_words(circuit.registers.n_wires, 1)
    assert ENGINE.expval(circuit, weights, inputs, words).shape == (batch, len(words))
    assert ENGINE.expval(circuit, weights, inputs, []).shape == (batch, 0)


def test_weights_alone_are_one_row_for_the_whole_batch() -> None:
    layer = HardwareEfficient(range(3), 2)
    circuit = Local(lambda w, x: layer(w), Registers(output=3), layer.n_angles, 0)
    weights, inputs = draw_angles(circuit, 4)
    factor = ENGINE.run(circuit, weights, inputs).factor
    assert factor.shape == (4, 8, 1)
    assert_same_rays(factor, default_qubit(circuit, weights, inputs))


def test_one_row_of_rotations_mixes_shared_and_per_sample_angles() -> None:
    def queue(weights: Any, inputs: Any) -> None:
        qml.RY(weights[..., 0], 0)
        qml.RY(inputs[..., 0], 1)
        qml.RY(inputs[..., 1], 0)
        qml.RZ(weights[..., 1], 0)
        qml.IsingZZ(inputs[..., 0] - weights[..., 2], [0, 1])
        qml.RX(weights[..., 2] + inputs[..., 1], 1)

    circuit = Local(queue, Registers(output=2), 3, 2)
    angles = draw_angles(circuit, 3)
    assert_same_rays(ENGINE.run(circuit, *angles).factor, default_qubit(circuit, *angles))


# Sources.

SOURCES = {
    "pure": lambda: random_states(3, 2, 1),
    "mixed": lambda: random_states(3, 2, 3),
    "full rank and more": lambda: random_states(3, 2, 6),
}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", READERS)
def test_source(source: str, name: str) -> None:
    circuit, states = READERS[name](), SOURCES[source]()
    weights, inputs = draw_angles(circuit, 3)
    words = pauli_words(circuit.registers.n_wires, 2)
    final = density_by_matrices(circuit, weights, inputs, states.density_matrix())
    found = ENGINE.expval(circuit, weights, inputs, words, states)
    assert_close(found, values_by_matrices(final, words), **EXACT)


def test_source_that_is_prepared_is_run_first() -> None:
    circuit, generator = reader(), register()
    angles, prepared = draw_angles(circuit, 3), draw_angles(generator, 3, seed=1)
    source = Prepared(ENGINE, generator, *prepared)
    found = ENGINE.expval(circuit, *angles, ["XYZ", "ZZI"], source)
    states = ENGINE.run(generator, *prepared)
    assert_close(found, ENGINE.expval(circuit, *angles, ["XYZ", "ZZI"], states), **EXACT)


# Precision, protocol, refusals.


def test_single_precision_is_close_to_double() -> None:
    circuit = RegisterCircuit(Registers(output=4, label=1, latent=1, bath=1), n_layers=4)
    weights, inputs = draw_angles(circuit, 8)
    words = pauli_words(7, 1)
    results = []
    for engine in (ENGINE, BatchedEngine()):
        angles = (weights.clone().requires_grad_(), inputs.clone().requires_grad_())
        values = engine.expval(circuit, *angles, words)
        gradients = torch.autograd.grad(values.mean(), angles)
        results.append((values.detach().double(), *gradients))
        assert engine.run(circuit, weights, inputs).factor.dtype == engine.complex
        assert values.dtype == engine.real
    for double, single in zip(*results, strict=True):
        assert_close(single, double, **SINGLE)


def test_protocol_and_name() -> None:
    assert isinstance(ENGINE, Engine)
    assert (ENGINE.name, ENGINE.gives_states) == ("batched", True)
    states = ENGINE.prepare(reader(), *draw_angles(reader(), 2))
    assert isinstance(states, States)


@pytest.mark.parametrize(
    ("diff_method", "shots", "reason"),
    [
        (None, None, None),
        ("adjoint", None, None),
        ("backprop", None, "differentiates by the adjoint method, not backprop"),
        ("parameter-shift", None, "not parameter-shift"),
        (None, 100, "exact expectation values, not shots"),
    ],
)
def test_why_not(diff_method: str | None, shots: int | None, reason: str | None) -> None:
    found = ENGINE.why_not(reader(), diff_method, shots)
    assert (found is None) if reason is None else (found is not None and reason in found)


def test_why_not_names_what_the_circuit_does() -> None:
    circuit = Local(lambda w, x: qml.BitFlip(w[..., 0], 0), Registers(output=1), 1)
    assert "Channel BitFlip" in (ENGINE.why_not(circuit) or "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": torch.zeros(3)}, r"`weights` must have shape \(4,\), but got \(3,\)"),
        ({"inputs": torch.zeros(2, 3)}, r"`inputs` must have shape \(B, 2\), but got \(2, 3\)"),
        ({"observables": ["ZZ"]}, "`observables` must be Pauli words of length 3"),
        ({"observables": ["ZZQ"]}, "but got ZZQ"),
        ({"source": random_states(2, 3, 1)}, "`source` must have 2 qubits, .* but got 3"),
        ({"source": random_states(3, 2, 1)}, "`source` must have batch 2, but got 3"),
    ],
)
def test_wrong_arguments_are_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"weights": torch.zeros(4), "inputs": torch.zeros(2, 2)}
    given |= {"observables": ["ZZZ"], "source": None} | change
    with pytest.raises(QganError, match=message):
        ENGINE.expval(reader(), **given)


def test_unknown_precision_is_refused() -> None:
    make: Any = getattr(BatchedEngine.__init__, "__wrapped__", BatchedEngine.__init__)
    with pytest.raises(QganError, match="`precision` must be 'single' or 'double', but got 'half'"):
        make(object.__new__(BatchedEngine), "half")
