"""The bias that finite shots give to a loss, against shots.

    python examples/benchmarks/shots.py
    python examples/benchmarks/shots.py --shots 10 100 1000 --repeats 4000

Expectation values from S shots, and by parameter-shift their Jacobian, are right on average. A
function f that is not linear in them is not: E f(m_S) = f(m) + Tr[f''(m) C] / 2S + O(1/S^2), where
C is the covariance of one shot. Three losses of three words of a two-qubit circuit: the sum of
squares, whose bias is (sum_k 1 - m_k^2) / S exactly; the logistic loss of a linear score; and the
score of an MLP head, which is linear between the kinks of its leaky ReLUs, so that its bias dies
out once the noise of shots no longer reaches one. The gradient of a loss is f'(m_S) times a
Jacobian of shots of its own, so its bias is that of f'(m_S): none for squares.

What is averaged is f(m_S) - f(m) - f'(m) (m_S - m): the last term is zero on average and takes the
noise with it.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pennylane as qml
import torch
from torch import Tensor

from circuits import Registers
from qgan.discriminator import MLPHead
from qgan.engines import PennyLaneEngine

RESULTS = Path(__file__).parent / "results" / "shots.json"
WORDS = ("ZI", "IZ", "ZZ")
ANGLES = torch.tensor([0.9, 0.4], dtype=torch.float64)


class Circuit:
    """Two qubits, two angles, and one a sample, so that a batch is measured row by row."""

    registers, n_weights, n_inputs = Registers(output=2), 2, 1

    def __call__(self, weights: Any, inputs: Any) -> None:
        qml.RY(weights[..., 0], wires=0)
        qml.RY(weights[..., 1], wires=1)
        qml.CNOT(wires=[0, 1])
        qml.RX(inputs[..., 0], wires=1)


def squares(values: Tensor) -> Tensor:
    return values.square().sum(-1)


def logistic(values: Tensor) -> Tensor:
    return torch.nn.functional.softplus(-2 * values.sum(-1))


def mlp_head() -> Callable[[Tensor], Tensor]:
    """A head with the weights of a seed, four times as steep as it starts."""
    random = torch.Generator().manual_seed(0)
    head = MLPHead(len(WORDS), 2, (16,), random).double().requires_grad_(False)
    return lambda values: head(4 * values, torch.zeros(len(values), dtype=torch.long))


def slopes(loss: Callable[[Tensor], Tensor], values: Tensor) -> Tensor:
    """f' of each row."""
    leaf = values.clone().requires_grad_()
    (found,) = torch.autograd.grad(loss(leaf).sum(), leaf)
    return found


def bias(loss: Callable[[Tensor], Tensor], exact: Tensor, found: Tensor, jacobian: Tensor) -> dict:
    """Bias of the loss with its standard error, and of its gradient beside the gradient's norm."""
    at, slope = loss(exact), slopes(loss, exact)
    rests = loss(found) - at - ((found - exact) * slope).sum(-1)
    error = rests.std() / len(rests) ** 0.5
    gradients = slopes(loss, found) @ jacobian
    off = (gradients.mean(0) - slope[0] @ jacobian).norm()
    noise = (gradients.std(0) / len(rests) ** 0.5).norm()
    norm = (slope[0] @ jacobian).norm()
    told = {"bias": rests.mean(), "error": error, "gradient": off / norm, "noise": noise / norm}
    return {name: float(value) for name, value in told.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--shots", nargs="+", type=int, default=[10, 30, 100, 300, 1000, 10000])
    parser.add_argument("--repeats", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=RESULTS)
    asked = parser.parse_args()
    circuit, rows = Circuit(), torch.full((asked.repeats, 1), -0.7, dtype=torch.float64)
    weights = ANGLES.clone().requires_grad_()
    exact = PennyLaneEngine().expval(circuit, weights, rows[:1], WORDS)
    jacobian = torch.stack(
        [torch.autograd.grad(m, weights, retain_graph=True)[0] for m in exact[0]]
    )
    exact = exact.detach()
    losses = {"squares": squares, "logistic": logistic, "MLP head": mlp_head()}
    table = []
    print("| shots | loss | bias | times shots | gradient's bias / its norm |")
    print("| --: | --- | --: | --: | --: |")
    for shots in asked.shots:
        engine = PennyLaneEngine("default.qubit", shots=shots, seed=shots)
        with torch.no_grad():
            found = engine.expval(circuit, ANGLES, rows, WORDS)
        for name, loss in losses.items():
            row = {"shots": shots, "loss": name, **bias(loss, exact, found, jacobian)}
            table.append(row)
            times = f"{shots * row['bias']:.3f} +- {shots * row['error']:.3f}"
            relative = f"{row['gradient']:.4f} +- {row['noise']:.4f}"
            print(f"| {shots} | {name} | {row['bias']:.6f} | {times} | {relative} |", flush=True)
    law = float((1 - exact.square()).sum())
    print(f"\nsquares by the law: {law:.3f} / shots")
    versions = {name: version(name) for name in ("torch", "pennylane")}
    written = {"date": time.strftime("%F"), **versions, "repeats": asked.repeats, "law": law}
    asked.out.write_text(json.dumps({**written, "rows": table}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
