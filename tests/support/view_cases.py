"""The views under the contract: a new view joins by adding a case to ``VIEWS``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT

from circuits import ConditionalReadout, DDKReadout, Registers, SwapTest
from qgan.engines import BatchedEngine
from qgan.views import (
    CircuitView,
    DensityView,
    MeasuredView,
    PauliView,
    POVMView,
    SketchView,
    SwapTestView,
    TwoCopyView,
    View,
)

N = 2  # qubits of the states seen
ENGINE = BatchedEngine(precision="double")


class Case(NamedTuple):
    """A view under the contract.

    A view that measures states anew at each call is right up to its shot ``noise``; ``exact`` is
    then the view that it estimates, and whose gradient it has.
    """

    make: Callable[[], View]
    n_features: int
    sees_label: bool = False
    needs_states: bool = False
    n_copies: int = 1
    noise: float = 0.0
    exact: Callable[[], View] | None = None

    @property
    def tolerance(self) -> dict[str, float]:
        """How far numbers of the view may be from what they should be."""
        return {"rtol": 0.0, "atol": self.noise} if self.noise else EXACT

    def make_exact(self) -> View:
        """The view without shot noise."""
        return self.make() if self.exact is None else self.exact()


def circuit_view(circuit: Any, **settings: Any) -> CircuitView:
    view = CircuitView(circuit, 2, engine=ENGINE, **settings)
    view.double()
    return view


def plain(bath: int = 0) -> ConditionalReadout:
    return ConditionalReadout(Registers(output=N, bath=bath), n_layers=2)


def labelled() -> ConditionalReadout:
    return ConditionalReadout(Registers(output=N, label=1), n_layers=2)


def swap_test(per_label: int = 2, rank: int = 1) -> SwapTestView:
    references = random_states(2 * per_label, N, rank, seed=9)
    circuit = SwapTest(Registers(output=2 * N))
    view = SwapTestView(circuit, references, 2, engine=ENGINE)
    torch.nn.init.normal_(view.weights, std=0.3, generator=torch.Generator().manual_seed(0))
    view.double()
    return view


def two_copy(**settings: Any) -> TwoCopyView:
    circuit = ConditionalReadout(Registers(output=2 * N), n_layers=1)
    view = TwoCopyView(circuit, 2, engine=ENGINE, **settings)
    view.double()
    return view


def ddk() -> CircuitView:
    """As deep as it takes for the label, at the other end of the chain, to reach what is read."""
    readout = DDKReadout(Registers(output=N, label=1, bath=1), n_layers=8)
    return circuit_view(readout, observables=[readout.observable], scale=1.0)


SHOTS = 10_000
NOISE = 5 * 3 / SHOTS**0.5
"""Five standard errors of a word of weight 2, whose estimate from one shot is at most 9 in size."""


def measured() -> MeasuredView:
    return MeasuredView(PauliView(N, 2), N, SHOTS)


VIEWS = {
    "density": Case(lambda: DensityView(N), 16, needs_states=True),
    "sketch": Case(lambda: SketchView(N, 12), 12, needs_states=True),
    "pauli, weight 1": Case(lambda: PauliView(N, 1), 6),
    "pauli, weight 2": Case(lambda: PauliView(N, 2), 15),
    "pauli, random": Case(lambda: PauliView(N, 2, n_words=5), 5),
    "povm, pauli-4": Case(lambda: POVMView(N, "pauli-4"), 16),
    "povm, pauli-6": Case(lambda: POVMView(N, "pauli-6"), 36),
    "povm, tetrahedral": Case(lambda: POVMView(N, "tetrahedral"), 16),
    "swap-test": Case(swap_test, 2, sees_label=True, needs_states=True),
    "swap-test, mixed": Case(lambda: swap_test(1, 3), 1, sees_label=True, needs_states=True),
    "two-copy": Case(two_copy, 14, sees_label=True, needs_states=True, n_copies=2),
    "two-copy, side by side": Case(lambda: two_copy(n_circuits=2), 28, True, True, 2),
    "circuit": Case(lambda: circuit_view(plain()), 3, sees_label=True),
    "circuit, words": Case(lambda: circuit_view(plain(), observables=["XY"]), 1, sees_label=True),
    "circuit, register": Case(lambda: circuit_view(labelled()), 7, sees_label=True),
    "circuit, ancilla": Case(lambda: circuit_view(plain(bath=1)), 7, sees_label=True),
    "circuit, side by side": Case(lambda: circuit_view(plain(), n_circuits=2), 6, sees_label=True),
    "circuit, frozen": Case(lambda: circuit_view(plain(), trainable=False), 3, sees_label=True),
    "ddk": Case(ddk, 1, sees_label=True),
    # The view of records, which comes with the data and has no name of its own.
    "(measured)": Case(measured, 15, noise=NOISE, exact=lambda: PauliView(N, 2)),
}
each_view = pytest.mark.parametrize("case", VIEWS.values(), ids=VIEWS)
with_label = pytest.mark.parametrize(
    "case",
    [c for c in VIEWS.values() if c.sees_label],
    ids=[k for k in VIEWS if VIEWS[k].sees_label],
)
