"""The batched engine against ``default.qubit``, over random circuits from the full list of gates.

The contract that all engines keep stands in ``test_contract.py``; here is what is this engine's
own: every gate and decomposition, layers and chunks, the adjoint method, precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given, note, settings
from hypothesis import strategies as st
from small_circuits import (
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
    ConditionalReadout,
    DDKLayers,
    HardwareEfficient,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
)
from qgan.engines import Engine
from qgan.engines.batched import BatchedEngine
from qgan.engines.batched.plan import chunks
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import Prepared, States

ENGINE = BatchedEngine(precision="double")
WEIGHTS, INPUTS = 3, 2  # entries that random circuits draw from


class Kind(NamedTuple):
    """A gate by its numbers of wires and angles, and how it is queued."""

    n_wires: int
    n_angles: int
    queue: Callable[..., Any]


def unitary(n_wires: int, seed: int = 5) -> Any:
    matrix = np.random.default_rng(seed).normal(size=(2, 2**n_wires, 2**n_wires))
    return np.linalg.qr(matrix[0] + 1j * matrix[1])[0]


def vector(n_wires: int) -> Any:
    return unitary(n_wires, seed=6)[:, 0]


def gate(name: str, n_wires: int, n_angles: int) -> Kind:
    operation = getattr(qml, name)
    return Kind(n_wires, n_angles, lambda *args: operation(*args[:-1], wires=args[-1]))


def adjoint(kind: Kind) -> Kind:
    return kind._replace(queue=lambda *args: qml.adjoint(kind.queue)(*args))


def controlled(kind: Kind, value: int) -> Kind:
    def queue(*args: Any) -> None:
        *angles, wires = args
        qml.ctrl(kind.queue, control=wires[0], control_values=value)(*angles, wires[1:])

    return Kind(kind.n_wires + 1, kind.n_angles, queue)


def layers(template: Any, n_wires: int, shape: tuple[int, ...]) -> Kind:
    """A layer template of PennyLane; its angles are stacked as the user would."""

    def queue(*args: Any) -> None:
        stack = np.stack
        if any(torch.is_tensor(entry) for entry in args):
            stack = torch.stack
            args = tuple(torch.as_tensor(a, dtype=torch.float64) for a in args[:-1]) + args[-1:]
        template(stack(args[:-1]).reshape(shape), wires=args[-1])

    return Kind(n_wires, math.prod(shape), queue)


FIXED = ["PauliX", "PauliY", "PauliZ", "Hadamard", "S", "T", "SX", "Identity"]
TURNS = [("RX", 1, 1), ("RY", 1, 1), ("RZ", 1, 1), ("Rot", 1, 3), ("PhaseShift", 1, 1)]
TURNS += [("U1", 1, 1), ("U2", 1, 2), ("U3", 1, 3)]
TWO = [("CNOT", 2, 0), ("CY", 2, 0), ("CZ", 2, 0), ("CH", 2, 0), ("SWAP", 2, 0), ("ISWAP", 2, 0)]
TWO += [("SISWAP", 2, 0), ("ECR", 2, 0)]
TWO += [(f"CR{axis}", 2, 1) for axis in "XYZ"] + [("CRot", 2, 3), ("ControlledPhaseShift", 2, 1)]
TWO += [(f"Ising{axes}", 2, 1) for axes in ("XX", "YY", "ZZ", "XY")] + [("SingleExcitation", 2, 1)]
MORE = [("MultiRZ", 2, 1), ("MultiRZ", 3, 1), ("DoubleExcitation", 4, 1), ("Toffoli", 3, 0)]
MORE += [("CSWAP", 3, 0), ("CCZ", 3, 0), ("QFT", 3, 0), ("PSWAP", 2, 1)]
MORE += [("SingleExcitationPlus", 2, 1), ("SingleExcitationMinus", 2, 1), ("GroverOperator", 3, 0)]

PLAIN = {f"{name}-{n}": gate(name, n, angles) for name, n, angles in TWO + TURNS + MORE} | {
    name: gate(name, 1, 0) for name in FIXED
}
KINDS: dict[str, Kind] = (
    PLAIN
    | {f"adjoint {name}": adjoint(kind) for name, kind in PLAIN.items()}
    | {
        "ctrl RX": controlled(PLAIN["RX-1"], 1),
        "open ctrl RY": controlled(PLAIN["RY-1"], 0),
        "ctrl CRZ": controlled(PLAIN["CRZ-2"], 1),
        "ctrl Hadamard": controlled(PLAIN["Hadamard"], 0),
        "power": Kind(1, 1, lambda angle, wires: qml.pow(qml.RX(angle, wires), 2)),
        "global phase": Kind(1, 1, lambda angle, wires: qml.GlobalPhase(angle, wires)),
        "QubitUnitary-1": Kind(1, 0, lambda wires: qml.QubitUnitary(unitary(1), wires)),
        "QubitUnitary-2": Kind(2, 0, lambda wires: qml.QubitUnitary(unitary(2), wires)),
        "QubitUnitary-3": Kind(3, 0, lambda wires: qml.QubitUnitary(unitary(3), wires)),
        "DiagonalQubitUnitary": Kind(
            2, 0, lambda wires: qml.DiagonalQubitUnitary(np.exp(1j * np.arange(4)), wires)
        ),
        "StrongLayers": layers(qml.StronglyEntanglingLayers, 2, (1, 2, 3)),
        "BasicLayers": layers(qml.BasicEntanglerLayers, 3, (2, 3)),
        "SimplifiedTwoDesign": layers(
            lambda angles, wires: qml.SimplifiedTwoDesign(angles[:2], angles[2:].reshape(1, 1, 2), wires),
            2,
            (4,),
        ),
        "AngleEmbedding": layers(qml.AngleEmbedding, 2, (2,)),
        "IQPEmbedding": Kind(
            2, 0, lambda wires: qml.IQPEmbedding(np.array([0.3, -1.1]), wires=wires)
        ),
    }
    | {
        f"PauliRot {word}": Kind(
            len(word), 1, lambda angle, wires, word=word: qml.PauliRot(angle, word, wires)
        )
        for word in ("X", "ZY", "XZ", "YIX")
    }
)
STARTS: dict[str, Callable[[int], Any]] = {
    "ground": lambda n: None,
    "StatePrep": lambda n: qml.StatePrep(vector(n), wires=range(n)),
    "BasisState": lambda n: qml.BasisState(np.arange(n) % 2, wires=range(n)),
    "StatePrep on some": lambda n: qml.StatePrep(vector(1), wires=[n - 1]),
}


class Angle(NamedTuple):
    """``scale * source[entry] + shift``, or ``shift`` alone."""

    source: str | None
    entry: int
    scale: float
    shift: float

    def __call__(self, weights: Any, inputs: Any) -> Any:
        if self.source is None:
            return self.shift
        values = weights if self.source == "weights" else inputs
        return self.scale * values[..., self.entry] + self.shift


number = st.sampled_from([-2.0, -0.5, 0.7, 1.0])
angle = st.one_of(
    st.builds(Angle, st.just("weights"), st.integers(0, WEIGHTS - 1), number, number),
    st.builds(Angle, st.just("inputs"), st.integers(0, INPUTS - 1), number, number),
    st.builds(Angle, st.none(), st.just(0), st.just(0.0), number),
)


@st.composite
def random_circuit(draw: Any, max_wires: int = 5, max_gates: int = 10) -> Local:
    """Up to ``max_gates`` gates of any kind on up to ``max_wires`` wires, any start."""
    n = draw(st.integers(1, max_wires))
    names = [name for name, kind in KINDS.items() if kind.n_wires <= n]
    start = draw(st.sampled_from(list(STARTS)))
    rows = []
    for name in draw(st.lists(st.sampled_from(names), max_size=max_gates)):
        kind = KINDS[name]
        wires = draw(st.permutations(range(n)))[: kind.n_wires]
        rows.append((name, tuple(draw(angle) for _ in range(kind.n_angles)), wires))

    note(f"{n} wires from {start}: {rows}")

    def queue(weights: Any, inputs: Any) -> None:
        STARTS[start](n)
        for name, angles, wires in rows:
            KINDS[name].queue(*(a(weights, inputs) for a in angles), wires)

    return Local(queue, Registers(output=n), WEIGHTS, INPUTS)


def default_qubit(circuit: Any, weights: Tensor, inputs: Tensor) -> Tensor:
    """Final vectors ``(B, 2**n, 1)`` of PennyLane's own simulator, row by row."""
    n = circuit.registers.n_wires

    def run(row: Tensor) -> Any:
        circuit(weights.detach().numpy(), row.detach().numpy())
        return qml.state()

    device = qml.device("default.qubit", wires=n)
    rows = [torch.as_tensor(qml.QNode(run, device)(row)) for row in inputs]
    return torch.stack(rows).to(torch.complex128).unsqueeze(-1)


