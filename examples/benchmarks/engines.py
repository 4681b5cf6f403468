"""The engines beside their peers: one run, one table of ratios.

    python examples/benchmarks/engines.py
    python examples/benchmarks/engines.py --sizes 4,4,64 8,6,64 --repeats 15
    python examples/benchmarks/engines.py --out engines.json

The workload W(n, L, B) encodes x and y by RY and RZ on each qubit, a sample each, then has L layers
of RX and RZ on each qubit and RZZ on the ring, shared by the batch. Mode a: the mean of
sum_q w_q <Z_q>. Mode b: the mean of ||rho - T||_F^2 of the first n - 1 qubits. W' is W with the
angles of the layers a sample each, mode a. Forward and backward; process time of one core, medians.
Peers must give the same loss and gradient first.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pennylane as qml
import torch
from torch import Tensor

from circuits import Registers
from qgan.engines import BatchedEngine
from qgan.states import States

SIZES = ((4, 4, 64), (8, 6, 64), (12, 8, 32), (16, 8, 4), (20, 4, 1))
MODES = {"a": SIZES, "b": SIZES[:2], "a per sample": SIZES[:2]}
TOLERANCE = 1e-4
Step = Callable[[], tuple[Tensor, ...]]


class Workload:
    """The circuit of W, and what the loss needs."""

    def __init__(self, n: int, n_layers: int, batch: int, mode: str) -> None:
        self.n, self.n_layers, self.mode = n, n_layers, mode
        shared, n_angles = mode != "a per sample", 3 * n * n_layers
        self.registers = Registers(output=n - 1, bath=1) if mode == "b" else Registers(output=n)
        self.n_weights = n_angles if shared else 0
        self.n_inputs = 2 * n + (0 if shared else n_angles)
        random = torch.Generator().manual_seed(0)
        draw = lambda *shape: torch.rand(*shape, generator=random, dtype=torch.float64)  # noqa: E731
        self.weights = 6 * draw(self.n_weights) - 3
        self.inputs = 6 * draw(batch, self.n_inputs) - 3
        self.z_weights = draw(n)
        self.words = ["I" * q + "Z" + "I" * (n - 1 - q) for q in range(n)]
        target = torch.view_as_complex(draw(1, 2 ** (n - 1), 2 ** (n - 1), 2) - 0.5)
        self.target = States(target).normalised() if mode == "b" else None

    def __call__(self, weights: Tensor, inputs: Tensor) -> None:
        n = self.n
        for q in range(n):
            qml.RY(inputs[..., q], wires=q)
            qml.RZ(inputs[..., n + q], wires=q)
        angles, first = (weights, 0) if self.n_weights else (inputs, 2 * n)
        for layer in range(self.n_layers):
            at = first + 3 * n * layer
            for q in range(n):
                qml.RX(angles[..., at + q], wires=q)
                qml.RZ(angles[..., at + n + q], wires=q)
            for q in range(n):
                qml.IsingZZ(angles[..., at + 2 * n + q], wires=[q, (q + 1) % n])

    def leaves(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Weights and inputs to differentiate."""
        weights, inputs = self.weights.to(dtype), self.inputs.to(dtype)
        return weights.requires_grad_(), inputs.requires_grad_()

    def distance(self, states: States) -> Tensor:
        """Mean of ||rho - T||_F^2 = Tr rho^2 - 2 Tr rho T + Tr T^2, from factors."""
        assert self.target is not None
        target = self.target.factor[0].to(states.factor.dtype)
        overlap = torch.view_as_real(target.mH @ states.factor).square().sum((1, 2, 3))
        return (states.purity() - 2 * overlap + self.target.purity().to(overlap)).mean()


def batched(w: Workload) -> Step:
    """Ours, complex64."""
    engine, (weights, inputs) = BatchedEngine(), w.leaves(torch.float32)
    z_weights = w.z_weights.float()

    def step() -> tuple[Tensor, ...]:
        if w.mode == "b":
            loss = w.distance(engine.run(w, weights, inputs))
        else:
            loss = (engine.expval(w, weights, inputs, w.words) @ z_weights).mean()
        return gradients(loss, weights, inputs)

    return step


