"""Tables of engines against themselves: growth, a training step, our seam to PennyLane."""

import statistics
import time
from typing import Any

import numpy as np
import torch
from peers.gates import batched
from peers.pennylane_devices import lightning
from workload import Step, Workload, alternating, gradients

from qgan import build
from qgan.build.settings import parse
from qgan.engines import PennyLaneEngine

Row = dict[str, Any]
AXES = {
    "layers": [(10, layers, 8) for layers in (4, 8, 16, 32, 64)],
    "batch": [(10, 6, batch) for batch in (8, 16, 32, 64, 128)],
    "qubits": [(n, 4, 32) for n in (8, 10, 12, 14, 16)],
}
SEAM = ((4, 4, 16), (8, 6, 4), (12, 8, 1), (16, 4, 1))


def growth() -> list[Row]:
    """How a step grows with layers, batch and qubits; what the first call takes.

    Layers and batch: the worst deviation from the best straight line. Qubits: time beside 2^n
    times that of the fewest.
    """
    rows: list[Row] = []
    for axis, (name, sizes) in enumerate((("qubits", AXES["qubits"]), *list(AXES.items())[:2])):
        place = {"qubits": 0, "layers": 1, "batch": 2}[name]
        steps = {str(size): batched(Workload(*size)) for size in sizes}
        found = list(alternating(steps, rounds=5, repeats=3).values())
        x = np.array([size[place] for size in sizes], dtype=float)
        row = {"axis": name, "sizes": sizes, "ms": found}
        if axis == 0:
            row["over 2^n"] = list(np.array(found) / found[0] / 2 ** (x - x[0]))
        else:
            row["off a line"] = off_a_line(x, np.array(found))
            row["over linear"] = found[-1] / found[0] / (x[-1] / x[0])
        rows.append(row)
    return [*rows, first_call()]


def off_a_line(x: Any, t: Any) -> float:
    """Largest relative deviation of times from ``a + b x``, fitted to relative errors."""
    columns = np.stack([1 / t, x / t], 1)
    a, b = np.linalg.lstsq(columns, np.ones(len(t)), rcond=None)[0]
    return float(np.abs((a + b * x) / t - 1).max())


def first_call(n: int = 12, n_layers: int = 12) -> Row:
    """Process seconds of tracing and planning: a first call less a second one."""
    found = []
    for _ in range(3):
        step: Step = batched(Workload(n, n_layers, 1))
        times = []
        for _ in range(2):
            begun = time.process_time()
            step()
            times.append(time.process_time() - begun)
        found.append(times[0] - times[1])
    return {"axis": "first call", "sizes": [(n, n_layers, 1)], "s": statistics.median(found)}


def training_step() -> list[Row]:
    """The default run, one step of the generator with its steps of the discriminator."""
    steps: dict[str, Step] = {}
    for device in (None, "default.qubit"):
        settings = {
            "preset": "ising",
            **build.PRESETS.find("ising").settings,
            "engine": {"device": device},
        }
        experiment = parse(settings)
        trainer = build.build_trainer(build.load_data(experiment), experiment)
        steps[device or "batched"] = trainer.train_step  # type: ignore[assignment]
    found = alternating(steps, rounds=7, repeats=3)
    slowest = found["default.qubit"]
    return [{"engine": name, "ms": ms, "speed": slowest / ms} for name, ms in found.items()]


def seam() -> list[Row]:
    """lightning.qubit with adjoint through our engine, and called directly."""
    rows = []
    for size in SEAM:
        workload = Workload(*size)
        direct = lightning(workload)
        assert direct is not None
        steps = {"direct": direct, "ours": through_our_engine(workload)}
        found = alternating(steps, rounds=7, repeats=2)
        rows.append({"size": size, **found, "cost": found["ours"] / found["direct"]})
    return rows


def through_our_engine(w: Workload) -> Step:
    """The workload on lightning, through the contract of engines."""
    engine = PennyLaneEngine("lightning.qubit", "adjoint")
    weights, inputs = w.leaves(torch.float64)

    def step() -> tuple[torch.Tensor, ...]:
        loss = (engine.expval(w, weights, inputs, w.words) @ w.z_weights).mean()
        return gradients(loss, weights, inputs)

    return step
