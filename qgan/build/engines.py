"""The engine that a configuration describes."""

from __future__ import annotations

from typing import Any

from qgan import errors
from qgan.config import Experiment
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Engine
from qgan.engines.pennylane.noise import depolarising_gates


def build_engine(experiment: Experiment) -> Engine:
    """The engine that trains."""
    e = experiment.engine
    if e.kind == "batched" and e.device is None:
        if e.shots is not None:
            raise errors.argument("shots", "must be None on the batched engine", e.shots)
        if e.diff_method not in (None, "adjoint"):
            raise errors.argument("diff_method", "must be adjoint on batched", e.diff_method)
        for name in ("depolarising", "readout"):
            if getattr(e, name):
                rule = "must be 0 on the batched engine (noise needs --device default.mixed)"
                raise errors.argument(name, rule, getattr(e, name))
        return BatchedEngine(e.precision, e.low_memory)
    return PennyLaneEngine(
        e.device or "default.qubit",
        e.diff_method,
        e.shots,
        precision=e.precision,
        seed=experiment.seed,
        noise=noise_of(experiment),
        readout=e.readout,
    )


def noise_of(experiment: Experiment) -> Any:
    """The noise model of its gates, or None."""
    p = experiment.engine.depolarising
    return depolarising_gates(p) if p else None
