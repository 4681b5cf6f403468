"""Random circuits over the full list of gates that engines run, and PennyLane's own answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
import torch
from hypothesis import note
from hypothesis import strategies as st
from small_circuits import Local
from torch import Tensor

from circuits import Registers

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
    return Kind(n_wires, n_angles, lambda *args: operation(*alike(args[:-1]), wires=args[-1]))


def alike(angles: tuple[Any, ...]) -> tuple[Any, ...]:
    """All as tensors if one is: PennyLane's U2 and U3 do not take a number beside a tensor."""
    if not any(torch.is_tensor(angle) for angle in angles):
        return angles
    return tuple(torch.as_tensor(angle, dtype=torch.float64) for angle in angles)


def adjoint(kind: Kind) -> Kind:
    return kind._replace(queue=qml.adjoint(kind.queue))


def controlled(kind: Kind, value: int) -> Kind:
    def queue(*args: Any) -> None:
        *angles, wires = args
        qml.ctrl(kind.queue, control=wires[0], control_values=value)(*angles, wires[1:])

    return Kind(kind.n_wires + 1, kind.n_angles, queue)


def twice_controlled(kind: Kind) -> Kind:
    return controlled(controlled(kind, 1), 0)


def layers(template: Any, n_wires: int, shape: tuple[int, ...]) -> Kind:
    """A layer template of PennyLane; its angles are stacked as the user would."""

    def queue(*args: Any) -> None:
        angles = alike(args[:-1])
        stack = torch.stack if torch.is_tensor(angles[0]) else np.stack
        template(stack(angles).reshape(shape), wires=args[-1])

    return Kind(n_wires, math.prod(shape), queue)


TWICE = ("RX-1", "RY-1", "RZ-1", "Rot-1", "PhaseShift-1", "U1-1", "U3-1")
ONCE = ("U2-1", "U3-1", "MultiRZ-2", "IsingXY-2", "SingleExcitation-2", "ControlledPhaseShift-2")
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
        **{f"two ctrl {name}": twice_controlled(PLAIN[name]) for name in TWICE},
        **{f"ctrl {name}": controlled(PLAIN[name], 1) for name in ONCE},
        "ctrl adjoint U3": controlled(adjoint(PLAIN["U3-1"]), 0),
        "ctrl PauliRot": controlled(
            Kind(2, 1, lambda angle, wires: qml.PauliRot(angle, "XY", wires)), 1
        ),
        "ctrl global phase": Kind(
            2, 1, lambda angle, wires: qml.ctrl(qml.GlobalPhase, wires, [0, 1])(angle)
        ),
        "exp of a word": Kind(
            2, 1, lambda angle, wires: qml.exp(qml.X(wires[0]) @ qml.Y(wires[1]), 1j * angle)
        ),
        "exp of a sum": Kind(
            2,
            1,
            lambda angle, wires: qml.exp(
                qml.X(wires[0]) @ qml.X(wires[1]) - 0.3 * qml.Z(wires[0]) @ qml.Z(wires[1]),
                -0.5j * angle,
            ),
        ),
        "evolve": Kind(
            2, 1, lambda angle, wires: qml.evolve(qml.X(wires[0]) @ qml.Z(wires[1]), angle)
        ),
        "ctrl evolve": Kind(
            2, 1, lambda angle, wires: qml.ctrl(qml.evolve(qml.X(wires[0]), angle), wires[1])
        ),
        "Trotter": Kind(
            2,
            1,
            lambda angle, wires: qml.ApproxTimeEvolution(
                qml.dot([0.3, 0.4], [qml.X(wires[0]) @ qml.Z(wires[1]), qml.Z(wires[0])]), angle, 2
            ),
        ),
        "Snapshot": Kind(1, 0, lambda wires: qml.Snapshot()),
        "power": Kind(1, 1, lambda angle, wires: qml.pow(qml.RX(angle, wires), 2)),
        "global phase": Kind(1, 1, qml.GlobalPhase),
        "QubitUnitary-1": Kind(1, 0, lambda wires: qml.QubitUnitary(unitary(1), wires)),
        "QubitUnitary-2": Kind(2, 0, lambda wires: qml.QubitUnitary(unitary(2), wires)),
        "QubitUnitary-3": Kind(3, 0, lambda wires: qml.QubitUnitary(unitary(3), wires)),
        "DiagonalQubitUnitary": Kind(
            2, 0, lambda wires: qml.DiagonalQubitUnitary(np.exp(1j * np.arange(4)), wires)
        ),
        "StrongLayers": layers(qml.StronglyEntanglingLayers, 2, (1, 2, 3)),
        "BasicLayers": layers(qml.BasicEntanglerLayers, 3, (2, 3)),
        "SimplifiedTwoDesign": layers(
            lambda angles, wires: qml.SimplifiedTwoDesign(
                angles[:2], angles[2:].reshape(1, 1, 2), wires
            ),
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
TEMPLATES = ("StrongLayers", "BasicLayers", "SimplifiedTwoDesign", "AngleEmbedding")
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
def random_circuit(
    draw: Any, max_wires: int = 5, max_gates: int = 10, templates: bool = True
) -> Local:
    """Up to ``max_gates`` gates of any kind on up to ``max_wires`` wires, any start.

    Without ``templates``, whose angles are stacked and so must not be batched, all broadcast.
    """
    n = draw(st.integers(1, max_wires))
    usable = [name for name in KINDS if templates or name not in TEMPLATES]
    names = [name for name in usable if KINDS[name].n_wires <= n]
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
