"""What a configuration leaves open, decided from the data: the engine and the number of latents."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor

from qgan.build.engines import settle_engine
from qgan.build.generators import TRIED_LATENTS, with_latents
from qgan.build.scaling import scaled
from qgan.build.trainer import build_trainer
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.evaluation import Judge
from qgan.evaluation.skill import STANDARD_ERRORS

__all__ = ["settle"]

SHARE, LEAST_STEPS = 0.1, 300
"""A trial takes a tenth of the steps of the training, and at least so many."""


def settle(
    settings: Experiment, data: Dataset, tell: Callable[[str], None] | None = None
) -> Experiment:
    """The same experiment with everything decided that it leaves to the data.

    The engine ``auto`` becomes the one that is timed to be the fastest. The number of latents
    ``auto`` becomes the fewest of one, two and three whose validation skill after a short training
    is less than one standard error of the difference below the best. Too many latents cost
    precision: a family of one hidden factor comes out as a thin band.

    Args:
        settings: the experiment.
        data: what is to be learned.
        tell: takes a line about each trial.
    """
    settings = settle_engine(scaled(settings, data.n_qubits), data)
    if settings.generator.n_latent != "auto":
        return settings
    judge = Judge(data, "validation", settings.seed)
    trials = [_try_latents(with_latents(settings, n), data, judge) for n in TRIED_LATENTS]
    chosen = fewest_as_good(trials)
    for trial in trials:
        if tell is None:
            break
        mark = "  <- taken" if trial.n_latent == chosen else ""
        skill = f"{trial.skill:.3f} ± {STANDARD_ERRORS * trial.error():.3f}"
        tell(f"{trial.n_latent} latents: validation skill {skill} after a short training{mark}")
    return with_latents(settings, chosen)


@dataclass(frozen=True, eq=False)
class Trial:
    """What a short training has reached.

    Args:
        n_latent: number of latents.
        skill: the mean over labels of validation skill, or of 1 - shortfall where it is undefined.
        of_real: what each validation state adds to the error of ``skill``.
        of_generated: the standard error that the generated states leave.
    """

    n_latent: int
    skill: float
    of_real: Tensor
    of_generated: float

    def error(self, other: Trial | None = None) -> float:
        """The standard error of skill, or of its difference from that of another trial.

        All trials are judged on the same states, whose luck falls out of the difference.
        """
        of_real = self.of_real if other is None else self.of_real - other.of_real
        of_generated = 0.0 if other is None else other.of_generated
        return math.hypot(float(of_real.norm()), self.of_generated, of_generated)


def fewest_as_good(trials: Sequence[Trial]) -> int:
    """The fewest latents whose skill is less than one standard error below the best.

    References:
        Hastie et al., The Elements of Statistical Learning, 2nd ed., sec. 7.10: the rule of one
        standard error.
    """
    best = max(trials, key=lambda trial: trial.skill)
    return min(
        trial.n_latent
        for trial in trials
        if trial is best or best.skill - trial.skill <= best.error(trial)
    )


def _try_latents(settings: Experiment, data: Dataset, judge: Judge) -> Trial:
    """Train for a short while, and judge on validation states."""
    steps = settings.trainer.steps
    short = {"steps": min(steps, max(LEAST_STEPS, round(SHARE * steps)))}
    trainer_settings = settings.trainer.model_copy(update=short)
    trainer = build_trainer(data, settings.model_copy(update={"trainer": trainer_settings}))
    for _ in range(trainer.config.steps):
        trainer.train_step()
    states, _ = judge.generate(trainer.model)
    skills, of_real, of_generated = [], [], []
    for label, reference in enumerate(judge.references):
        w = reference.scale.transport(states[judge.label == label])
        skills.append(1 - reference.scale.shortfall(w.distance))
        weight = 1 / (reference.scale.span * data.n_labels)
        of_real.append(weight * w.first)
        of_generated.append(weight * float(w.second.norm()))
    n_latent = trainer.model.n_latent
    return Trial(n_latent, fmean(skills), torch.cat(of_real), math.hypot(*of_generated))
