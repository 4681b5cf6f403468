"""What memory cannot hold is refused before it is asked for."""

from __future__ import annotations

import pennylane as qml
import pytest
import torch
from small_circuits import Local, reuploading

from circuits import HardwareEfficient, Registers
from qgan.engines import BatchedEngine, Engine, PennyLaneEngine
from qgan.engines.memory import available, check_memory
from qgan.errors import QganError

CPU = torch.device("cpu")


def test_what_fits_passes_and_what_does_not_is_told_in_gibibytes() -> None:
    check_memory(10, 4, 16, CPU)
    with pytest.raises(QganError, match=r"must fit in the .* GiB that are free, but got 40 qubits"):
        check_memory(40, 1, 16, CPU)


def test_a_system_that_does_not_say_refuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qgan.engines.memory.available", lambda device: None)
    check_memory(60, 1, 16, CPU)


def test_memory_of_this_machine_is_known() -> None:
    found = available(CPU)
    assert found is None or found > 2**20


@pytest.mark.parametrize(
    "engine",
    [BatchedEngine(), PennyLaneEngine(), PennyLaneEngine("lightning.qubit", "adjoint")],
    ids=lambda engine: engine.name,
)
def test_forty_qubits_are_refused_at_once(engine: Engine) -> None:
    n = 40
    layer = HardwareEfficient(range(n), 1)
    circuit = Local(lambda w, x: layer(w), Registers(output=n), layer.n_angles, 0)
    with pytest.raises(QganError, match="40 qubits"):
        engine.expval(
            circuit, torch.zeros(layer.n_angles), torch.zeros(2, 0), ["Z" + "I" * (n - 1)]
        )


def test_a_batch_that_backprop_holds_at_once_is_refused() -> None:
    """One vector of 30 qubits might fit, 64 of them do not."""
    n = 30
    circuit = Local(lambda w, x: [qml.RY(x[..., 0], q) for q in range(n)], Registers(n), 0, 1)
    for engine in (BatchedEngine(), PennyLaneEngine("default.qubit")):
        with pytest.raises(QganError, match=r"30 qubits, .* states at once: 1"):
            engine.expval(circuit, torch.zeros(0), torch.zeros(64, 1), ["Z" * n])


def test_what_a_pass_needs_by_hand() -> None:
    """Three wires, batch 5: three states of each sample, or one more per stage or per angle."""
    circuit, states = reuploading(), 5 * 2**3
    assert BatchedEngine().memory(circuit, 5) == 8 * states * 3
    assert BatchedEngine("double").memory(circuit, 5) == 16 * states * 3
    on_cuda = BatchedEngine().memory(circuit, 5, "cuda")
    assert on_cuda > 8 * states * 3
    assert BatchedEngine(compiled=False).memory(circuit, 5) == on_cuda
    assert BatchedEngine(low_memory=True).memory(circuit, 5, "cuda") == 8 * states * 3
    assert PennyLaneEngine().memory(circuit, 5) == 16 * states * circuit.n_inputs
    mixed = PennyLaneEngine("default.mixed").memory(circuit, 5)
    assert mixed == 16 * 5 * 2**6 * circuit.n_inputs
    assert PennyLaneEngine("lightning.qubit").memory(circuit, 5) == 16 * 2**3 * 4