def assert_same_rays(found: Tensor, expected: Tensor) -> None:
    """Equal up to a global phase, and normalised."""
    assert_close(found @ found.mH, expected @ expected.mH, **EXACT)


@settings(max_examples=25)
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


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9])
def test_chunks_of_turns(n: int) -> None:
    """Rows of turns are applied in groups of at most four wires: widths on and off the edge."""
    assert [wire for group in chunks(n) for wire in group] == list(range(n))
    assert max(len(group) for group in chunks(n)) <= 4
    for circuit in (
        ReuploadingCircuit(Registers(output=n), n_layers=1),
        RegisterCircuit(Registers(output=n), n_layers=1),
    ):
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
READERS: dict[str, Callable[[], Any]] = {
    "own wires": lambda: ConditionalReadout(Registers(output=2), n_layers=2),
    "label wire": reader,
    "label wire and ancilla": lambda: ConditionalReadout(
        Registers(output=2, label=1, bath=1), n_layers=1
    ),
    "no inputs": lambda: Local(
        lambda w, x: DDKLayers(range(3), 1)(w), Registers(output=2, bath=1), 8, 0
    ),
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


# Gradients.


def parameter_shift(function: Callable[[Tensor], Tensor], angles: Tensor) -> Tensor:
    """d f_k / d angle_j = (f_k(+pi/2) - f_k(-pi/2)) / 2, of gates that are Pauli rotations."""
    columns = []
    for j in range(angles.numel()):
        shift = torch.zeros_like(angles).reshape(-1)
        shift[j] = math.pi / 2
        shift = shift.reshape(angles.shape)
        columns.append((function(angles + shift) - function(angles - shift)) / 2)
    return torch.stack(columns, -1)


def test_gradients_equal_parameter_shift() -> None:
    circuit = reader()
    weights, inputs = draw_angles(circuit, 2)
    words = ["XYZ", "ZZI", "IYX"]

    def of_weights(angles: Tensor) -> Tensor:
        return ENGINE.expval(circuit, angles, inputs, words)

    def of_inputs(angles: Tensor) -> Tensor:
        return ENGINE.expval(circuit, weights, angles, words)

    for function, point in ((of_weights, weights), (of_inputs, inputs)):
        jacobian = torch.autograd.functional.jacobian(function, point)
        shifted = parameter_shift(function, point)
        assert_close(jacobian.reshape(shifted.shape), shifted, **EXACT)


@settings(max_examples=10)
@given(random_circuit(max_wires=3, max_gates=6), st.integers(0, 2**16))
def test_gradcheck_of_random_circuits(circuit: Local, seed: int) -> None:
    words = pauli_words(circuit.registers.n_wires, 1)[:4]
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2, seed)]
    assert torch.autograd.gradcheck(lambda *a: ENGINE.expval(circuit, *a, words), angles)


