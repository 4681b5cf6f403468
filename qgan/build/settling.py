"""What a configuration leaves open, decided from the data: the engine and the number of latents."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from qgan.build.engines import settle_engine
from qgan.build.generators import TRIED_LATENTS, with_latents
from qgan.build.trainer import build_trainer
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.evaluation import Judge

__all__ = ["settle"]

SHARE, LEAST_STEPS = 0.1, 300
"""A trial takes a tenth of the steps of the training, and at least so many."""


def settle(
    settings: Experiment, data: Dataset, tell: Callable[[str], None] | None = None
) -> Experiment:
    """The same experiment with everything decided that it leaves to the data.

    The engine ``auto`` becomes the one that is timed to be the fastest. The number of latents
    ``auto`` becomes the fewest of one, two and three whose validation skill after a short training
    lies within the interval of the best. Too many latents cost precision: a family of one hidden
    factor comes out as a thin band.

    Args:
        settings: the experiment.
        data: what is to be learned.
        tell: takes a line about each trial.
    """
    settings = settle_engine(settings, data)
    if settings.generator.n_latent != "auto":
        return settings
    trials = [_try_latents(with_latents(settings, n), data) for n in TRIED_LATENTS]
    chosen = fewest_as_good(trials)
    for trial in trials:
        if tell is None:
            break
        mark = "  <- taken" if trial.n_latent == chosen else ""
        tell(f"{trial.n_latent} latents: validation skill {trial} after a short training{mark}")
    return with_latents(settings, chosen)


@dataclass(frozen=True)
class Trial:
    """What a short training has reached.

    Args:
        n_latent: number of latents.
        skill: the mean over labels of validation skill, or of 1 - shortfall where it is undefined.
        half: half the length of its 95 % interval.
    """

    n_latent: int
    skill: float
    half: float

    def __str__(self) -> str:
        return f"{self.skill:.3f} ± {self.half:.3f}"


def fewest_as_good(trials: list[Trial]) -> int:
    """The fewest latents whose skill lies within the interval of the best.

    Example:
        >>> fewest_as_good([Trial(1, 0.6, 0.1), Trial(2, 0.88, 0.05), Trial(3, 0.9, 0.05)])
        2
    """
    best = max(trials, key=lambda trial: trial.skill)
    return min(trial.n_latent for trial in trials if trial.skill >= best.skill - best.half)


def _try_latents(settings: Experiment, data: Dataset) -> Trial:
    """Train for a short while, and judge on validation states."""
    steps = settings.trainer.steps
    short = {"steps": min(steps, max(LEAST_STEPS, round(SHARE * steps)))}
    trainer_settings = settings.trainer.model_copy(update=short)
    trainer = build_trainer(data, settings.model_copy(update={"trainer": trainer_settings}))
    for _ in range(trainer.config.steps):
        trainer.train_step()
    judge = Judge(data, "validation", settings.seed)
    states, _ = judge.generate(trainer.model)
    skills, halves = [], []
    for label, reference in enumerate(judge.references):
        judged = reference.scale.judge(states[judge.label == label])
        skills.append(1 - reference.scale.shortfall(judged.w.value))
        half = (judged.skill.high - judged.skill.value) if reference.undefined is None else 0.0
        halves.append(half)
    n_labels = len(skills)
    error = math.hypot(*halves) / n_labels
    return Trial(trainer.model.n_latent, sum(skills) / n_labels, error)
