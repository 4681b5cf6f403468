"""Rotations about Pauli words that flip wires: XX, YY, controlled rotations, words of any length.

The referee is PennyLane's default.qubit in double precision, with backprop.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from circuits import Registers
from qgan.engines import BatchedEngine
from qgan.engines.batched.engine import segments_of
from qgan.engines.batched.lowering import MOST_WORDS
from qgan.engines.batched.plan import Plan
from qgan.engines.gates import TracedCircuit
from qgan.engines.trace import trace
from qgan.states import States

ENGINES = {
    "loops": BatchedEngine("double"),
    "torch": BatchedEngine("double", compiled=False),
    "torch, low memory": BatchedEngine("double", compiled=False, low_memory=True),
}
Queue = Callable[[Any, Any], None]


def word(angle: Any, letters: str, *wires: int) -> None:
    qml.PauliRot(angle, letters, wires or range(len(letters)))


def pauli(function: Any, n: int = 3) -> Local:
    return Local(function, Registers(output=n), 4, 4)


def mixed(*operations: Callable[[Any], None]) -> Queue:
    """Operations in turn by weights, by inputs, and by sums of both, between rows of turns."""

    def queue(w: Any, x: Any) -> None:
        for wire in range(3):
            qml.RY(x[..., wire], wire)
            qml.RX(w[..., wire], wire)
        angles = [w[..., 0], x[..., 1], 0.5 * w[..., 2] - x[..., 3] + 0.2, w[..., 3]]
        for k, operation in enumerate(operations):
            operation(angles[k % 4])
            if k % 3 == 2:
                qml.RY(w[..., 1], k % 3)
                qml.RZ(x[..., 2], (k + 1) % 3)

    return queue


CASES: dict[str, Queue] = {
    "XX, YY and ZZ": mixed(
        *(lambda a, op=op: op(a, [0, 1]) for op in (qml.IsingXX, qml.IsingYY, qml.IsingZZ)),
        *(lambda a, op=op: op(a, [2, 1]) for op in (qml.IsingZZ, qml.IsingXX, qml.IsingYY)),
    ),
    "XX on a triangle": mixed(
        *(lambda a, p=p: qml.IsingXX(a, p) for p in ([0, 1], [1, 2], [2, 0], [0, 1]))
    ),
    "controls": mixed(
        *(
            lambda a, op=op, p=p: op(a, p)
            for p in ([0, 1], [1, 0], [2, 0], [1, 2])
            for op in (qml.CRX, qml.CRY, qml.CRZ, qml.ControlledPhaseShift)
        )
    ),
    "IsingXY": mixed(*(lambda a, p=p: qml.IsingXY(a, p) for p in ([0, 1], [2, 1], [0, 2]))),
    "excitations": mixed(
        *(lambda a, p=p: qml.SingleExcitation(a, p) for p in ([0, 1], [2, 0], [1, 2]))
    ),
    "words of three letters": mixed(
        *(lambda a, t=t: word(a, t) for t in ("XYZ", "YXZ", "XXX", "ZZZ", "YYY", "XIY", "ZIX"))
    ),
    "one flip of both kinds": mixed(
        *(lambda a, t=t: word(a, t) for t in ("XIZ", "XZI", "XZZ", "YIZ", "YZI", "XIZ"))
    ),
    "controls and adjoints": mixed(
        lambda a: qml.ctrl(qml.RY, [0, 1], [0, 1])(a, 2),
        lambda a: qml.adjoint(qml.IsingYY)(a, [2, 0]),
        lambda a: qml.ctrl(qml.IsingXX, 1)(a, [0, 2]),
    ),
    "flips alone": lambda w, x: (
        word(w[..., 0], "XY", 0, 2), word(x[..., 0], "YX", 1, 0), word(x[..., 1], "XX", 0, 2)
    ),
}  # fmt: skip


def referee(circuit: Any, weights: Tensor, inputs: Tensor) -> Tensor:
    """``(B, 2**n)``, differentiable."""
    n = circuit.registers.n_wires

    @qml.qnode(qml.device("default.qubit", wires=n), interface="torch", diff_method="backprop")
    def node(row: Tensor) -> Any:
        circuit(weights, row)
        return qml.state()

    return torch.stack([node(row) for row in inputs])


def values(states: Tensor) -> Tensor:
    """Numbers in which every amplitude has a part, but not the global phase."""
    n = states.shape[1]
    random_state = torch.Generator().manual_seed(3)
    mix = torch.view_as_complex(torch.randn(n, n, 2, generator=random_state).double())
    return torch.einsum("bi,ij,bj->b", states, mix, states.conj()).abs()


def slopes(run: Callable[..., Tensor], circuit: Any, batch: int) -> list[Tensor]:
    leaves = [angle.requires_grad_() for angle in draw_angles(circuit, batch, 5)]
    found = values(run(circuit, *leaves))
    return [found.detach(), *torch.autograd.grad(found.sum(), leaves, allow_unused=True)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_are_those_of_default_qubit(name: str, engine: str) -> None:
    circuit = pauli(CASES[name])
    ours = lambda c, w, x: ENGINES[engine].run(c, w, x).factor[..., 0]  # noqa: E731
    for batch in (1, 3):
        for one, other in zip(
            slopes(ours, circuit, batch), slopes(referee, circuit, batch), strict=True
        ):
            assert_close(one, torch.zeros_like(one) if other is None else other, **EXACT)


@pytest.mark.parametrize("seed", range(12))
def test_random_words_in_random_order(seed: int) -> None:
    """What a gate may pass on its way to an earlier layer is decided word by word."""
    chance = random.Random(seed)
    n = chance.choice([2, 4, 5])
    words = ["".join(chance.choice("IXYZ") for _ in range(n)) for _ in range(5)]
    order = [chance.choice(words) for _ in range(30)]

    def queue(w: Any, x: Any) -> None:
        for k, letters in enumerate(order):
            source = w if k % 2 else x
            if set(letters) != {"I"}:
                word(source[..., k % 4] + 0.1 * k, letters)
            if k % 7 == 6:
                qml.CNOT([k % n, (k + 1) % n])
                qml.RX(w[..., k % 4], (k + 1) % n)

    circuit = pauli(queue, n)
    expected = slopes(referee, circuit, 2)
    for engine in ENGINES.values():
        found = slopes(lambda c, w, x, e=engine: e.run(c, w, x).factor[..., 0], circuit, 2)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, torch.zeros_like(one) if other is None else other, **EXACT)


def test_more_words_on_one_flip_than_are_taken_together() -> None:
    signs = [f"{k:04b}".replace("0", "I").replace("1", "Z") for k in range(2 * MOST_WORDS)]

    def queue(w: Any, x: Any) -> None:
        for k, sign in enumerate(signs):
            word((w if k % 3 else x)[..., k % 4], "X" + sign)
        qml.RY(w[..., 0], 2)
        for k, sign in enumerate(reversed(signs)):
            word((w if k % 3 else x)[..., k % 4], sign[:2] + "Y" + sign[2:])

    circuit = pauli(queue, 5)
    ours = lambda c, w, x: ENGINES["loops"].run(c, w, x).factor[..., 0]  # noqa: E731
    for one, other in zip(slopes(ours, circuit, 2), slopes(referee, circuit, 2), strict=True):
        assert_close(one, other, **EXACT)


@pytest.mark.parametrize("batch", [1, 2, 9, 40])
@pytest.mark.parametrize("n", [2, 6, 10])
def test_chunks_of_every_size(n: int, batch: int) -> None:
    """Loops beside operations of torch, on sources of two columns and their gradients too."""

    def queue(w: Any, x: Any) -> None:
        for wire in range(n):
            qml.RY(x[..., wire % 4], wire)
        for wire in range(n - 1):
            qml.IsingXX(w[..., 0], [wire, wire + 1])
            qml.IsingYY(x[..., 1], [wire, wire + 1])
            qml.CRX(x[..., 2], [wire + 1, wire])
            qml.CRY(w[..., 3], [wire, wire + 1])

    circuit = pauli(queue, n)
    chance = torch.Generator().manual_seed(1)
    factor = torch.randn(batch, 2**n, 2, 2, generator=chance).double()
    found = []
    for engine in (ENGINES["loops"], ENGINES["torch"]):
        weights, inputs = (angle.requires_grad_() for angle in draw_angles(circuit, batch, 2))
        start = torch.view_as_complex(factor.clone()).requires_grad_()
        words = ["Z" * n, "X" + "I" * (n - 1), "Y" * n]
        value = engine.expval(circuit, weights, inputs, words, States(start)).sum(1)
        mix = torch.linspace(-1, 1, batch, dtype=torch.float64) / 2**n
        grads = torch.autograd.grad((value * mix).sum(), (weights, inputs, start))
        found.append([value / 2**n, *grads])
    for one, other in zip(*found, strict=True):
        assert_close(one, other, **EXACT)


def test_flips_between_channels() -> None:
    def queue(w: Any, x: Any) -> None:
        qml.RY(x[..., 0], 0)
        qml.IsingXX(w[..., 0], [0, 1])
        qml.DepolarizingChannel(0.2, 1)
        qml.CRX(x[..., 1], [1, 0])
        qml.AmplitudeDamping(0.3, 0)
        qml.IsingYY(w[..., 1], [1, 0])

    circuit = pauli(queue, 2)

    @qml.qnode(qml.device("default.mixed", wires=2), interface="torch", diff_method="backprop")
    def node(weights: Tensor, row: Tensor) -> Any:
        queue(weights, row)
        return qml.density_matrix([0, 1])

    for engine in ENGINES.values():
        found = []
        for run in (
            lambda w, x, e=engine: e.run(circuit, w, x).density_matrix(),
            lambda w, x: torch.stack([node(w, row) for row in x]),
        ):
            leaves = [angle.requires_grad_() for angle in draw_angles(circuit, 2, 4)]
            density = run(*leaves)
            value = (density * torch.arange(16).view(4, 4)).abs().square().sum()
            found.append([density, *torch.autograd.grad(value, leaves)])
        for one, other in zip(*found, strict=True):
            assert_close(one, other, **EXACT)


def test_gradients_by_finite_differences() -> None:
    circuit = pauli(CASES["controls"])
    weights, inputs = (angle.requires_grad_() for angle in draw_angles(circuit, 2))
    words = ["XYZ", "ZII", "IXX"]
    assert torch.autograd.gradcheck(
        lambda w, x: ENGINES["loops"].expval(circuit, w, x, words), (weights, inputs)
    )


def test_single_precision() -> None:
    circuit = pauli(CASES["XX, YY and ZZ"])
    angles = draw_angles(circuit, 40)
    double = ENGINES["loops"].expval(circuit, *angles, ["ZXY", "IIZ"])
    assert_close(
        BatchedEngine().expval(circuit, *angles, ["ZXY", "IIZ"]).double(), double, **SINGLE
    )


def test_a_brick_is_one_flip_per_pair_and_no_more_than_one_phase() -> None:
    """XX and YY on a pair act together; ZZ passes them, and joins the row of turns before."""

    def queue(w: Any, x: Any) -> None:
        for wire in range(4):
            qml.RY(x[..., wire], wire)
        for a in (0, 2):
            for operation in (qml.IsingXX, qml.IsingYY, qml.IsingZZ):
                operation(w[..., a], [a, a + 1])

    (plan,) = segments_of(pauli(queue, 4), compiled=True)
    assert isinstance(plan, Plan)
    kinds = [(s.turn is not None, s.phase is not None, s.flip is not None) for s in plan.stages]
    assert kinds == [(True, True, False), (False, False, True), (False, False, True)]


def test_a_stored_word_is_read_back() -> None:
    circuit = trace(pauli(CASES["words of three letters"]))
    again = TracedCircuit.from_dict(circuit.to_dict())
    assert again.gates == circuit.gates
    angles = draw_angles(circuit, 2)
    states = [BatchedEngine("double").run(c, *angles).factor for c in (circuit, again)]
    assert torch.equal(*states)
    expected = values(referee(again, *angles))
    assert_close(values(states[1][..., 0]), expected, **EXACT)
