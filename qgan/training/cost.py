"""What a training would cost on a quantum computer: copies, circuits, shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from qgan import errors
from qgan.engines.base import Circuit
from qgan.engines.trace import trace

if TYPE_CHECKING:
    from qgan.training.trainer import Trainer

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Skill on validation states at which a report says what reaching it took."""


@dataclass(frozen=True)
class Cost:
    """What one generator step costs, its discriminator steps included.

    A circuit is executed once for each state shown and each measurement setting of the view; its
    gradient by parameter shift takes two more for each rotation by a trained angle. An execution
    takes as many shots as the engine has; an exact one is counted as one shot, so multiply by the
    shots you would take. A shot uses up as many copies of a state as the view's ``order``. Judging
    on validation states is not counted, nor are terms that look at states by themselves.

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


def cost_of_step(trainer: Trainer) -> Cost:
    """What a step of this trainer costs."""
    config = trainer.config
    view: Any = trainer.discriminator.view
    shots = trainer.generator.engine.shots or 1
    states, seen = config.batch * config.n_critic, n_settings(view)
    real = generated = 0
    if "discriminator" in trainer.optimisers:
        trained = any(p.requires_grad for p in view.parameters())
        each = seen * (1 + (2 * _rotations(view.circuit) if trained else 0))
        wrong = trainer._shows_mismatched and view.sees_label
        real, generated = states * each * (2 if wrong else 1), states * each
    generator = trainer.generator
    angles = {
        "weights": generator.weights.requires_grad,
        "inputs": any(p.requires_grad for p in generator.embedding.parameters()),
    }
    shifted = 2 * _rotations(generator.circuit, [k for k, trained in angles.items() if trained])
    generated += config.batch * seen * (1 + shifted)
    copies = getattr(view, "order", 1)
    runs = real + generated
    return Cost(real * shots * copies, generated * shots * copies, runs, runs * shots)


def n_settings(view: Any) -> int:
    """Circuits that read all numbers of a view from a state: bases of measurement.

    The view's own ``n_settings``; ``3**n`` Pauli bases for what needs the whole state; else the
    bases that its words need, for each of its circuits.
    """
    if hasattr(view, "n_settings"):
        return int(view.n_settings)
    if view.needs_states:
        return int(3 ** getattr(view, "n_qubits", 1))
    words = getattr(view, "words", ())
    return max(1, len(bases(words))) * len(getattr(view, "embeddings", " "))


def bases(words: Sequence[str]) -> list[str]:
    """Products of Pauli bases that together measure all words, found greedily.

    Example:
        >>> bases(["ZI", "IZ", "XX", "ZZ"])
        ['ZZ', 'XX']
    """
    found: list[str] = []
    for word in sorted(words, key=lambda word: word.count("I")):
        for place, basis in enumerate(found):
            if all("I" in pair or pair[0] == pair[1] for pair in zip(word, basis, strict=True)):
                merged = (b if a == "I" else a for a, b in zip(word, basis, strict=True))
                found[place] = "".join(merged)
                break
        else:
            found.append(word)
    return sorted(found, reverse=True)


def _rotations(circuit: Circuit, sources: Sequence[str] = ("weights", "inputs")) -> int:
    """Rotations by angles of these sources; of a circuit that cannot be traced, its angles."""
    try:
        return sum(gate.source in sources for gate in trace(circuit).gates)
    except errors.QganError:
        return sum(getattr(circuit, f"n_{source}") for source in sources)


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
    columns = ("step", "seconds", *Cost.__dataclass_fields__)
    found: dict[str, dict[str, float] | None] = {}
    for level in LEVELS:
        at = [i for i, gap in enumerate(history["shortfall"]) if isfinite(gap) and 1 - gap >= level]
        row = {name: history[name][at[0]] for name in columns if at and name in history}
        found[str(level)] = {k: v for k, v in row.items() if isfinite(v)} or None
    return found
