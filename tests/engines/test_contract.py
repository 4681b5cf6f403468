"""The contract of engines: what they return, and what they refuse.

Closed forms first, then a referee that multiplies the matrices of the gates.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from engine_cases import Case, each_engine, each_with_states
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
from torch import Tensor
from torch.testing import assert_close

from qgan.engines import Engine
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import Prepared, States, concatenate

CIRCUITS = {
    "reuploading": reuploading,
    "register": register,
    "turns": turns,
    "ghz": lambda: ghz(3, 2),
}
each_circuit = pytest.mark.parametrize("build", CIRCUITS.values(), ids=CIRCUITS)
WORDS = ("ZII", "XYI", "IIZ", "IYX", "III")
EMPTY = torch.zeros(0, dtype=torch.float64)


def batch(rows: int) -> Tensor:
    """Inputs of a circuit that has none."""
    return torch.zeros(rows, 0, dtype=torch.float64)


# Closed forms


@each_engine
def test_bell_and_ghz_expectations(case: Case) -> None:
    bell = case.make().expval(ghz(2, 2), EMPTY, batch(1), ["ZZ", "XX", "YY", "ZI", "IX", "II"])
    assert_close(bell, torch.tensor([[1.0, 1, -1, 0, 0, 1]]).double(), **case.value)
    three = case.make().expval(ghz(3, 1), EMPTY, batch(1), ["ZZI", "IZZ", "XXX", "XYY", "ZZZ"])
    assert_close(three, torch.tensor([[1.0, 1, 1, -1, 0]]).double(), **case.value)


@each_engine
def test_rotations_expectations(case: Case) -> None:
    """RX(w) RY(x)|0> has the Bloch vector (sin x, -sin w cos x, cos w cos x)."""
    weights, inputs = draw_angles(turns(), 5)
    w, x = weights, inputs[:, 0]
    bloch = torch.stack([x.sin(), -w.sin() * x.cos(), w.cos() * x.cos()], -1)
    values = case.make().expval(turns(), weights, inputs, ["X", "Y", "Z"])
    assert_close(values, bloch, **case.value)


@each_with_states
def test_ghz_states_with_and_without_wires_traced_out(case: Case) -> None:
    pure = case.make().run(ghz(3, 3), EMPTY, batch(2))
    expected = torch.zeros(2, 8, 8, dtype=torch.complex128)
    expected[:, [0, 0, 7, 7], [0, 7, 0, 7]] = 0.5
    assert_close(pure.density_matrix(), expected, **case.value)
    mixed = case.make().run(ghz(3, 2), EMPTY, batch(2)).density_matrix()
    halves = torch.tensor([0.5, 0, 0, 0.5], dtype=torch.complex128)
    assert_close(mixed, torch.diag(halves).expand(2, 4, 4), **case.value)


@each_engine
def test_empty_circuit(case: Case) -> None:
    values = case.make().expval(nothing(1, 1), EMPTY, batch(3), ["ZI", "IZ", "XX"])
    assert_close(values, torch.tensor([[1.0, 1, 0]]).double().expand(3, 3), **case.value)


# Against the referee


@each_with_states
@each_circuit
def test_states(case: Case, build: Callable[[], Local]) -> None:
    circuit = build()
    weights, inputs = draw_angles(circuit, 3)
    states = case.make().run(circuit, weights, inputs)
    whole = density_by_matrices(circuit, weights, inputs)
    expected = partial_trace(whole, circuit.registers.n_output)
    assert len(states) == 3
    assert states.factor.dtype == torch.complex128
    assert_close(states.density_matrix(), expected, **case.value)
    assert_close(states.factor @ states.factor.mH, expected, **case.value)


@each_engine
@each_circuit
@pytest.mark.parametrize("rows", [1, 3])
def test_expectations_on_all_wires(case: Case, build: Callable[[], Local], rows: int) -> None:
    circuit = build()
    weights, inputs = draw_angles(circuit, rows)
    words = (*pauli_words(circuit.registers.n_wires, 1)[::2], "Z" * circuit.registers.n_wires)
    values = case.make().expval(circuit, weights, inputs, words)
    expected = values_by_matrices(density_by_matrices(circuit, weights, inputs), words)
    assert values.dtype == torch.float64
    assert_close(values, expected, **case.value)


@each_engine
@pytest.mark.parametrize("rank", [1, 3])
def test_source_of_states(case: Case, rank: int) -> None:
    weights, inputs = draw_angles(reader(), 3)
    states = concatenate([random_states(2, 2, rank), random_states(1, 2, 1)])  # pads with zeros
    values = case.make().expval(reader(), weights, inputs, WORDS, states)
    final = density_by_matrices(reader(), weights, inputs, states.density_matrix())
    assert_close(values, values_by_matrices(final, WORDS), **case.value)


@each_engine
@pytest.mark.parametrize("build", [reuploading, register, lambda: ghz(3, 2)])
def test_source_that_is_prepared(case: Case, build: Callable[[], Local]) -> None:
    generator, engine = build(), case.make()
    weights, inputs = draw_angles(reader(), 3)
    angles = draw_angles(generator, 3, seed=1)
    whole = density_by_matrices(generator, *angles)
    start = partial_trace(whole, 2)
    source = Prepared(engine, generator, *angles)
    values = engine.expval(reader(), weights, inputs, WORDS, source)
    final = density_by_matrices(reader(), weights, inputs, start)
    assert_close(values, values_by_matrices(final, WORDS), **case.value)
    read = engine.expval(nothing(2), EMPTY, batch(3), ["ZI", "XY"], source)
    assert_close(read, values_by_matrices(start, ["ZI", "XY"]), **case.value)


@each_engine
def test_prepare(case: Case) -> None:
    engine, angles = case.make(), draw_angles(register(), 2)
    assert engine.gives_states == case.gives_states
    source = engine.prepare(register(), *angles)
    assert isinstance(source, States if case.gives_states else Prepared)
    assert (len(source), source.n_qubits) == (2, 2)


@each_engine
def test_isometry(case: Case) -> None:
    """``V rho V^dagger`` is what the circuit makes of rho; an engine without matrices says so."""
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)
    assert engine.gives_isometry_of(reader()) is engine.gives_isometries
    if not engine.gives_isometries:
        with pytest.raises(QganError, match=f"Engine {engine.name}: it gives no isometries"):
            engine.isometry(reader(), weights, inputs)
        return
    states = random_states(2, 2, 3)
    columns = engine.isometry(reader(), weights, inputs)
    final = density_by_matrices(reader(), weights, inputs, states.density_matrix())
    assert_close(columns @ states.density_matrix() @ columns.mH, final, **case.value)


# Bad input


@each_engine
def test_refusals(case: Case) -> None:
    engine, circuit = case.make(), reader()
    weights, inputs = draw_angles(circuit, 2)
    with pytest.raises(QganError, match=r"`weights` must have shape \(4,\).*\(3,\)"):
        engine.expval(circuit, weights[:3], inputs, WORDS)
    with pytest.raises(QganError, match=r"`inputs` must have shape \(B, 2\).*\(2, 1\)"):
        engine.expval(circuit, weights, inputs[:, :1], WORDS)
    with pytest.raises(QganError, match=r"`inputs` must have shape"):
        engine.prepare(circuit, weights, inputs[:, :1])
    with pytest.raises(QganError, match=r"`observables` must be Pauli words of length 3.*ZZ"):
        engine.expval(circuit, weights, inputs, ["ZZ"])
    with pytest.raises(QganError, match=r"`source` must have 2 qubits.*3"):
        engine.expval(circuit, weights, inputs, WORDS, random_states(2, 3, 1))
    with pytest.raises(QganError, match=r"`source` must have batch 2.*3"):
        engine.expval(circuit, weights, inputs, WORDS, random_states(3, 2, 1))


@each_engine
def test_what_an_engine_declares(case: Case) -> None:
    engine = case.make()
    assert isinstance(engine, Engine) and engine.name
    assert (engine.shots, engine.readout) == (None, 0.0)
    sizes = [engine.memory(register(), batch_size) for batch_size in (2, 4)]
    assert 16 * 2**4 <= sizes[0] <= sizes[1]
    engine.load_state_dict(engine.state_dict())


def test_an_engine_without_a_method_of_the_contract_cannot_be_made() -> None:
    class Half(Engine):
        name, gives_states = "half", False

    with pytest.raises(TypeError, match="expval, memory, run"):
        Half()  # type: ignore[abstract]


@each_engine
def test_no_observables(case: Case) -> None:
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)
    assert engine.expval(reader(), weights, inputs, []).shape == (2, 0)


@each_engine
def test_why_not(case: Case) -> None:
    engine = case.make()
    assert engine.why_not(reader()) is None
    assert isinstance(engine.why_not(reader(), "backpropagation"), str)
