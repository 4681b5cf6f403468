"""Examples of operations on an engine, against matrices and central differences.

The referee multiplies full matrices of PennyLane, one sample at a time, in NumPy: it shares no
engine, no automatic differentiation and no batch with what it judges.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
import torch
from every_operation import EXAMPLES, Example
from numpy.typing import NDArray
from small_circuits import Local

from circuits import Registers
from qgan.engines import Engine
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine
from qgan.errors import QganError
from qgan.pauli import expval_of_matrix

Array = NDArray[Any]
STEP = 1e-5
BATCH = 3
SOURCES = ("weights", "inputs")
ROUTES = {
    "batched": (lambda: BatchedEngine("double"), 1e-6),
    "batched in torch": (lambda: BatchedEngine("double", compiled=False), 1e-6),
    **{
        f"{device}, {method}": (
            lambda device=device, method=method: PennyLaneEngine(device, method),
            1e-4 if device == "lightning.qubit" else 1e-6,
        )
        for device, methods in (
            ("default.qubit", ("backprop", "adjoint", "parameter-shift")),
            ("default.mixed", ("backprop", "parameter-shift")),
            ("lightning.qubit", ("adjoint", "parameter-shift")),
        )
        for method in methods
    },
}
"""Every engine and gradient method, with the largest error that it may have."""


class Expected(NamedTuple):
    """What the referee finds for each row: values ``(B, K)`` and their derivatives.

    The derivatives are ``(B, K, n_weights)`` and ``(B, K, n_inputs)``.
    """

    values: Array
    by_weights: Array
    by_inputs: Array


class Outcome(NamedTuple):
    """What became of an example.

    Args:
        n_agreed: how many problems (a source of the angles and a batch) agree.
        refusals: the messages of those that are refused.
        faults: what is wrong with the others.
    """

    n_agreed: int
    refusals: list[str]
    faults: list[str]


def circuit(example: Example, source: str) -> Local:
    """The operation between rotations, with one more weight after it and one more input around it.

    Its angles are the first entries of ``source``.
    """
    n, k = example.n_wires, example.n_angles

    def queue(weights: Any, inputs: Any) -> None:
        if not example.first:
            for wire in range(n):
                qml.RY(0.4 + 0.5 * wire, wire)
            qml.RX(inputs[..., k], 0)
        entries = weights if source == "weights" else inputs
        example.queue([entries[..., j] for j in range(k)])
        for wire in range(n):
            qml.RX(0.7 + 0.2 * wire, wire)
        qml.RY(weights[..., k], 0)
        qml.RY(inputs[..., k], n - 1)

    return Local(queue, Registers(output=n), k + 1, k + 1)


def words(example: Example) -> list[str]:
    """Z on each wire, and one word without Z."""
    n = example.n_wires
    return ["I" * wire + "Z" + "I" * (n - 1 - wire) for wire in range(n)] + [("XY" * n)[:n]]


@functools.cache
def angles(n: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(n)
    return rng.uniform(0.2, 1.2, n), rng.uniform(0.2, 1.2, (BATCH, n))


@functools.cache
def expected(name: str, source: str) -> Expected | None:
    """What is right; None where PennyLane itself has no matrix."""
    example = EXAMPLES[name]
    queue, names = circuit(example, source), words(example)
    weights, inputs = angles(example.n_angles + 1)
    try:
        values, by_weights, by_inputs = [], [], []
        for row in inputs:
            point = np.concatenate([weights, row])
            values.append(_values(queue, point, names))
            slopes = np.zeros((len(names), len(point)))
            n, k = len(weights), example.n_angles
            moving = [*range(k)] if source == "weights" else [n + j for j in range(k)]
            for entry in (*moving, n - 1, 2 * n - 1):
                unit = np.zeros(len(point))
                unit[entry] = STEP
                up, down = (_values(queue, point + s * unit, names) for s in (1, -1))
                slopes[:, entry] = (up - down) / (2 * STEP)
            by_weights.append(slopes[:, :n])
            by_inputs.append(slopes[:, n:])
    except qml.exceptions.MatrixUndefinedError:
        return None
    return Expected(np.stack(values), np.stack(by_weights), np.stack(by_inputs))


def outcome(name: str, route: str) -> Outcome:
    """One example on one engine: its angles from weights and from inputs, batches of 1 and 3.

    The check of the first call is left out, so that what the gates are decomposed to is right by
    itself.
    """
    make, tolerance = ROUTES[route]
    engine = make()
    if isinstance(engine, PennyLaneEngine):
        engine._execution.check = lambda request: None  # type: ignore[method-assign]
    refusals, faults, n_agreed = [], [], 0
    for source in SOURCES if EXAMPLES[name].n_angles else SOURCES[:1]:
        right = expected(name, source)
        for batch in (1, BATCH):
            try:
                errors = _errors(engine, name, source, batch, right)
            except QganError as error:
                assert "\n" not in str(error)
                refusals.append(str(error))
                continue
            except Exception as error:
                faults.append(f"{source}, batch {batch}: {type(error).__name__}: {error}")
                continue
            if right is None or not max(errors.values()) <= tolerance:
                faults.append(f"{source}, batch {batch}: {errors}")
            else:
                n_agreed += 1
    return Outcome(n_agreed, refusals, faults)


def _errors(
    engine: Engine, name: str, source: str, batch: int, right: Expected | None
) -> dict[str, float]:
    """The largest errors of values and of gradients; infinity where nothing is known."""
    example = EXAMPLES[name]
    point = angles(example.n_angles + 1)
    weights = torch.tensor(point[0], requires_grad=True)
    inputs = torch.tensor(point[1][:batch], requires_grad=True)
    read = engine.expval(circuit(example, source), weights, inputs, words(example))
    mix = torch.tensor(np.random.default_rng(7).normal(size=read.shape))
    slopes = torch.autograd.grad((read * mix).sum(), (weights, inputs), allow_unused=True)
    by_weights, by_inputs = (
        torch.zeros_like(leaf) if slope is None else slope
        for leaf, slope in zip((weights, inputs), slopes, strict=True)
    )
    if right is None:
        return {"values": float("inf")}
    mixed = mix.numpy()
    return {
        "values": _distance(read.detach(), right.values[:batch]),
        "weights": _distance(by_weights, np.einsum("bk,bkn->n", mixed, right.by_weights[:batch])),
        "inputs": _distance(by_inputs, np.einsum("bk,bkn->bn", mixed, right.by_inputs[:batch])),
    }


def _distance(tensor: torch.Tensor, array: Array) -> float:
    return float(np.abs(tensor.numpy() - array).max())


def _values(queue: Local, point: Array, names: list[str]) -> Array:
    """Expectation values of one sample, from the product of full matrices."""
    n = queue.registers.n_wires
    tape = qml.tape.make_qscript(queue)(point[: queue.n_weights], point[queue.n_weights :])
    rho = np.zeros((2**n, 2**n), dtype=complex)
    rho[0, 0] = 1
    for place, operation in enumerate(tape.operations):
        if operation.name == "QubitDensityMatrix":
            rho = np.kron(operation.data[0], rho[: 2 ** (n - 1), : 2 ** (n - 1)])
            continue
        matrices = [_matrix(operation, n, place == 0)]
        if isinstance(operation, qml.operation.Channel):
            matrices = [
                qml.math.expand_matrix(qml.math.toarray(kraus), operation.wires, range(n))
                for kraus in operation.kraus_matrices()
            ]
        rho = sum(matrix @ rho @ matrix.conj().T for matrix in matrices)
    return np.asarray(expval_of_matrix(torch.tensor(rho).unsqueeze(0), names)[0])


def _matrix(operation: Any, n: int, first: bool) -> Array:
    """The full matrix; that of a preparation at the start has the state as its first column."""
    if operation.name in ("Snapshot", "Barrier", "WireCut") or isinstance(
        operation, qml.operation.Channel
    ):
        return np.eye(2**n)
    if first and isinstance(operation, qml.operation.StatePrepBase):
        matrix = np.zeros((2**n, 2**n), dtype=complex)
        matrix[:, 0] = np.asarray(operation.state_vector(wire_order=range(n))).reshape(-1)
        return matrix
    return np.asarray(qml.matrix(operation, wire_order=range(n)))


HEAD = """# Operations of PennyLane on each engine

