"""Every operation of PennyLane on every engine: it agrees with matrices, or is refused."""

from __future__ import annotations

import inspect
from pathlib import Path

import pennylane as qml
import pytest
from every_operation import EXAMPLES, LEFT_OUT
from operation_sweep import head, lines_of, outcome

DOCUMENT = (Path(__file__).parents[2] / "docs" / "operations.md").read_text().splitlines()

FAST = (
    "fixed CRot",
    "DiagonalQubitUnitary",
    "U3",
    "adjoint of PhaseShift",
    "control of a global phase",
    "two controls of RY",
    "control of MultiRZ",
    "power of MultiRZ",
    "exp of a word",
    "exp of a commuting sum",
    "evolution of a word",
    "ApproxTimeEvolution",
    "CommutingEvolution",
    "IQPEmbedding",
    "fixed PCPhase",
    "Snapshot",
    "FermionicSingleExcitation",
    "measurement and condition",
)
"""What users met, and what takes no batch of angles; the others are slow."""

FAST_ROUTES = (
    "batched",
    "default.qubit, adjoint",
    "default.qubit, parameter-shift",
    "default.mixed, backprop",
    "lightning.qubit, adjoint",
)

AGREES_EVERYWHERE = {name for name in FAST if name not in ("IQPEmbedding", FAST[-1])}


@pytest.mark.parametrize("route", FAST_ROUTES)
@pytest.mark.parametrize("name", FAST)
def test_a_few_operations(name: str, route: str) -> None:
    result = outcome(name, route)
    assert result.faults == []
    assert result.n_agreed or result.refusals
    if name in AGREES_EVERYWHERE:
        assert result.refusals == []


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", EXAMPLES)
def test_every_operation_as_the_documentation_has_it(name: str) -> None:
    assert set(lines_of(name)) <= set(DOCUMENT)


def test_the_numbers_in_the_documentation_are_those_of_its_table() -> None:
    rows = [line for line in DOCUMENT if line.startswith("| ")][2:]
    assert [row.split("|")[1].strip() for row in rows] == list(EXAMPLES)
    assert "\n".join(DOCUMENT).startswith(head(rows))


def test_every_operation_on_qubits_has_an_example() -> None:
    """A new operation of PennyLane fails here, until it has an example."""
    queued = set()
    for example in EXAMPLES.values():
        angles = [0.3 + 0.2 * k for k in range(example.n_angles)]
        script = qml.tape.make_qscript(example.queue)(angles)
        queued |= {type(operation) for operation in script.operations}
    others = tuple(name for names in LEFT_OUT.values() for name in names.split())
    missing = {
        name
        for name, kind in inspect.getmembers(qml, inspect.isclass)
        if issubclass(kind, qml.operation.Operator)
        and kind not in queued
        and not kind.__module__.startswith(others)
    }
    assert missing == set()
