"""How long a training takes, in words, and what would make it faster."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from statistics import median
from typing import Any

from qgan import errors
from qgan.build import VIEWS, build_objective, build_trainer
from qgan.build.projection import Projection
from qgan.cli.engine_table import MIB
from qgan.config import MOST_SMALL, Experiment
from qgan.data import Dataset

__all__ = ["LONG", "FirstSteps", "faster_choice", "game_lines", "in_words", "long_line"]

LONG = 3600.0
"""Seconds beyond which a training says at its start how long it will take."""
COMPILING = 120.0
"""Seconds that no compiling takes: a first step that takes longer is slow itself."""
OF_CIRCUITS = ("circuit", "two-copy", "swap-test", "ddk")
"""Views that run circuits on every state, which is slower than reading it."""


DISTANCE = "--objective energy"
"""The last choice that is offered, which leaves the discriminator out."""


class FirstSteps:
    """The pace of a training from its own first steps, so that finding it costs nothing.

    The first step compiles and does not count, unless it takes longer than any compiling. The pace
    is the median of the next five steps, or of those that fit into ten seconds.

    Args:
        step: the step so far.
        seconds: the training time so far.

    Example:
        >>> steps = FirstSteps(0.0, 0.0)
        >>> [steps.pace(*now) for now in ((1.0, 40.0), (2.0, 46.0), (3.0, 53.0))]
        [None, None, 6.5]
    """

    def __init__(self, step: float, seconds: float) -> None:
        self.last = (step, seconds)
        self.paces: list[float] = []
        self.compiled, self.done = False, False

    def pace(self, step: float, seconds: float) -> float | None:
        """Seconds per step, once enough of them have been seen; None before and after that.

        Args:
            step: the step so far.
            seconds: the training time so far.
        """
        n_steps, time = step - self.last[0], seconds - self.last[1]
        self.last = (step, seconds)
        if self.done or (not self.compiled and time < COMPILING):
            self.compiled = True
            return None
        self.compiled = True
        self.paces.append(time / n_steps)
        self.done = len(self.paces) == 5 or sum(self.paces) > 10.0
        return median(self.paces) if self.done else None


def in_words(seconds: float) -> str:
    """A time for people.

    Example:
        >>> [in_words(t) for t in (0.5, 40.0, 200.0, 9e3, 4e5)]
        ['1 second', '40 seconds', '3 minutes', '2.5 hours', '4.6 days']
    """
    for unit, size, most in (("second", 1, 120), ("minute", 60, 7200), ("hour", 3600, 172800)):
        if seconds < most:
            number = max(1, round(seconds / size)) if size < 3600 else round(seconds / size, 1)
            return f"{number:g} {unit}{'' if number == 1 else 's'}"
    return f"{seconds / 86400:.1f} days"


def faster_choice(settings: Experiment, data: Dataset) -> str | None:
    """The nearest choice that makes a step of an experiment faster and that the rules allow.

    Args:
        settings: the experiment, settled.
        data: what is to be learned.

    Returns:
        The choice as flags; None where fewer steps or smaller ones are all that is left.
    """
    # A run keeps how gradients are found, and another game may need another way.
    anew = settings.trainer.model_copy(update={"gradient": "auto"})
    for flags, changed in _choices(_changed(settings, trainer=anew), data.n_qubits):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                build_trainer(data, changed)
        except errors.QganError:
            continue
        return flags
    return None


def _choices(settings: Experiment, n_qubits: int) -> Iterator[tuple[str, Experiment]]:
    """What makes a step faster, as flags and as settings, from the nearest choice on."""
    engine, discriminator = settings.engine, settings.discriminator
    if engine.device or engine.kind == "pennylane":
        ours = {"kind": "batched", "device": None, "diff_method": None}
        yield "--engine batched", _changed(settings, engine=engine.model_copy(update=ours))
    if build_objective(settings).reads == "nothing":
        return
    view = "density" if n_qubits <= MOST_SMALL else "sketch"
    if discriminator.kind in (OF_CIRCUITS if view == "density" else set(VIEWS) - {view}):
        faster = discriminator.model_copy(update={"kind": view})
        yield f"--discriminator {view}", _changed(settings, discriminator=faster)
    if discriminator.head == "root":
        faster = discriminator.model_copy(update={"head": "mlp"})
        yield "--discriminator.head mlp", _changed(settings, discriminator=faster)
    yield DISTANCE, _changed(settings, objective="energy")


def _changed(settings: Experiment, **values: Any) -> Experiment:
    return settings.model_copy(update=values)


def _faster(pace: float, settings: Experiment, data: Dataset) -> str:
    """What makes a long training faster, as a sentence."""
    n_steps = int(LONG / pace)
    if n_steps >= 10:
        n_steps = int(float(f"{n_steps:.2g}"))
    fewer = f"--steps {n_steps} takes about an hour" if n_steps else "a smaller --trainer.batch"
    choice = faster_choice(settings, data)
    if choice is None:
        return f"Faster: {fewer}."
    less = " (no discriminator; its skill may be lower)" if choice == DISTANCE else ""
    return f"Faster: {choice}{less}; {fewer}."


def game_lines(projection: Projection, settings: Experiment, data: Dataset) -> list[str]:
    """What `qgan plan` says of the whole game."""
    players = f"the parameters that are trained in the generator: {projection.trained}"
    if projection.n_features:
        players = (
            f"{projection.view} reads {projection.n_features:,} numbers of a state, "
            f"{projection.head} has {projection.n_weights:,} weights; {players}"
        )
    lines = [
        f"The game: {players}. Training on {projection.n_states:,} real and as many generated "
        f"states per step takes {max(1, round(projection.n_bytes / MIB)):,} MiB.",
        f"A step takes {1e3 * projection.step:.1f} ms: {projection.n_steps:,} steps take about "
        f"{in_words(projection.seconds)}, beside making the data and judging.",
    ]
    if projection.seconds > LONG:
        lines.append(_faster(projection.step, settings, data))
    return lines


def long_line(
    pace: float, n_steps: int, first_step: int, settings: Experiment, data: Dataset
) -> str | None:
    """What a training says after its first steps if all of them take long; None if they do not.

    A run that goes on keeps its choices, and is offered none.

    Args:
        pace: seconds per step.
        n_steps: steps of the whole training.
        first_step: the steps that were taken before, in a run that goes on.
        settings: the experiment, settled.
        data: what is to be learned.
    """
    seconds = pace * (n_steps - first_step)
    if seconds <= LONG:
        return None
    if first_step:
        return f"At this pace the rest of the training takes about {in_words(seconds)}."
    faster = _faster(pace, settings, data)
    return f"At this pace the training takes about {in_words(seconds)}. {faster}"