{examples} examples of operations and templates, on {routes} engines and gradient methods. Of these
{pairs} pairs, {agreed} agree with PennyLane's matrices and with central differences (to 1e-6, on
lightning to 1e-4), {refused} are refused in one line, and {part} are refused in part. Each example
takes its angles from the weights and from the inputs, in batches of 1 and 3.

A gate that a device or a method gets wrong is decomposed before the device sees it;
[pennylane_faults.py](pennylane_faults.py) shows such gates on PennyLane alone. The command
`python tests/support/operation_sweep.py` makes this page anew.
"""


def in_words(outcome: Outcome) -> str:
    """A cell of the table."""
    if not outcome.refusals:
        return "agrees"
    return "in part" if outcome.n_agreed else "refused"


def lines_of(name: str) -> list[str]:
    """What the documentation says of an example: its row of the table, and why it is refused.

    Raises:
        AssertionError: if an engine is wrong.
    """
    outcomes = {route: outcome(name, route) for route in ROUTES}
    faults = {route: result.faults for route, result in outcomes.items() if result.faults}
    assert not faults, faults
    reasons: dict[str, list[str]] = {}
    for route, result in outcomes.items():
        for refusal in dict.fromkeys(result.refusals):
            reasons.setdefault(refusal, []).append(route)
    cells = " | ".join(in_words(result) for result in outcomes.values())
    return [
        f"| {name} | {cells} |",
        *(f"- {name} ({'; '.join(routes)}): {reason}" for reason, routes in reasons.items()),
    ]


def head(rows: Sequence[str]) -> str:
    """The beginning of the page, with the numbers of pairs."""
    cells = [cell.strip() for row in rows for cell in row.split("|")[2:-1]]
    counts = {word: cells.count(word) for word in ("agrees", "refused", "in part")}
    return HEAD.format(
        examples=len(rows),
        routes=len(ROUTES),
        pairs=len(cells),
        agreed=counts["agrees"],
        refused=counts["refused"],
        part=counts["in part"],
    )


def document() -> str:
    """The page of the documentation that shows what became of each operation."""
    parts = [lines_of(name) for name in EXAMPLES]
    rows = [part[0] for part in parts]
    lines = [
        head(rows),
        "| operation | " + " | ".join(ROUTES) + " |",
        "| --- |" + " --- |" * len(ROUTES),
        *rows,
        "",
        "## Why some are refused",
        "",
        *(line for part in parts for line in part[1:]),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path("docs/operations.md").write_text(document())
