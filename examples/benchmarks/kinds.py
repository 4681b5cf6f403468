"""Circuits of other kinds than W, and a table of engines beside PennyLane's and peers on them.

Each circuit encodes x and y by RY and RZ on each qubit, a sample each; then each layer has RY on
each qubit, shared by the batch, and what its name says. The loss is that of mode a of W.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pennylane as qml
from contest import TOLERANCE
from peers import PEERS
from peers.gates import batched
from peers.pennylane_devices import default_qubit, lightning
from workload import GATES, Step, Workload, timed

Gates = Iterator[tuple[str, tuple[int, ...]]]
MOST_TAPED = 2**31  # bytes that default.qubit keeps for its backward pass; beyond, it is left out
SHORT = 20.0  # milliseconds of steps that are measured together, at least one step
MOST_ROWS = 16  # samples that are run one by one; of more an engine is asked for so many
WITH_GATES = ("DeepQuantum", "MindQuantum")  # peers that know the gates of all kinds


def bricks(n: int, layer: int) -> Gates:
    """XX, YY and ZZ on every other pair of neighbours, the others in the next layer."""
    for a in range(layer % 2, n - 1, 2):
        for name in ("RXX", "RYY", "RZZ"):
            yield name, (a, a + 1)


def controlled(n: int, layer: int) -> Gates:
    """Controlled RX and RY in turn on the ring."""
    for a in range(n if n > 2 else 1):
        yield ("CRX", "CRY")[a % 2], (a, (a + 1) % n)


def ladders(n: int, layer: int) -> Gates:
    """CNOT on a ring whose range changes from layer to layer, between rows of RZ and RY."""
    for a in range(n):
        yield "RZ", (a,)
    distance = 1 + layer % (n - 1)
    for a in range(n if n > 2 else 1):
        yield "CNOT", (a, (a + distance) % n)


def phases(n: int, layer: int) -> Gates:
    """RZ on each qubit and ZZ on a chain."""
    for a in range(n):
        yield "RZ", (a,)
    for a in range(n - 1):
        yield "RZZ", (a, a + 1)


SIZES = tuple((n, 4, batch) for n in (2, 4, 8, 12, 14) for batch in (1, 8, 64, 512))
KINDS: dict[str, tuple[Callable[[int, int], Gates], bool]] = {
    "bricks": (bricks, True),
    "controlled": (controlled, True),
    "ladders": (ladders, True),
    "per sample": (phases, False),
    "bricks per sample": (bricks, False),
}
"""The gates of a layer, and whether the batch shares their angles."""


class KindOfCircuit(Workload):
    """A circuit of a kind, as :class:`workload.Workload` is W."""

    def __init__(self, kind: str, n: int, n_layers: int, batch: int) -> None:
        self.layer, self.shared = KINDS[kind]
        super().__init__(n, n_layers, batch, "a" if self.shared else "a per sample")

    def n_angles(self) -> int:
        return sum(name != "CNOT" for name, _ in self.layers())

    def layers(self) -> Gates:
        for layer in range(self.n_layers):
            yield from (("RY", (q,)) for q in range(self.n))
            yield from self.layer(self.n, layer)

    def gates(self) -> Iterator[tuple[str, tuple[int, ...], str, int]]:
        """As those of W; a CNOT has no angle, and its source is empty."""
        yield from self.encoding()
        source, entry = ("weights", 0) if self.shared else ("inputs", 2 * self.n)
        for gate, wires in self.layers():
            if gate == "CNOT":
                yield gate, wires, "", 0
            else:
                yield gate, wires, source, entry
                entry += 1

    def __call__(self, weights: Any, inputs: Any) -> None:
        """The circuit as PennyLane knows it."""
        for gate, wires, source, entry in self.gates():
            if gate == "CNOT":
                qml.CNOT(wires)
            else:
                angles = weights if source == "weights" else inputs
                GATES[gate](angles[..., entry], wires=wires)

    def n_gates(self) -> int:
        """Gates of the encoding and of the layers."""
        return 2 * self.n + sum(1 for _ in self.layers())


def table(
    kinds: Sequence[str], sizes: Sequence[tuple[int, int, int]], rounds: int = 3
) -> Iterator[dict[str, Any]]:
    """Milliseconds of process time of one forward and backward pass of each engine.

    The engines agree on loss and gradients before they are timed.
    """
    for n, n_layers, batch in sizes:
        for kind in kinds:
            w = KindOfCircuit(kind, n, n_layers, batch)
            few = KindOfCircuit(kind, n, n_layers, min(batch, MOST_ROWS))
            taped = 2**n * batch * 16 * w.n_gates() <= MOST_TAPED
            of_all = {"batched": batched(w)} | (
                {"default.qubit": default_qubit(w)} if taped else {}
            )
            of_few = {"lightning.qubit": lightning(few)}
            for name in (name for name in WITH_GATES if PEERS[name].installed):
                if name == "MindQuantum":  # sample by sample, as lightning
                    of_few[name] = PEERS[name].make(few)
                elif taped:
                    of_all[name] = PEERS[name].make(w)
            check_agreement({"batched": of_all["batched"], **of_all}, kind)
            check_agreement({"batched": batched(few), **of_few}, kind)
            ms = least_times({**of_all, **of_few}, rounds)
            for name in of_few:
                ms[name] *= batch / few.batch
            yield {"kind": kind, "size": (n, n_layers, batch), "gates": w.n_gates(), "ms": ms}


def check_agreement(steps: dict[str, Step], kind: str) -> None:
    """Refuse to time engines that do not give the loss and the gradients of the first."""
    expected = [np.asarray(x, dtype=np.float64) for x in steps["batched"]()]
    for name, step in steps.items():
        pairs = zip(step(), expected, strict=True)
        off = max(float(abs(np.asarray(a, dtype=np.float64) - b).max()) for a, b in pairs)
        if not off <= TOLERANCE:
            raise SystemExit(f"{name} disagrees on {kind}: by {off:.1e}")


def least_times(steps: dict[str, Step], rounds: int) -> dict[str, float]:
    """The least milliseconds of each step, in turns; the mean of several where they are short."""
    repeats, found = {}, {name: float("inf") for name in steps}
    for name, step in steps.items():
        step()
        repeats[name] = max(1, int(SHORT / (timed(step, 1)[0] + 1e-3)))
    for _ in range(rounds):
        for name, step in steps.items():
            begun = time.process_time()
            for _ in range(repeats[name]):
                step()
            ms = 1e3 * (time.process_time() - begun) / repeats[name]
            found[name] = min(found[name], ms)
    return found
