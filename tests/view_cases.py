"""The views under the contract: a new view joins by adding a line to ``VIEWS``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from circuits import ConditionalReadout, Registers
from qgan.engines import BatchedEngine
from qgan.views import CircuitView, DensityView, PauliView, View

N = 2  # qubits of the states seen
ENGINE = BatchedEngine(precision="double")


class Case(NamedTuple):
    """A view under the contract."""

    make: Callable[[], View]
    n_features: int
    sees_label: bool = False
    needs_states: bool = False


def circuit_view(circuit: Any, **settings: Any) -> CircuitView:
    view = CircuitView(circuit, 2, engine=ENGINE, **settings)
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
    "circuit-copies": Case(lambda: circuit_view(plain(), copies=2), 6, sees_label=True),
    "circuit-frozen": Case(lambda: circuit_view(plain(), trainable=False), 3, sees_label=True),
}
each_view = pytest.mark.parametrize("case", VIEWS.values(), ids=VIEWS)
with_label = pytest.mark.parametrize(
    "case",
    [c for c in VIEWS.values() if c.sees_label],
    ids=[k for k in VIEWS if VIEWS[k].sees_label],
)
