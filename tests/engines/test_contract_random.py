"""The contract of engines on random circuits and on those of the presets, by default.qubit.

The referee is PennyLane's simulator called row by row, in double precision, with backprop.
"""

from __future__ import annotations

from typing import Any

import pennylane as qml
import pytest
import torch
from engine_cases import ENGINES
from hypothesis import given, settings
from hypothesis import strategies as st
from random_circuits import random_circuit
from small_circuits import Local, draw_angles
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from qgan import build
from qgan.build import SOURCES
from qgan.config import Experiment
from qgan.pauli import pauli_words

SMALL = {"n_train": 4, "n_validation": 2, "n_held_out": 2}


def referee(circuit: Any, weights: Tensor, inputs: Tensor, words: tuple[str, ...]) -> Tensor:
    """``(B, K)`` expectation values, differentiable."""
    n = circuit.registers.n_wires
    operators = [qml.pauli.string_to_pauli_word(w, {q: q for q in range(n)}) for w in words]

    @qml.qnode(qml.device("default.qubit", wires=n), interface="torch", diff_method="backprop")
    def node(row: Tensor) -> Any:
        circuit(weights, row)
        return [qml.expval(operator) for operator in operators]

    return torch.stack([torch.stack([v.double() for v in node(row)]) for row in inputs])


def check(name: str, circuit: Any, seed: int, gradient: dict[str, float] | None = None) -> None:
    """Values of an engine and the gradients of a random mix of them, against the referee's."""
    case = ENGINES[name]
    angles = draw_angles(circuit, 2, seed)
    n = circuit.registers.n_wires
    words = tuple(pauli_words(n, min(2, n)))[:9]
    mix = torch.rand(2, len(words), generator=torch.Generator().manual_seed(seed)).double()
    found = []
    for run in (case.make().expval, referee):
        leaves = [angle.clone().requires_grad_() for angle in angles]
        values = run(circuit, *leaves, words)
        slopes: tuple[Tensor | None, ...] = (None, None)
        if values.requires_grad:
            slopes = torch.autograd.grad((values * mix).sum(), leaves, allow_unused=True)
        kept = [
            torch.zeros_like(a) if s is None else s for s, a in zip(slopes, angles, strict=True)
        ]
        found.append((values.detach(), *kept))
    (values, *slopes_found), (expected, *slopes_expected) = found
    assert_close(values, expected, **case.value)
    for ours, theirs in zip(slopes_found, slopes_expected, strict=True):
        assert_close(ours, theirs, **(gradient or case.value))


@pytest.mark.parametrize("name", ["batched", "batched in torch"])
@settings(max_examples=40)
@given(data=st.data())
def test_forty_random_circuits_on_batched(name: str, data: st.DataObject) -> None:
    circuit = data.draw(random_circuit(max_wires=4, max_gates=8))
    check(name, circuit, data.draw(st.integers(0, 2**16)))


@settings(max_examples=40)
@given(random_circuit(max_wires=4, max_gates=8, templates=False), st.integers(0, 2**16))
def test_forty_random_circuits_on_default_qubit(circuit: Local, seed: int) -> None:
    check("default.qubit", circuit, seed)


@pytest.mark.parametrize("name", ["default.mixed", "adjoint", "parameter-shift"])
@settings(max_examples=10)
@given(data=st.data())
def test_random_circuits_on_other_devices(name: str, data: st.DataObject) -> None:
    circuit = data.draw(random_circuit(max_wires=3, max_gates=5, templates=False))
    check(name, circuit, data.draw(st.integers(0, 2**16)), ENGINES[name].gradient)


@pytest.mark.parametrize("engine", ["batched", "batched in torch", "default.qubit"])
@pytest.mark.parametrize("name", build.PRESETS)
def test_circuits_of_the_presets(name: str, engine: str) -> None:
    experiment: Experiment = build.preset(name)
    size = {} if experiment.data.qubits is None else {"n_qubits": experiment.data.qubits}
    data = SOURCES.find(experiment.data.source).make(**size, **SMALL)
    circuit = build.build_circuit(experiment, data)
    check(engine, circuit, seed=3)


def test_the_tolerance_is_a_ten_billionth() -> None:
    assert ENGINES["batched"].value == EXACT == {"rtol": 0.0, "atol": 1e-10}