def gradients(loss: Tensor, weights: Tensor, inputs: Tensor) -> tuple[Tensor, ...]:
    """The loss and what it gives to the angles there are."""
    leaves = [leaf for leaf in (weights, inputs) if leaf.numel()]
    return (loss.detach(), *torch.autograd.grad(loss, leaves))


def default_qubit(w: Workload) -> Step | None:
    """PennyLane's default.qubit, backprop through torch; it computes in complex128."""
    weights, inputs = w.leaves(torch.float64)
    last = w.n - 1

    @qml.qnode(qml.device("default.qubit"), interface="torch", diff_method="backprop")
    def node(weights: Tensor, inputs: Tensor) -> object:
        w(weights, inputs)
        if w.mode == "b":
            return qml.density_matrix(range(last))
        return [qml.expval(qml.PauliZ(q)) for q in range(w.n)]

    def step() -> tuple[Tensor, ...]:
        found = node(weights, inputs)
        if w.mode == "b":
            assert w.target is not None
            difference = found - w.target.density_matrix()
            loss = torch.view_as_real(difference).square().sum((1, 2, 3)).mean()
        else:
            loss = (torch.stack(list(found), -1) @ w.z_weights).mean()
        return gradients(loss, weights, inputs)

    return step


def lightning(w: Workload) -> Step | None:
    """lightning.qubit, adjoint; it gives no gradient of a state."""
    if w.mode == "b":
        return None
    weights, inputs = w.leaves(torch.float64)

    @qml.qnode(qml.device("lightning.qubit"), interface="torch", diff_method="adjoint")
    def node(weights: Tensor, inputs: Tensor) -> object:
        w(weights, inputs)
        return [qml.expval(qml.PauliZ(q)) for q in range(w.n)]

    def step() -> tuple[Tensor, ...]:
        loss = (torch.stack(list(node(weights, inputs)), -1).double() @ w.z_weights).mean()
        return gradients(loss, weights, inputs)

    return step


def gate_by_gate(w: Workload) -> Step | None:
    """One einsum a gate in torch, complex64, plain autograd: what one writes by hand."""
    weights, inputs = w.leaves(torch.float32)
    n, letters = w.n, "abcdefghijklmnopqrstuvwx"

    def rotate(state: Tensor, axis: str, angle: Tensor, wire: int) -> Tensor:
        c, s = torch.cos(angle / 2), torch.sin(angle / 2)
        if axis == "RZ":
            half = torch.complex(c, -s)
            matrix = torch.stack([half, 0 * half, 0 * half, half.conj()], -1)
        elif axis == "RY":
            matrix = torch.stack([c, -s, s, c], -1).to(torch.complex64)
        else:
            zero = torch.zeros_like(c)
            entries = [torch.complex(c, zero), torch.complex(zero, -s)]
            matrix = torch.stack([*entries, entries[1], entries[0]], -1)
        matrix = matrix.unflatten(-1, (2, 2)).expand(len(inputs), 2, 2)
        wires = letters[:n]
        out = wires.replace(wires[wire], "y")
        return torch.einsum(f"zy{wires[wire]},z{wires}->z{out}", matrix, state)

    def ring(state: Tensor, angle: Tensor, q: int) -> Tensor:
        sign = torch.ones(2, 2)
        sign[0, 1] = sign[1, 0] = -1
        shape = [1] * n
        shape[q] = shape[(q + 1) % n] = 2
        half = angle.reshape(-1, *[1] * n) / 2 * sign.reshape(shape)
        return state * torch.complex(torch.cos(half), -torch.sin(half))

    def step() -> tuple[Tensor, ...]:
        state = torch.zeros(len(inputs), 2**n, dtype=torch.complex64)
        state[:, 0] = 1
        state = state.unflatten(1, (2,) * n)
        for q in range(n):
            state = rotate(state, "RY", inputs[:, q], q)
            state = rotate(state, "RZ", inputs[:, n + q], q)
        angles, first = (weights, 0) if w.n_weights else (inputs, 2 * n)
        for layer in range(w.n_layers):
            at = first + 3 * n * layer
            for q in range(n):
                state = rotate(state, "RX", angles[..., at + q], q)
                state = rotate(state, "RZ", angles[..., at + n + q], q)
            for q in range(n):
                state = ring(state, angles[..., at + 2 * n + q], q)
        if w.mode == "b":
            loss = w.distance(States(state.reshape(len(inputs), -1, 2)))
        else:
            probabilities = state.abs().square()
            others = lambda q: [a for a in range(1, n + 1) if a != q + 1]  # noqa: E731
            marginals = [probabilities.sum(others(q)) for q in range(n)]
            values = torch.stack([m[:, 0] - m[:, 1] for m in marginals], -1)
            loss = (values @ w.z_weights.float()).mean()
        return gradients(loss, weights, inputs)

    return step