@pytest.mark.parametrize("build", [reuploading, register, turns])
def test_gradcheck_of_the_state_itself(build: Callable[[], Any]) -> None:
    """Of the factor, whose gradient is complex and not that of a real function of rho."""
    circuit = build()
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2)]
    angles = [angle if angle.numel() else angle.detach() for angle in angles]
    assert torch.autograd.gradcheck(lambda *a: ENGINE.run(circuit, *a).factor, angles)


@pytest.mark.parametrize("name", READERS)
def test_gradcheck_of_sources(name: str) -> None:
    circuit = READERS[name]()
    weights, inputs = draw_angles(circuit, 2)
    words = pauli_words(circuit.registers.n_wires, 1)[::2]
    factor = random_states(2, 2, 2).factor.requires_grad_()
    weights.requires_grad_()

    def values(factor: Tensor, weights: Tensor) -> Tensor:
        return ENGINE.expval(circuit, weights, inputs, words, States(factor))

    assert torch.autograd.gradcheck(values, (factor, weights))


def test_gradient_stops_where_it_is_not_asked_for() -> None:
    circuit = reader()
    weights, inputs = draw_angles(circuit, 2)
    values = ENGINE.expval(circuit, weights, inputs, ["ZII"])
    assert not values.requires_grad
    values = ENGINE.expval(circuit, weights.requires_grad_(), inputs, ["ZII"])
    values.sum().backward()
    assert weights.grad is not None
    assert inputs.grad is None


