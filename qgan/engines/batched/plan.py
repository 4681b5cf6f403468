"""The plan of a lowered circuit: its stages, whichever way they are run.

A stage is a turn (RY on any wires), then a phase (a diagonal), or a fixed matrix. Its row is
shared by the batch, or, where any of its angles comes from the inputs, one a sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from qgan.engines.batched.lowering import (
    LEAST_ANGLE,
    Angle,
    FixedLayer,
    Lowered,
    PhaseLayer,
    TurnLayer,
)

# What either way of running a plan says to a second derivative.
FIRST_ONLY = "the batched engine gives the first only"
INSTEAD = "use default.qubit with backprop, or a penalty in view space"


@dataclass(frozen=True)
class AngleRow:
    """A row of a group's turns or phases, and the wires it acts on."""

    shared: bool
    index: int
    wires: frozenset[int]


@dataclass(frozen=True, eq=False)
class Stage:
    """A turn, then a phase; or a fixed matrix alone."""

    turn: AngleRow | None = None
    phase: AngleRow | None = None
    fixed: FixedLayer | None = None

    @property
    def shared(self) -> bool:
        """Whether the batch shares all of it, so that it is one matrix."""
        return all(row is None or row.shared for row in (self.turn, self.phase))


@dataclass
class AngleRows:
    """Rows of turns and of phases that are shared, or that are one a sample."""

    turns: list[TurnLayer] = field(default_factory=list)
    phases: list[dict[tuple[int, ...], list[int]]] = field(default_factory=list)


@dataclass(eq=False)
class Plan:
    """How to run a circuit on a batch; made once, kept with the circuit."""

    n_wires: int
    n_weights: int
    n_inputs: int
    angles: list[Angle]
    stages: tuple[Stage, ...]
    groups: dict[bool, AngleRows]
    cache: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """What either back-end has made of the plan: programs, tables, graphs."""

    @property
    def per_sample(self) -> bool:
        """Whether any row differs between samples."""
        return bool(self.groups[False].turns or self.groups[False].phases)


def make_plan(lowered: Lowered, n_weights: int, n_inputs: int) -> Plan:
    """Stages and groups of a lowered circuit."""
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
        elif isinstance(layer, PhaseLayer):
            _add_phase(lowered, layer, groups, stages)
    return Plan(lowered.n_wires, n_weights, n_inputs, lowered.angles, tuple(stages), groups)


def _add_phase(
    lowered: Lowered, layer: PhaseLayer, groups: dict[bool, AngleRows], stages: list[Stage]
) -> None:
    """A phase joins the turn before it; terms whose constants cancel are dropped."""
    terms = {
        wires: positions
        for wires, positions in layer.rotations.items()
        if any(lowered.angles[p].source is not None for p in positions)
        or abs(sum(lowered.angles[p].shift for p in positions)) > LEAST_ANGLE
    }
    if not terms:
        return
    shared = _shared(lowered, list(terms.values()))
    groups[shared].phases.append(terms)
    row = AngleRow(shared, len(groups[shared].phases) - 1, frozenset(w for ws in terms for w in ws))
    if stages and stages[-1].turn is not None and stages[-1].phase is None:
        stages[-1] = Stage(stages[-1].turn, row)
    else:
        stages.append(Stage(phase=row))


def _shared(lowered: Lowered, groups_of_angles: list[list[int]]) -> bool:
    return all(lowered.angles[p].source != "inputs" for group in groups_of_angles for p in group)
