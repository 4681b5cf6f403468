"""The plan of a lowered circuit: stages, and the tables that turn angles into them.

A stage is a turn (RY on any wires), then a phase (a diagonal), or a fixed matrix. Its row is
shared by the batch, or, where any of its angles comes from the inputs, one a sample.
"""

from __future__ import annotations

from collections.abc import Iterator
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
from qgan.engines.batched.tables import MOST_DENSE, AngleMap, Layout, Places
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

    def layout(self, n_wires: int, spread: bool) -> Layout:
        """Where the angles of its rows go."""
        phases = tuple(tuple(row) for row in self.phases)
        return Layout(n_wires, len(self.turns), phases, spread)


Term = tuple[int, int, float]  # place, entry, scale


class Tables(NamedTuple):
    """What a plan needs on one device in one precision."""

    layouts: dict[bool, Layout]
    base: Tensor  # constants of all arguments
    weights: AngleMap  # to the arguments of both groups, shared ones first
    inputs: AngleMap  # to the arguments of the per-sample group
    slots_of_weights: AngleMap  # to the slots, whose gradients it leads back
    slots_of_inputs: AngleMap
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
        layouts = self._layouts()
        shared, own = layouts[True], layouts[False]
        base = torch.tensor(shared.shifts() + own.shifts(), dtype=torch.float64)
        slots: dict[str, list[Term]] = {"weights": [], "inputs": []}
        arguments: dict[str, list[Term]] = {"weights": [], "inputs": []}
        for angle, factor, layout, places in self._angles(layouts):
            # Weights see both groups one after the other, inputs their own alone.
            after = layout is own and angle.source != "inputs"
            first = (shared.n_slots, shared.n_arguments) if after else (0, 0)
            for place, sign in places[1]:
                at = place + (0 if layout is shared else shared.n_arguments)
                base[at] += sign * factor * angle.shift
            if angle.source is not None:
                for found, begun, on in zip((slots, arguments), first, places, strict=True):
                    found[angle.source].extend(
                        (begun + place, angle.entry, sign * factor * angle.scale)
                        for place, sign in on
                    )
        both = (shared.n_slots + own.n_slots, len(base))
        return Tables(
            layouts,
            base.to(like),
            AngleMap.of(arguments["weights"], self.n_weights, both[1], like),
            AngleMap.of(arguments["inputs"], self.n_inputs, own.n_arguments, like),
            AngleMap.of(slots["weights"], self.n_weights, both[0], like),
            AngleMap.of(slots["inputs"], self.n_inputs, own.n_slots, like),
            {which: layout.signs(like) for which, layout in layouts.items()},
        )

    def _layouts(self) -> dict[bool, Layout]:
        """Diagonals straight from the entries where that map is small, else through their terms."""
        for spread in (True, False):
            found = {
                shared: group.layout(self.n_wires, spread) for shared, group in self.groups.items()
            }
            n_arguments = sum(layout.n_arguments for layout in found.values())
            if max(self.n_weights, self.n_inputs, 1) * n_arguments <= MOST_DENSE:
                break
        return found

    def _angles(
        self, layouts: dict[bool, Layout]
    ) -> Iterator[tuple[Angle, float, Layout, tuple[Places, Places]]]:
        """Each angle, its factor in a slot, its group's layout, and where it goes there."""
        for which, group in self.groups.items():
            layout = layouts[which]
            for i, layer in enumerate(group.turns):
                for wire, positions in layer.rotations.items():
                    for position in positions:
                        yield self.angles[position], 0.5, layout, layout.turn(i, wire)
            for i, row in enumerate(group.phases):
                for term, positions in enumerate(row.values()):
                    for position in positions:
                        yield self.angles[position], -0.5, layout, layout.phase(i, term)


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
        elif isinstance(layer, PhaseLayer):
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
