"""The training that a configuration describes."""

from __future__ import annotations

import torch

from qgan import errors
from qgan.build.discriminator import build_discriminator
from qgan.build.engines import build_engine
from qgan.build.generators import build_generator, warn_of_rank
from qgan.build.objectives import build_objective
from qgan.build.terms import build_terms
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.engines.memory import check_memory
from qgan.training import Trainer

__all__ = ["build_trainer", "warn_of_single_shots"]


def build_trainer(data: Dataset, settings: Experiment) -> Trainer:
    """Everything that an experiment describes, ready to train.

    Args:
        data: what is to be learned, as :func:`qgan.build.load_data` gives it.
        settings: the experiment, with an engine that is settled.

    Raises:
        QganError: if the settings do not make a game that means what it says, or it does not fit in
            the memory.
    """
    place = settings.engine.accelerator
    if place == "cuda" and not torch.cuda.is_available():
        raise errors.argument("accelerator", "must be cpu where torch sees no CUDA device", place)
    engine = build_engine(settings)
    objective = build_objective(settings)
    discriminator = build_discriminator(settings, data, engine, objective)
    terms = build_terms(settings, data, objective, discriminator)
    real = torch.float32 if settings.engine.precision == "single" else torch.float64
    doubled = 2 if settings.engine.device == "default.mixed" else 1
    generator = build_generator(settings, data, engine)
    wires = doubled * generator.run_circuit.registers.n_wires
    at_once = settings.trainer.batch if engine.gives_states else 1
    check_memory(wires, at_once, 8 if real == torch.float32 else 16, torch.device(place))
    trainer = Trainer(
        generator.to(place, real),
        discriminator.to(place, real),
        data,
        objective,
        terms,
        settings.trainer,
        seed=settings.seed,
        mismatched_share=settings.mismatched_share,
    )
    warn_of_rank(generator.circuit, data)
    warn_of_single_shots(data)
    return trainer


def warn_of_single_shots(data: Dataset) -> None:
    """Say so where each training state was measured once.

    Such records know the average state of a label only: every ensemble with this average makes the
    same records with the same probability.
    """
    records = data.train.records
    if records is not None and records.n_shots == 1:
        errors.warn(
            "With one shot of each state only the average state of a label can be known: what is "
            "trained says nothing of the ensemble."
        )
