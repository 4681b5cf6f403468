"""The plan of a lowered circuit: its stages, whichever back-end carries them out.

A stage is a turn (RY on any wires), then a phase (a diagonal); or it is a flip (rotations about
words that flip the same wires) alone, or a fixed matrix alone. The angles of a turn, of a phase or
of a flip are a row. The batch shares a row unless some of its angles come from
the inputs: then each sample has a row of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgan.engines.batched.lowering import (
    LEAST_ANGLE,
    Angle,
    FixedLayer,
    FlipLayer,
    Lowered,
    PhaseLayer,
    TurnLayer,
)

__all__ = ["FIRST_ONLY", "INSTEAD", "AngleRow", "AngleRows", "Plan", "Stage", "make_plan"]

# What either back-end says to a second derivative.
FIRST_ONLY = "the batched engine gives the first only"
INSTEAD = "use default.qubit with backprop, or a penalty in view space"


@dataclass(frozen=True)
class AngleRow:
    """Which row of angles a turn, a phase or a flip has: its group, its place, and its wires."""

    shared: bool
    index: int
    wires: frozenset[int]


@dataclass(frozen=True, eq=False)
class Stage:
    """A turn, then a phase; or a flip or a fixed matrix alone."""

    turn: AngleRow | None = None
    phase: AngleRow | None = None
    fixed: FixedLayer | None = None
    flip: AngleRow | None = None

    @property
    def is_phase(self) -> bool:
        """Whether it is a phase alone."""
        return self.turn is None and self.fixed is None and self.flip is None

    @property
    def shared(self) -> bool:
        """Whether the batch shares the whole stage, so that it is one matrix."""
        return all(row is None or row.shared for row in (self.turn, self.phase, self.flip))


@dataclass
class AngleRows:
    """A group of rows: those that the batch shares, or those that differ per sample."""

    turns: list[TurnLayer] = field(default_factory=list)
    phases: list[dict[tuple[int, ...], list[int]]] = field(default_factory=list)
    flips: list[FlipLayer] = field(default_factory=list)


@dataclass(eq=False)
class Plan:
    """How to run a segment of a circuit on a batch; made once, and kept with the circuit.

    Args:
        n_wires: n.
        n_weights: angles that the batch shares.
        n_inputs: angles that differ per sample.
        angles: what layers and rows point into.
        stages: the stages in order.
        groups: the rows that the batch shares (True), and those that differ per sample (False).
        cache: what either back-end has made of the plan: programs, tables, graphs.
    """

    n_wires: int
    n_weights: int
    n_inputs: int
    angles: list[Angle]
    stages: tuple[Stage, ...]
    groups: dict[bool, AngleRows]
    cache: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    @property
    def per_sample(self) -> bool:
        """Whether any row differs between samples."""
        own = self.groups[False]
        return bool(own.turns or own.phases or own.flips)


def make_plan(lowered: Lowered, n_weights: int, n_inputs: int) -> Plan:
    """The stages and groups of a lowered circuit."""
    groups = {True: AngleRows(), False: AngleRows()}
    stages: list[Stage] = []
    for layer in lowered.layers:
        if isinstance(layer, FixedLayer):
            stages.append(Stage(fixed=layer))
        elif isinstance(layer, TurnLayer):
            shared = _shared(lowered, list(layer.rotations.values()))
            groups[shared].turns.append(layer)
            wires = frozenset(layer.rotations)
            stages.append(Stage(turn=AngleRow(shared, len(groups[shared].turns) - 1, wires)))
        elif isinstance(layer, FlipLayer):
            shared = _shared(lowered, list(layer.rotations.values()))
            groups[shared].flips.append(layer)
            wires = layer.flips.union(*layer.rotations)
            stages.append(Stage(flip=AngleRow(shared, len(groups[shared].flips) - 1, wires)))
        elif isinstance(layer, PhaseLayer):
            _add_phase(lowered, layer, groups, stages)
    return Plan(lowered.n_wires, n_weights, n_inputs, lowered.angles, tuple(stages), groups)


def _add_phase(
    lowered: Lowered, layer: PhaseLayer, groups: dict[bool, AngleRows], stages: list[Stage]
) -> None:
    """Let a phase join the turn before it; products of Z whose constants cancel are dropped."""
    products = {
        wires: positions
        for wires, positions in layer.rotations.items()
        if any(lowered.angles[p].source is not None for p in positions)
        or abs(sum(lowered.angles[p].shift for p in positions)) > LEAST_ANGLE
    }
    if not products:
        return
    shared = _shared(lowered, list(products.values()))
    groups[shared].phases.append(products)
    all_wires = frozenset(wire for wires in products for wire in wires)
    row = AngleRow(shared, len(groups[shared].phases) - 1, all_wires)
    if stages and stages[-1].turn is not None and stages[-1].phase is None:
        stages[-1] = Stage(stages[-1].turn, row)
    else:
        stages.append(Stage(phase=row))


def _shared(lowered: Lowered, positions_of_each: list[list[int]]) -> bool:
    """Whether none of the angles at these positions comes from the inputs."""
    sources = (lowered.angles[p].source for positions in positions_of_each for p in positions)
    return all(source != "inputs" for source in sources)
