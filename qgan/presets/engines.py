"""The engine that a configuration describes."""

from __future__ import annotations

from qgan import errors
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Engine
from qgan.engines.plan import Measured, choose, measure
from qgan.presets.generators import build_circuit

NEED_STATES = ("density",)  # discriminators whose view reads states


def measure_engines(experiment: Experiment, data: Dataset) -> list[Measured]:
    """Every engine on the generator's circuit and the batch of an experiment."""
    return measure(
        build_circuit(experiment, data),
        experiment.trainer.batch,
        needs_states=experiment.discriminator.kind in NEED_STATES,
        shots=experiment.engine.shots,
    )


def settled(experiment: Experiment, data: Dataset) -> Experiment:
    """The same experiment with ``auto`` replaced by the engine measured to be the fastest."""
    if experiment.engine.kind != "auto" or experiment.engine.device is not None:
        return experiment
    best = choose(measure_engines(experiment, data)).candidate
    engine = experiment.engine.model_copy(
        update={
            "kind": best.kind,
            "device": best.device,
            "diff_method": best.diff_method,
            "accelerator": best.accelerator,
        }
    )
    return experiment.model_copy(update={"engine": engine})


def build_engine(experiment: Experiment) -> Engine:
    """The engine that trains."""
    e = experiment.engine
    if e.kind == "batched" and e.device is None:
        if e.shots is not None:
            raise errors.argument("shots", "must be None on the batched engine", e.shots)
        if e.diff_method not in (None, "adjoint"):
            raise errors.argument("diff_method", "must be adjoint on batched", e.diff_method)
        return BatchedEngine(e.precision)
    return PennyLaneEngine(
        e.device or "default.qubit",
        e.diff_method,
        e.shots,
        precision=e.precision,
        seed=experiment.seed,
    )
