"""The plan of a lowered circuit: stages, and the tables that turn angles into them.

A stage is a turn (RY on any wires), then a phase (a diagonal), or a fixed matrix. Its row is
shared by the batch, or, where any of its angles comes from the inputs, one a sample.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from qgan.engines.batched.lowering import (
    LEAST_ANGLE,
    Angle,
    FixedLayer,
    Lowered,
    PhaseLayer,
    TurnLayer,
)
from qgan.engines.batched.tables import AngleMap
from qgan.pauli import SignTable


@dataclass(frozen=True)
class Row:
    """A row of a group's turns or phases, and the wires it acts on."""

    shared: bool
    index: int
    wires: frozenset[int]


@dataclass(frozen=True, eq=False)
class Stage:
    """A turn, then a phase; or a fixed matrix alone."""

    turn: Row | None = None
    phase: Row | None = None
    fixed: FixedLayer | None = None

    @property
    def shared(self) -> bool:
        """Whether the batch shares all of it, so that it is one matrix."""
        return all(row is None or row.shared for row in (self.turn, self.phase))


@dataclass
class Group:
    """Rows of turns and of phases that are shared, or that are one a sample."""

    turns: list[TurnLayer] = field(default_factory=list)
    phases: list[dict[tuple[int, ...], list[int]]] = field(default_factory=list)

    @property
    def n_terms(self) -> int:
        """Terms of each row of phases, padding included."""
        return max((len(row) for row in self.phases), default=0)

    def n_slots(self, n_wires: int) -> int:
        """Slots of all rows: a wire's half angle each, then the phases' terms."""
        return len(self.turns) * n_wires + len(self.phases) * self.n_terms


class Tables(NamedTuple):
    """What a plan needs on one device in one precision."""

    weights: AngleMap  # to the slots of both groups, shared ones first
    inputs: AngleMap  # to the slots of the per-sample group
    base: Tensor  # constants of all slots
    signs: dict[bool, SignTable | None]


@dataclass(eq=False)
class Plan:
    """How to run a circuit on a batch; made once, kept with the circuit."""

    n_wires: int
    n_weights: int
    n_inputs: int
    angles: list[Angle]
    stages: tuple[Stage, ...]
    groups: dict[bool, Group]
    programs: dict[tuple[int, int, bool, bool], Any] = field(default_factory=dict)
    _tables: dict[tuple[torch.dtype, torch.device], Tables] = field(default_factory=dict)

    @property
    def per_sample(self) -> bool:
        """Whether any row differs between samples."""
        return bool(self.groups[False].turns or self.groups[False].phases)

    def tables(self, like: Tensor) -> Tables:
        """Tables in the precision and on the device of ``like``, made at the first call."""
        key = (like.dtype, like.device)
        if key not in self._tables:
            with torch.inference_mode(False), torch.no_grad():
                self._tables[key] = self._make(like.new_zeros(()))
        return self._tables[key]

    def _make(self, like: Tensor) -> Tables:
        n_shared = self.groups[True].n_slots(self.n_wires)
        n_slots = n_shared + self.groups[False].n_slots(self.n_wires)
        terms: dict[str, list[tuple[int, int, float]]] = {"weights": [], "inputs": []}
        base = torch.zeros(n_slots, dtype=torch.float64)
        for shared, group in self.groups.items():
            first = 0 if shared else n_shared
            for slot, factor, positions in self._slots(group):
                for angle in (self.angles[position] for position in positions):
                    base[first + slot] += factor * angle.shift
                    if angle.source is not None:
                        at = slot if angle.source == "inputs" else first + slot
                        terms[angle.source].append((at, angle.entry, factor * angle.scale))
        return Tables(
            AngleMap.of(terms["weights"], self.n_weights, n_slots, like),
            AngleMap.of(terms["inputs"], self.n_inputs, n_slots - n_shared, like),
            base.to(like),
            {
                shared: SignTable.of([list(row) for row in group.phases], self.n_wires, like)
                if group.phases
                else None
                for shared, group in self.groups.items()
            },
        )

    def _slots(self, group: Group) -> list[tuple[int, float, list[int]]]:
        """(slot, factor, angles that add up) of a group."""
        found = [
            (i * self.n_wires + wire, 0.5, positions)
            for i, layer in enumerate(group.turns)
            for wire, positions in layer.rotations.items()
        ]
        first = len(group.turns) * self.n_wires
        for i, row in enumerate(group.phases):
            for t, positions in enumerate(row.values()):
                found.append((first + i * group.n_terms + t, -0.5, positions))
        return found


def make_plan(lowered: Lowered, n_weights: int, n_inputs: int) -> Plan:
    """Stages and groups of a lowered circuit."""
    groups = {True: Group(), False: Group()}
    stages: list[Stage] = []
    for layer in lowered.layers:
        if isinstance(layer, FixedLayer):
            stages.append(Stage(fixed=layer))
        elif isinstance(layer, TurnLayer):
            shared = _shared(lowered, list(layer.rotations.values()))
            groups[shared].turns.append(layer)
            wires = frozenset(layer.rotations)
            stages.append(Stage(turn=Row(shared, len(groups[shared].turns) - 1, wires)))
        else:
            _add_phase(lowered, layer, groups, stages)
    return Plan(lowered.n_wires, n_weights, n_inputs, lowered.angles, tuple(stages), groups)


def _add_phase(
    lowered: Lowered, layer: PhaseLayer, groups: dict[bool, Group], stages: list[Stage]
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
    row = Row(shared, len(groups[shared].phases) - 1, frozenset(w for ws in terms for w in ws))
    if stages and stages[-1].turn is not None and stages[-1].phase is None:
        stages[-1] = Stage(stages[-1].turn, row)
    else:
        stages.append(Stage(phase=row))


def _shared(lowered: Lowered, groups_of_angles: list[list[int]]) -> bool:
    return all(lowered.angles[p].source != "inputs" for group in groups_of_angles for p in group)
