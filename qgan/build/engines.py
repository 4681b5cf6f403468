"""The engines by name, and the engine that a configuration describes."""

from __future__ import annotations

from typing import Any

from qgan import errors
from qgan.build.discriminator import build_discriminator
from qgan.build.generators import build_circuit, with_most_latents
from qgan.build.objectives import build_objective
from qgan.build.registry import Entry, new_family
from qgan.build.scaling import AUTO
from qgan.build.terms import build_terms
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Engine
from qgan.engines.choose import Timing, choose, time_engines
from qgan.engines.pennylane.noise import depolarising_gates

__all__ = ["ENGINES", "build_engine", "settle_engine", "time_candidates"]


def _usual(entry: Entry, settings: Experiment) -> Engine:
    engine: Engine = entry.make()
    return engine


ENGINES = new_family("engine", "Engines", "engine.kind", _usual)
"""The engines; a builder takes the settings."""


def build_engine(settings: Experiment) -> Engine:
    """The engine that trains; a device that is named implies the pennylane engine.

    Raises:
        QganError: if the settings do not fit the engine.
    """
    kind = settings.engine.kind if settings.engine.device is None else "pennylane"
    engine: Engine = ENGINES.build(ENGINES.find(kind), settings)
    return engine


def _batched(settings: Experiment) -> Engine:
    e = settings.engine
    if e.shots is not None:
        raise errors.argument("shots", "must be None on the batched engine", e.shots)
    if e.diff_method not in (None, "adjoint"):
        raise errors.argument("diff_method", "must be adjoint on batched", e.diff_method)
    for name, strength in (("depolarising", e.depolarising), ("readout", e.readout)):
        if strength:
            rule = "must be 0 on the batched engine (noise needs device default.mixed)"
            raise errors.argument(name, rule, strength, [("device", "default.mixed")])
    return BatchedEngine(e.precision, e.low_memory)


def _pennylane(settings: Experiment) -> Engine:
    e = settings.engine
    return PennyLaneEngine(
        e.device or "default.qubit",
        e.diff_method,
        e.shots,
        precision=e.precision,
        seed=settings.seed,
        noise=_noise_of(settings),
        readout=e.readout,
    )


def _auto(settings: Experiment) -> Engine:
    rule = "must be settled before anything is built (qgan.build.settle)"
    raise errors.argument("engine.kind", rule, AUTO)


def _noise_of(settings: Experiment) -> Any:
    """The noise model of the gates, or None."""
    p = settings.engine.depolarising
    return depolarising_gates(p) if p else None


def time_candidates(settings: Experiment, data: Dataset) -> list[Timing]:
    """Time every engine on the generator's circuit and the batch of an experiment."""
    settings = with_most_latents(settings)
    objective = build_objective(settings)
    discriminator = build_discriminator(settings, data, BatchedEngine(), objective)
    terms = build_terms(settings, data, objective, discriminator)
    return time_engines(
        build_circuit(settings, data),
        settings.trainer.batch,
        needs_states=discriminator.view.needs_states or any(t.needs_states for t in terms),
        shots=settings.engine.shots,
        noise=_noise_of(settings),
        readout=settings.engine.readout,
    )


def settle_engine(settings: Experiment, data: Dataset) -> Experiment:
    """The same experiment with ``auto`` replaced by the engine that is timed to be the fastest."""
    if settings.engine.kind != AUTO or settings.engine.device is not None:
        return settings
    best = choose(time_candidates(settings, data)).candidate
    choice = {
        "kind": best.kind,
        "device": best.device,
        "diff_method": best.diff_method,
        "accelerator": best.accelerator,
    }
    engine = settings.engine.model_copy(update=choice)
    return settings.model_copy(update={"engine": engine})


for _entry in (
    Entry("batched", BatchedEngine, "ours: a batch at once, gradients by adjoint", build=_batched),
    Entry("pennylane", PennyLaneEngine, "any PennyLane device by name", build=_pennylane),
    Entry(AUTO, BatchedEngine, "the fastest of these, timed", build=_auto),
):
    ENGINES.add(_entry)
