"""How long a training takes, in words, and what would make it faster."""

from __future__ import annotations

from qgan.build.projection import Projection
from qgan.cli.engine_table import MIB
from qgan.config import MOST_SMALL, Experiment

__all__ = ["LONG", "faster_choice", "game_lines", "in_words", "long_line"]

LONG = 3600.0
"""Seconds beyond which a training says at its start how long it will take."""


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


def faster_choice(settings: Experiment, n_qubits: int) -> str:
    """The nearest choice that makes a step of an experiment faster, as flags."""
    engine, view = settings.engine, settings.discriminator.kind
    exact = not (engine.shots or engine.depolarising or engine.readout)
    if (engine.device or engine.kind == "pennylane") and exact:
        return "--engine batched"
    if n_qubits > MOST_SMALL and view != "sketch":
        return "--discriminator sketch"
    return "fewer --steps or a smaller --trainer.batch"


def game_lines(projection: Projection, settings: Experiment, n_qubits: int) -> list[str]:
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
        lines.append(f"Faster: {faster_choice(settings, n_qubits)}.")
    return lines


def long_line(seconds: float, settings: Experiment, n_qubits: int) -> str:
    """What a training that takes long says at its start."""
    choice = faster_choice(settings, n_qubits)
    return f"At this pace the training takes about {in_words(seconds)}. Faster: {choice}."
