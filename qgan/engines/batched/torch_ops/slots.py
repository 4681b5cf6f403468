"""Tables of a plan on one device in one precision: from entries to arguments, and back from slots.

All arguments of all layers come from one product, and the gradients of all slots go back through
another.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from qgan.engines.batched.lowering import Angle
from qgan.engines.batched.plan import AngleRows, Plan
from qgan.engines.batched.torch_ops.layout import Layout, Places
from qgan.pauli import SignTable

MOST_DENSE_ENTRIES = 2**18  # of a map or a table of signs that is kept as one dense matrix


@dataclass(frozen=True)
class AngleMap:
    """A linear map of entries: ``result[j] += scale entries[i]`` over its terms (j, i, scale)."""

    place: Tensor
    entry: Tensor
    scale: Tensor
    n_entries: int
    n_places: int
    matrix: Tensor | None
    transpose: Tensor | None

    @classmethod
    def of(
        cls, terms: list[tuple[int, int, float]], n_entries: int, n_places: int, like: Tensor
    ) -> AngleMap:
        """Map of terms (place, entry, scale), in the precision and on the device of ``like``."""
        places, entries, scales = zip(*terms, strict=True) if terms else ((), (), ())
        place = torch.tensor(places, dtype=torch.int64, device=like.device)
        entry = torch.tensor(entries, dtype=torch.int64, device=like.device)
        scale = torch.tensor(scales, dtype=like.dtype, device=like.device)
        matrix = None
        if n_entries * n_places <= MOST_DENSE_ENTRIES:
            matrix = like.new_zeros(n_entries, n_places)
            matrix.index_put_((entry, place), scale, accumulate=True)
        transpose = None if matrix is None else matrix.T.contiguous()
        return cls(place, entry, scale, n_entries, n_places, matrix, transpose)

    def push(self, entries: Tensor, base: Tensor) -> Tensor:
        """``base`` plus the map of entries, over the last axis of one or two."""
        if self.matrix is None or self.transpose is None:
            result = base.expand(*entries.shape[:-1], self.n_places).clone()
            return result.index_add_(-1, self.place, entries[..., self.entry] * self.scale)
        if entries.ndim == 1:
            return torch.addmv(base, self.transpose, entries)
        return torch.addmm(base, entries, self.matrix)

    def pull(self, gradient: Tensor) -> Tensor:
        """The transpose: gradient of entries, over the last axis."""
        if self.matrix is not None and self.transpose is not None:
            one = gradient.ndim == 1
            return torch.mv(self.matrix, gradient) if one else torch.mm(gradient, self.transpose)
        entries = gradient.new_zeros(*gradient.shape[:-1], self.n_entries)
        return entries.index_add_(-1, self.entry, gradient[..., self.place] * self.scale)


Link = tuple[int, int, float]  # place, entry, scale


class Tables(NamedTuple):
    """What a plan needs on one device in one precision."""

    layouts: dict[bool, Layout]
    base: Tensor  # constants of all arguments
    weights: AngleMap  # to the arguments of both groups, shared ones first
    inputs: AngleMap  # to the arguments of the per-sample group
    slots_of_weights: AngleMap  # to the slots, whose gradients it leads back
    slots_of_inputs: AngleMap
    signs: dict[bool, SignTable | None]


def tables_of(plan: Plan, like: Tensor) -> Tables:
    """Tables of a plan in the precision and on the device of ``like``, made at the first call."""
    key = ("tables", like.dtype, like.device)
    if key not in plan.cache:
        with torch.inference_mode(False), torch.no_grad():
            plan.cache[key] = _make(plan, like.new_zeros(()))
    found: Tables = plan.cache[key]
    return found


def _make(plan: Plan, like: Tensor) -> Tables:
    layouts = _layouts(plan)
    shared, own = layouts[True], layouts[False]
    base = torch.tensor(shared.shifts() + own.shifts(), dtype=torch.float64)
    slots: dict[str, list[Link]] = {"weights": [], "inputs": []}
    arguments: dict[str, list[Link]] = {"weights": [], "inputs": []}
    for angle, factor, layout, places in _angles(plan, layouts):
        # Weights see both groups one after the other, inputs their own alone.
        after = layout is own and angle.source != "inputs"
        first = (shared.n_slots, shared.n_arguments) if after else (0, 0)
        for place, sign in places[1]:
            at = place + (0 if layout is shared else shared.n_arguments)
            base[at] += sign * factor * angle.shift
        if angle.source is not None:
            for found, begun, on in zip((slots, arguments), first, places, strict=True):
                found[angle.source].extend(
                    (begun + place, angle.entry, sign * factor * angle.scale) for place, sign in on
                )
    both = (shared.n_slots + own.n_slots, len(base))
    return Tables(
        layouts,
        base.to(like),
        AngleMap.of(arguments["weights"], plan.n_weights, both[1], like),
        AngleMap.of(arguments["inputs"], plan.n_inputs, own.n_arguments, like),
        AngleMap.of(slots["weights"], plan.n_weights, both[0], like),
        AngleMap.of(slots["inputs"], plan.n_inputs, own.n_slots, like),
        {which: layout.signs(like) for which, layout in layouts.items()},
    )


def _layouts(plan: Plan) -> dict[bool, Layout]:
    """Diagonals straight from the entries where that map is small, else through their terms."""
    for spread in (True, False):
        found = {shared: _layout(plan, group, spread) for shared, group in plan.groups.items()}
        n_arguments = sum(layout.n_arguments for layout in found.values())
        if max(plan.n_weights, plan.n_inputs, 1) * n_arguments <= MOST_DENSE_ENTRIES:
            break
    return found


def _angles(
    plan: Plan, layouts: dict[bool, Layout]
) -> Iterator[tuple[Angle, float, Layout, tuple[Places, Places]]]:
    """Each angle, its factor in a slot, its group's layout, and where it goes there."""
    for which, group in plan.groups.items():
        layout = layouts[which]
        for i, layer in enumerate(group.turns):
            for wire, positions in layer.rotations.items():
                for position in positions:
                    yield plan.angles[position], 0.5, layout, layout.turn(i, wire)
        for i, row in enumerate(group.phases):
            for term, positions in enumerate(row.values()):
                for position in positions:
                    yield plan.angles[position], -0.5, layout, layout.phase(i, term)


def _layout(plan: Plan, group: AngleRows, spread: bool) -> Layout:
    phases = tuple(tuple(row) for row in group.phases)
    return Layout(plan.n_wires, len(group.turns), phases, spread)
