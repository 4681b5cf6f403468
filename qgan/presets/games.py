"""The game that a configuration describes: data, objective, terms and trainer."""

from __future__ import annotations

from collections.abc import Callable

import torch

from qgan import errors
from qgan.config import Experiment
from qgan.data import SOURCES, Dataset, from_file
from qgan.information import Information
from qgan.objectives import LinearValue, Minimax, NonSaturating, Objective, Wasserstein
from qgan.presets.discriminators import build_discriminator
from qgan.presets.engines import build_engine
from qgan.presets.generators import build_generator
from qgan.stabilisers import (
    R1,
    FeatureMatching,
    GradientPenalty,
    InstanceNoise,
    PurityMatching,
    Term,
)
from qgan.training import Trainer

OBJECTIVES: dict[str, Callable[[float], Objective]] = {
    "wasserstein": Wasserstein,
    "minimax": Minimax,
    "non-saturating": NonSaturating,
    "linear": LinearValue,
}

CURES: dict[str, Callable[..., Term]] = {
    "gradient-penalty": GradientPenalty,
    "r1": R1,
    "instance-noise": InstanceNoise,
    "feature-matching": FeatureMatching,
    "purity-matching": PurityMatching,
    "information": Information,
}


def load_data(experiment: Experiment) -> Dataset:
    """The data of an experiment: a file, or a source by name."""
    data = experiment.data
    if data.file is not None:
        return from_file(data.file, experiment.seed)
    if data.source not in SOURCES:
        raise errors.argument("data.source", f"must be one of {', '.join(SOURCES)}", data.source)
    size = {} if data.qubits is None else {"n_qubits": data.qubits}
    return SOURCES[data.source](seed=experiment.seed, **size)


def default_cures(experiment: Experiment, data: Dataset) -> tuple[str, ...]:
    """What a configuration that names no cure gets."""
    lipschitz = ("gradient-penalty",) if experiment.objective == "wasserstein" else ()
    leaks = experiment.generator.kind == "register" and data.rank == 1
    return (*lipschitz, "purity-matching:5") if leaks else lipschitz


def build_terms(experiment: Experiment, data: Dataset) -> list[Term]:
    """Penalties and cures, each NAME or NAME:WEIGHT."""
    terms = []
    for text in default_cures(experiment, data) if experiment.cure is None else experiment.cure:
        name, _, weight = text.partition(":")
        if name not in CURES:
            raise errors.argument("cure", f"must be one of {', '.join(CURES)}", repr(text))
        try:
            terms.append(CURES[name](float(weight)) if weight else CURES[name]())
        except ValueError:
            raise errors.argument("cure", "must be NAME or NAME:WEIGHT", repr(text)) from None
    return terms


def build_trainer(data: Dataset, experiment: Experiment) -> Trainer:
    """Everything that an experiment describes, ready to train."""
    engine = build_engine(experiment)
    real = torch.float32 if experiment.engine.precision == "single" else torch.float64
    place = experiment.engine.accelerator
    if place == "cuda" and not torch.cuda.is_available():
        raise errors.argument("accelerator", "must be cpu where torch sees no CUDA device", place)
    return Trainer(
        build_generator(experiment, data, engine).to(place, real),
        build_discriminator(experiment, data, engine).to(place, real),
        data,
        OBJECTIVES[experiment.objective](experiment.trainer.mismatched_share),
        build_terms(experiment, data),
        experiment.trainer,
        seed=experiment.seed,
    )
