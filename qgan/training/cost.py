"""What a training would cost on a quantum computer: copies, circuits, shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from qgan.config import TrainerConfig
from qgan.engines.counting import count_rotations
from qgan.game import Game

__all__ = ["LEVELS", "Cost", "cost_of_game", "reached"]

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Skill on validation states at which a report says what reaching it took."""


@dataclass(frozen=True)
class Cost:
    """What one generator step costs, its discriminator steps included.

    A circuit is executed once for each state shown and each measurement setting of the view; its
    gradient by parameter shift takes two more for each rotation by a trained angle. An execution
    takes as many shots as the engine has; an exact one is counted as one shot, so multiply by the
    shots you would take. A shot uses up as many copies of a state as the view's ``n_copies``.
    Judging on validation states is not counted, nor are terms that look at states by themselves.

    Args:
        real_copies: copies of the data's states.
        generated_copies: the same of generated states.
        executions: circuits executed, each with all its shots.
        shots: shots of all of them.

    References:
        Schuld et al., Phys. Rev. A 99, 032331 (2019): two executions a rotation.
    """

    real_copies: int
    generated_copies: int
    executions: int
    shots: int

    def after(self, steps: int) -> dict[str, float]:
        """Columns of the history after so many steps."""
        return {name: float(steps * count) for name, count in vars(self).items()}


def cost_of_game(game: Game, config: TrainerConfig) -> Cost:
    """What a generator step of a game costs, with the discriminator steps before it."""
    view, shots = game.discriminator.view, game.generator.engine.shots or 1
    states, settings = config.batch * config.n_critic, view.n_settings()
    real = generated = 0
    if any(p.requires_grad for p in game.discriminator.parameters()):
        trained = any(p.requires_grad for p in view.parameters())
        rotations = 0 if view.circuit is None or not trained else count_rotations(view.circuit)
        each = settings * (1 + 2 * rotations)
        mismatched = game.shows_mismatched and view.sees_label
        real, generated = states * each * (2 if mismatched else 1), states * each
    generated += game.generator.cost(config.batch).with_gradient * settings
    executions = real + generated
    return Cost(
        real * shots * view.n_copies,
        generated * shots * view.n_copies,
        executions,
        executions * shots,
    )


def reached(history: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float] | None]:
    """For each level of skill the first evaluation that reached it, with what it took.

    Args:
        history: columns of a history.

    Returns:
        By level: step, seconds, and the columns of :class:`Cost`; None where it was not reached.

    Example:
        >>> rows = {"step": [0.0, 10.0], "shortfall": [0.9, 0.15], "shots": [0.0, 640.0]}
        >>> reached(rows)["0.8"], reached(rows)["0.9"]
        ({'step': 10.0, 'shots': 640.0}, None)
    """
    names = ("step", "seconds", *Cost.__dataclass_fields__)
    levels: dict[str, dict[str, float] | None] = {}
    for level in LEVELS:
        gaps = enumerate(history["shortfall"])
        row = next((i for i, gap in gaps if isfinite(gap) and 1 - gap >= level), None)
        values = {} if row is None else {n: history[n][row] for n in names if n in history}
        levels[str(level)] = {n: value for n, value in values.items() if isfinite(value)} or None
    return levels
