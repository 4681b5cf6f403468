"""The slots of a plan: tables from weights and inputs to arguments, and from gradients back.

The tables hold for one device and one precision. All arguments of all layers come from one product,
and the gradients of all slots go back through another.
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

__all__ = ["AngleMap", "Link", "Tables", "tables_of"]

MOST_DENSE_ENTRIES = 2**18  # of a map or a table of signs that is kept as one dense matrix

Link = tuple[int, int, float]
"""A place, the entry that is added to it, and the scale that the entry is multiplied by."""


@dataclass(frozen=True)
class AngleMap:
    """A linear map of entries of weights or inputs: ``result[place] += scale * entries[entry]``.

    Args:
        place, entry, scale: the links of the map, one after the other.
        n_entries: the number of entries.
        n_places: the number of places.
        matrix: the map as a dense matrix ``(n_entries, n_places)``, if that is small.
        transpose: its transpose.
    """

    place: Tensor
    entry: Tensor
    scale: Tensor
    n_entries: int
    n_places: int
    matrix: Tensor | None
    transpose: Tensor | None

    @classmethod
    def of(cls, links: list[Link], n_entries: int, n_places: int, like: Tensor) -> AngleMap:
        """The map of these links, in the precision and on the device of ``like``."""
        places, entries, scales = zip(*links, strict=True) if links else ((), (), ())
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
        """The gradient of entries, by the transpose of the map, over the last axis."""
        if self.matrix is not None and self.transpose is not None:
            one = gradient.ndim == 1
            return torch.mv(self.matrix, gradient) if one else torch.mm(gradient, self.transpose)
        entries = gradient.new_zeros(*gradient.shape[:-1], self.n_entries)
        return entries.index_add_(-1, self.entry, gradient[..., self.place] * self.scale)


class Tables(NamedTuple):
    """What a plan needs on one device in one precision.

    Args:
        layouts: the layout of each group.
        base: the constants of all arguments.
        weights: from weights to the arguments of both groups, shared ones first.
        inputs: from inputs to the arguments of the group that differs per sample.
        slots_of_weights: from weights to slots; it takes the gradients of slots back.
        slots_of_inputs: from inputs to slots.
        signs: the signs of products of Z of each group, unless its phases are spread.
    """

    layouts: dict[bool, Layout]
    base: Tensor
    weights: AngleMap
    inputs: AngleMap
    slots_of_weights: AngleMap
    slots_of_inputs: AngleMap
    signs: dict[bool, SignTable | None]


def tables_of(plan: Plan, like: Tensor) -> Tables:
    """The tables of a plan in the precision and on the device of ``like``; made once."""
    key = ("tables", like.dtype, like.device)
    if key not in plan.cache:
        with torch.inference_mode(False), torch.no_grad():
            plan.cache[key] = _make_tables(plan, like.new_zeros(()))
    tables: Tables = plan.cache[key]
    return tables


def _make_tables(plan: Plan, like: Tensor) -> Tables:
    layouts = _layouts(plan)
    shared, own = layouts[True], layouts[False]
    base = torch.tensor(shared.shifts() + own.shifts(), dtype=torch.float64)
    slots: dict[str, list[Link]] = {"weights": [], "inputs": []}
    arguments: dict[str, list[Link]] = {"weights": [], "inputs": []}
    for angle, factor, layout, places in _angles(plan, layouts):
        # The tables of weights hold both groups one after the other, those of inputs their own.
        after = layout is own and angle.source != "inputs"
        first = (shared.n_slots, shared.n_arguments) if after else (0, 0)
        for place, sign in places[1]:
            at = place + (0 if layout is shared else shared.n_arguments)
            base[at] += sign * factor * angle.shift
        if angle.source is not None:
            for links, start, of_kind in zip((slots, arguments), first, places, strict=True):
                links[angle.source].extend(
                    (start + place, angle.entry, sign * factor * angle.scale)
                    for place, sign in of_kind
                )
    n_slots, n_arguments = shared.n_slots + own.n_slots, len(base)
    return Tables(
        layouts,
        base.to(like),
        AngleMap.of(arguments["weights"], plan.n_weights, n_arguments, like),
        AngleMap.of(arguments["inputs"], plan.n_inputs, own.n_arguments, like),
        AngleMap.of(slots["weights"], plan.n_weights, n_slots, like),
        AngleMap.of(slots["inputs"], plan.n_inputs, own.n_slots, like),
        {which: layout.signs(like) for which, layout in layouts.items()},
    )


def _layouts(plan: Plan) -> dict[bool, Layout]:
    """The layouts of both groups: with spread phases, if the map to their arguments is small."""
    for spread in (True, False):
        layouts = {shared: _layout(plan, rows, spread) for shared, rows in plan.groups.items()}
        n_arguments = sum(layout.n_arguments for layout in layouts.values())
        if max(plan.n_weights, plan.n_inputs, 1) * n_arguments <= MOST_DENSE_ENTRIES:
            break
    return layouts


def _angles(
    plan: Plan, layouts: dict[bool, Layout]
) -> Iterator[tuple[Angle, float, Layout, tuple[Places, Places]]]:
    """Each angle, its factor in a slot, the layout of its group, and where it goes there."""
    for shared, group in plan.groups.items():
        layout = layouts[shared]
        for i, layer in enumerate(group.turns):
            for wire, positions in layer.rotations.items():
                for position in positions:
                    yield plan.angles[position], 0.5, layout, layout.turn(i, wire)
        for i, row in enumerate(group.phases):
            for product, positions in enumerate(row.values()):
                for position in positions:
                    yield plan.angles[position], -0.5, layout, layout.phase(i, product)


def _layout(plan: Plan, group: AngleRows, spread: bool) -> Layout:
    phases = tuple(tuple(row) for row in group.phases)
    return Layout(plan.n_wires, len(group.turns), phases, spread)