PEERS: dict[str, Callable[[Workload], Step | None]] = {
    "default.qubit backprop": default_qubit,
    "batched": batched,
    "lightning.qubit adjoint": lightning,
    "one einsum a gate": gate_by_gate,
}
SLOW = {"lightning.qubit adjoint": 2**16, "one einsum a gate": 2**18}  # largest batch * 2**n


def median_ms(step: Step, repeats: int) -> float:
    """Median process time after a warm-up, in milliseconds."""
    step()
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        step()
        found.append(time.process_time() - begun)
    return 1e3 * statistics.median(found)


def measure(size: tuple[int, int, int], mode: str, repeats: int, all_peers: bool) -> list[dict]:
    """One row of the table: each peer's milliseconds, once it agrees with the first."""
    workload, rows, expected = Workload(*size, mode), [], None
    for name, make in PEERS.items():
        step = make(workload)
        if step is None or (not all_peers and size[2] * 2 ** size[0] > SLOW.get(name, 2**30)):
            continue
        begun = time.perf_counter()
        found = [x.double() for x in step()]
        first = time.perf_counter() - begun
        expected = expected or found
        off = max(float((a - b).abs().max()) for a, b in zip(found, expected, strict=True))
        if off > TOLERANCE:
            raise SystemExit(f"{name} disagrees at {size} {mode}: by {off:.2e}")
        slow = first > 2
        ms = median_ms(step, 7 if slow or size[0] > 10 else repeats)
        rows.append({"size": size, "mode": mode, "peer": name, "ms": ms, "first_s": first})
    return rows


def show(rows: list[dict]) -> None:
    """A line a size: milliseconds, and how many times as fast as default.qubit."""
    slowest = next(r["ms"] for r in rows if r["peer"].startswith("default"))
    told = [f"{r['peer']} {r['ms']:.2f} ms ({slowest / r['ms']:.2f}x)" for r in rows]
    print(f"W{rows[0]['size']} {rows[0]['mode']:12} | " + " | ".join(told), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", nargs="+", help="n,L,B; instead of all")
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--repeats", type=int, default=31)
    parser.add_argument("--all-peers", action="store_true", help="slow ones at large sizes too")
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    wanted = [tuple(int(v) for v in s.split(",")) for s in asked.sizes or ()]
    table = []
    for mode in asked.modes:
        for size in wanted or MODES[mode]:
            rows = measure(size, mode, asked.repeats, asked.all_peers)  # type: ignore[arg-type]
            show(rows)
            table += rows
    if asked.out is not None:
        names = ("torch", "pennylane", "pennylane-lightning")
        machine = {"machine": platform.processor() or platform.machine(), "date": time.ctime()}
        machine |= {name: version(name) for name in names}
        asked.out.write_text(json.dumps({**machine, "rows": table}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
