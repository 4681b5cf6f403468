"""The game that a configuration describes: data, objective, terms and trainer."""

from __future__ import annotations

import torch

from qgan import errors
from qgan.config import Experiment
from qgan.data import SOURCES, Dataset, from_file, measured
from qgan.engines import BatchedEngine
from qgan.engines.memory import check_memory
from qgan.engines.choose import Timing, choose, time_engines
from qgan.rules import check_engine, check_game, check_records
from qgan.build.discriminators import build_discriminator, build_view
from qgan.build.engines import build_engine, noise_of
from qgan.build.generators import build_circuit, build_generator, warn_of_rank
from qgan.build.objectives import build_cure, find_objective
from qgan.terms import Term
from qgan.training import Trainer


def load_data(experiment: Experiment) -> Dataset:
    """The data of an experiment: a file, or a source by name."""
    data = experiment.data
    if data.file is not None:
        found = from_file(data.file, experiment.seed)
    elif data.source not in SOURCES:
        raise errors.argument("data.source", f"must be one of {', '.join(SOURCES)}", data.source)
    else:
        size = {} if data.qubits is None else {"n_qubits": data.qubits}
        found = SOURCES[data.source](seed=experiment.seed, **size)
    if data.shots is None:
        return found
    return measured(found, data.shots, data.measurement, experiment.seed)


def default_cures(experiment: Experiment, data: Dataset) -> tuple[str, ...]:
    """What a configuration that names no cure gets."""
    choice, _ = find_objective(experiment.objective)
    d, cures = experiment.discriminator, choice.cures
    bounded = d.head in ("bounded-linear", "identity")
    bounded = bounded or (d.spectral and d.head in ("mlp", "projection", "auxiliary"))
    if bounded and experiment.objective == "wasserstein":  # Lipschitz as it stands
        cures = ()
    if d.head == "auxiliary" and choice.distance is None:
        cures = (*cures, "auxiliary-classifier")
    leaks = experiment.generator.kind == "register" and data.rank == 1
    return (*cures, "purity-matching:5") if leaks and choice.distance is None else cures


def build_terms(experiment: Experiment, data: Dataset) -> list[Term]:
    """The distance, if the objective is one; then penalties and cures."""
    choice, number = find_objective(experiment.objective)
    terms = [] if choice.distance is None else [choice.distance(number)]
    named = default_cures(experiment, data) if experiment.cure is None else experiment.cure
    return [*terms, *map(build_cure, named)]


def engine_timings(experiment: Experiment, data: Dataset) -> list[Timing]:
    """The timing of every engine on the generator's circuit and the batch of an experiment."""
    readers = [build_view(experiment, data, BatchedEngine()), *build_terms(experiment, data)]
    return time_engines(
        build_circuit(experiment, data),
        experiment.trainer.batch,
        needs_states=any(getattr(reader, "needs_states", False) for reader in readers),
        shots=experiment.engine.shots,
        noise=noise_of(experiment),
        readout=experiment.engine.readout,
    )


def settled(experiment: Experiment, data: Dataset) -> Experiment:
    """The same experiment with ``auto`` replaced by the engine that is the fastest here."""
    if experiment.engine.kind != "auto" or experiment.engine.device is not None:
        return experiment
    best = choose(engine_timings(experiment, data)).candidate
    found = {
        "kind": best.kind,
        "device": best.device,
        "diff_method": best.diff_method,
        "accelerator": best.accelerator,
    }
    engine = experiment.engine.model_copy(update=found)
    return experiment.model_copy(update={"engine": engine})


def build_trainer(data: Dataset, experiment: Experiment) -> Trainer:
    """Everything that an experiment describes, ready to train."""
    experiment = settled(experiment, data)
    engine = build_engine(experiment)
    real = torch.float32 if experiment.engine.precision == "single" else torch.float64
    place = experiment.engine.accelerator
    if place == "cuda" and not torch.cuda.is_available():
        raise errors.argument("accelerator", "must be cpu where torch sees no CUDA device", place)
    choice, number = find_objective(experiment.objective)
    objective = choice.make(experiment.trainer.mismatched_share, number)
    discriminator = build_discriminator(experiment, data, engine)
    terms = build_terms(experiment, data)
    check_game(discriminator, objective, terms)
    check_engine(discriminator, terms, engine)
    check_records(terms, data)
    generator = build_generator(experiment, data, engine)
    warn_of_rank(generator.circuit, data)
    doubled = 2 if experiment.engine.device == "default.mixed" else 1
    wires = doubled * generator.circuit.registers.n_wires
    at_once = experiment.trainer.batch if engine.gives_states else 1
    check_memory(wires, at_once, 8 if real == torch.float32 else 16, torch.device(place))
    return Trainer(
        generator.to(place, real),
        discriminator.to(place, real),
        data,
        objective,
        terms,
        experiment.trainer,
        seed=experiment.seed,
    )