def test_angle_that_no_gate_uses_has_gradient_zero() -> None:
    circuit = Local(lambda w, x: qml.RX(w[..., 1], 0), Registers(output=1), 3, 2)
    weights, inputs = (angle.requires_grad_() for angle in draw_angles(circuit, 2))
    ENGINE.expval(circuit, weights, inputs, ["Z"]).sum().backward()
    expected = torch.zeros(3, dtype=torch.float64)
    expected[1] = -2 * torch.sin(weights.detach()[1])
    assert_close(weights.grad, expected, **EXACT)


LOSSES = {
    "expectation": lambda circuit, w, x: ENGINE.expval(circuit, w, x, ["ZZI", "XXI"]).sum(),
    # linear in the state: its gradient does not depend on the output at all
    "amplitude": lambda circuit, w, x: ENGINE.run(circuit, w, x).factor.real.sum(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("which", [0, 1])
def test_second_derivative_is_refused(loss: str, which: int) -> None:
    circuit = reader()
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2)]
    value = LOSSES[loss](circuit, *angles)
    (gradient,) = torch.autograd.grad(value, angles[which], create_graph=True)
    with pytest.raises(QganError, match="Second derivative of a circuit: the batched engine"):
        torch.autograd.grad((gradient**2).sum(), angles[which], retain_graph=True)
    with pytest.raises(QganError, match="Second derivative"):
        (gradient**2).sum().backward()


def test_second_derivative_through_a_source_is_refused() -> None:
    circuit = reader()
    weights, inputs = draw_angles(circuit, 2)
    factor = random_states(2, 2, 1).factor.requires_grad_()
    value = ENGINE.expval(circuit, weights, inputs, ["ZZI"], States(factor)).sum()
    (gradient,) = torch.autograd.grad(value, factor, create_graph=True)
    with pytest.raises(QganError, match="Second derivative"):
        torch.autograd.grad(gradient.abs().sum(), factor)


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
def test_supports(diff_method: str | None, shots: int | None, reason: str | None) -> None:
    found = ENGINE.supports(reader(), diff_method, shots)
    assert (found is None) if reason is None else (found is not None and reason in found)


def test_supports_names_what_the_circuit_does() -> None:
    circuit = Local(lambda w, x: qml.BitFlip(0.1, 0), Registers(output=1))
    assert "Channel BitFlip" in (ENGINE.supports(circuit, None, None) or "")


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
