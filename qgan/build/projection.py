"""What a training will take: the sizes of its game, and the time of its steps as they are."""

from __future__ import annotations

from dataclasses import dataclass

from qgan.build.room import room_of
from qgan.build.trainer import build_trainer
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.engines.choose import seconds_of
from qgan.sampler import ParameterCounts

__all__ = ["Projection", "project"]

PATIENCE, MOST_STEPS = 2.0, 20
"""Seconds that the steps are timed for, and the most of them."""
COMPILING = 60.0
"""Seconds that no compiling takes: a first step that takes longer is slow itself, and the last."""


@dataclass(frozen=True)
class Projection:
    """What a training takes.

    Args:
        view: the name of the view's class.
        n_features: numbers of a state that it reads.
        head: the name of the head's class.
        n_weights: weights of the head.
        trained: the parameters of the generator.
        n_states: states of each kind that a step shows to the discriminator.
        n_bytes: bytes of the numbers, of the head in training, and of the generated states.
        step: seconds of a step.
        n_steps: steps of the training.
    """

    view: str
    n_features: int
    head: str
    n_weights: int
    trained: ParameterCounts
    n_states: int
    n_bytes: int
    step: float
    n_steps: int

    @property
    def seconds(self) -> float:
        """Seconds of all steps, without the judgements between them."""
        return self.step * self.n_steps


def project(settings: Experiment, data: Dataset) -> Projection:
    """Build the whole game, take a step and time the next few, or the first where it takes long.

    The time is that of :func:`qgan.engines.choose.seconds_of`.

    Args:
        settings: the experiment, settled.
        data: what is to be learned.

    Raises:
        QganError: as :func:`qgan.build.build_trainer` has it.
    """
    trainer = build_trainer(data, settings)
    config, generator, place = trainer.config, trainer.generator, settings.engine.accelerator
    seconds = [seconds_of(trainer.train_step, place)]  # which traces circuits and compiles loops
    if seconds[0] < COMPILING:
        seconds = []
        while len(seconds) < MOST_STEPS and sum(seconds) < PATIENCE:
            seconds.append(seconds_of(trainer.train_step, place))
    view, head = trainer.discriminator.view, trainer.discriminator.head
    n_states = config.batch * config.n_critic
    room = sum(room_of(settings, view, head, trainer.game.terms))
    return Projection(
        view=type(view).__name__,
        n_features=view.n_features,
        head=type(head).__name__,
        n_weights=sum(p.numel() for p in head.parameters()),
        trained=generator.parameter_counts(),
        n_states=n_states,
        n_bytes=room + generator.engine.memory(generator.run_circuit, n_states, place),
        step=sorted(seconds)[len(seconds) // 2],
        n_steps=config.steps,
    )
