"""A program: a plan as flat arrays, which compiled loops can read."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qgan.engines.batched.numba_loops.classes import FlipNumbers, Slot, classes_of
from qgan.engines.batched.numba_loops.trigonometry import constants
from qgan.engines.batched.plan import AngleRow, Plan, Stage

__all__ = [
    "DIAGONAL",
    "FIXED",
    "FLIP",
    "OWN_PHASE",
    "OWN_TURN",
    "PHASE",
    "PHASE_STOP",
    "TURN",
    "TURN_STOP",
    "FixedMatrices",
    "Flips",
    "Ints",
    "Parts",
    "Program",
    "Reals",
    "StageNumbers",
    "make_parts",
    "parts_of",
    "slots_of",
]

Ints = NDArray[np.int64]
Reals = NDArray[np.floating]

# The place of each number of a stage in the table of stages, in the order of StageNumbers.
TURN, TURN_STOP, OWN_TURN, PHASE, PHASE_STOP, OWN_PHASE, DIAGONAL, FIXED, FLIP = range(9)

MOST_KEPT = 2**18  # entries of all shared diagonals; beyond, each is made when it is needed


class StageNumbers(NamedTuple):
    """A stage as numbers: a turn and a phase, or a fixed matrix or a flip alone.

    Args:
        turn, turn_stop: the slots of the turn, or of the flip, are from ``turn`` to below
            ``turn_stop``.
        own_turn: 1 if each sample has an angle of its own.
        phase, phase_stop: the slots of the phase.
        own_phase: 1 if each sample has angles of its own.
        diagonal: the place of a shared phase in the table of diagonals, or -1.
        fixed: the place of a fixed matrix among the fixed matrices, or -1.
        flip: the place of a flip among the flips, or -1.
    """

    turn: int = 0
    turn_stop: int = 0
    own_turn: int = 0
    phase: int = 0
    phase_stop: int = 0
    own_phase: int = 0
    diagonal: int = -1
    fixed: int = -1
    flip: int = -1


class Program(NamedTuple):
    """The turns and phases of a plan as flat arrays in one precision.

    A slot is half the angle of a turn, minus half the angle of a product of Z, or half the angle of
    a flip on one class of basis states. The slots that
    all samples share come first. A link ``(slot, entry)`` has a scale: it adds scale times that
    entry of the weights or of the inputs to the slot.

    Args:
        n: wires.
        stages: one row of :class:`StageNumbers` per stage, int64 ``(S, 9)``.
        bits: for each slot of a turn its wire, and for each slot of a phase all wires of its
            product, as bits of a basis state; 0 for slots of a flip.
        n_shared: the number of slots that all samples share.
        base: the constants of the slots.
        weight_links, weight_scales: from weights to slots.
        input_links, input_scales: from inputs to slots.
        n_kept: the number of shared diagonals that are kept: all of them or none.
        trig: the constants of sine and cosine.
    """

    n: int
    stages: Ints
    bits: Ints
    n_shared: int
    base: Reals
    weight_links: Ints
    weight_scales: Reals
    input_links: Ints
    input_scales: Reals
    n_kept: int
    trig: Reals


class FixedMatrices(NamedTuple):
    """The fixed matrices of a plan as flat arrays.

    Args:
        places: for each matrix where its offsets begin, their number K, and where its entries
            begin.
        offsets: for each matrix the K basis states of its wires; the first is 0.
        entries: for each matrix its real parts ``(K, K)``, then its imaginary parts.
    """

    places: Ints
    offsets: Ints
    entries: Reals


class Flips(NamedTuple):
    """The flips of a plan as flat arrays.

    Args:
        numbers: one row of :class:`qgan.engines.batched.numba_loops.classes.FlipNumbers` per flip.
        masks: the masks of each flip, whose parities are the class of a basis state.
        classes: the slot of each class of each flip, or -1 where it does not turn.
    """

    numbers: Ints
    masks: Ints
    classes: Ints


class Parts(NamedTuple):
    """All that compiled loops need to know of a plan.

    A plan is lean if it has neither fixed matrices nor flips, and if each sample has phases of its
    own, as where an embedding makes all angles. Then ``fixed`` and ``flips`` are None, and so are
    the diagonals of shared phases: the loops are compiled without all that works on these, which
    takes half the time. There are no more kinds than these two, since each is compiled anew.
    """

    program: Program
    fixed: FixedMatrices | None
    flips: Flips | None


def parts_of(plan: Plan, from_zero: bool, dtype: torch.dtype) -> Parts:
    """The parts of a plan, which the first call makes (see :func:`make_parts`)."""
    key = ("parts", from_zero, dtype)
    if key not in plan.cache:
        plan.cache[key] = make_parts(plan, from_zero, dtype)
    parts: Parts = plan.cache[key]
    return parts


def make_parts(plan: Plan, from_zero: bool, dtype: torch.dtype) -> Parts:
    """Make the program of a plan, and its other parts.

    Args:
        plan: the plan.
        from_zero: whether it starts in ``|0..0>``, where phases before all turns are global ones.
        dtype: float32 or float64.
    """
    stages = list(plan.stages)
    while from_zero and stages and stages[0].is_phase:
        stages.pop(0)
    shared, own = (
        [slot for stage in stages for slot in slots_of(plan, stage, which)]
        for which in (True, False)
    )
    slots = [*shared, *own]
    numbers = _numbers(plan, stages, len(shared))
    base = np.zeros(len(slots))
    links: dict[str, list[tuple[int, int, float]]] = {"weights": [], "inputs": []}
    for place, slot in enumerate(slots):
        for position, factor in slot.angles:
            angle = plan.angles[position]
            base[place] += factor * angle.shift
            if angle.source is not None:
                links[angle.source].append((place, angle.entry, factor * angle.scale))
    real: np.dtype[Any] = np.dtype(np.float32 if dtype == torch.float32 else np.float64)
    weight_links, weight_scales = _links(links["weights"], real)
    input_links, input_scales = _links(links["inputs"], real)
    n_diagonals = 1 + max((stage.diagonal for stage in numbers), default=-1)
    program = Program(
        n=plan.n_wires,
        stages=np.array(numbers, np.int64).reshape(-1, len(StageNumbers._fields)),
        bits=np.array([slot.bits for slot in slots], np.int64),
        n_shared=len(shared),
        base=base.astype(real),
        weight_links=weight_links,
        weight_scales=weight_scales,
        input_links=input_links,
        input_scales=input_scales,
        n_kept=n_diagonals if n_diagonals << plan.n_wires <= MOST_KEPT else 0,
        trig=constants(real),
    )
    fixed, flips = _fixed(plan, stages, real), _flips(plan, stages, numbers)
    if n_diagonals or len(fixed.places) or len(flips.numbers):
        return Parts(program, fixed, flips)
    return Parts(program, None, None)


def slots_of(plan: Plan, stage: Stage, shared: bool) -> list[Slot]:
    """The slots of those rows of a stage that the batch shares, or of those that it does not."""
    last, slots = plan.n_wires - 1, []
    if stage.turn is not None and stage.turn.shared == shared:
        layer = plan.groups[shared].turns[stage.turn.index]
        for wire in sorted(layer.rotations, reverse=True):
            slots.append(Slot(1 << (last - wire), [(a, 0.5) for a in layer.rotations[wire]]))
    if stage.phase is not None and stage.phase.shared == shared:
        for wires, angles in plan.groups[shared].phases[stage.phase.index].items():
            bits = sum(1 << (last - wire) for wire in wires)
            slots.append(Slot(bits, [(a, -0.5) for a in angles]))
    if stage.flip is not None and stage.flip.shared == shared:
        flip = plan.groups[shared].flips[stage.flip.index]
        slots += [slot for slot in classes_of(flip, plan.n_wires, plan.angles).slots if slot]
    return slots


def _numbers(plan: Plan, stages: list[Stage], n_shared: int) -> list[StageNumbers]:
    """Each stage as numbers; shared slots count from 0, a sample's own slots from ``n_shared``."""
    numbers, diagonal, fixed, flip = [], 0, 0, 0
    free = {True: 0, False: n_shared}

    def take(row: AngleRow | None, n_slots: int) -> tuple[int, int, int]:
        """The next free slots for a row: first, stop, and whether they differ per sample."""
        if row is None:
            return 0, 0, 0
        first = free[row.shared]
        free[row.shared] += n_slots
        return first, first + n_slots, int(not row.shared)

    for stage in stages:
        turn, phase = stage.turn, stage.phase
        turns = take(turn, 0 if turn is None else len(turn.wires))
        if stage.flip is not None:
            turns = take(stage.flip, len(slots_of(plan, stage, stage.flip.shared)))
        products = 0 if phase is None else len(plan.groups[phase.shared].phases[phase.index])
        phases = take(phase, products)
        shared = phase is not None and phase.shared
        places = (diagonal if shared else -1, fixed if stage.fixed else -1)
        numbers.append(StageNumbers(*turns, *phases, *places, flip if stage.flip else -1))
        diagonal, fixed = diagonal + shared, fixed + (stage.fixed is not None)
        flip += stage.flip is not None
    return numbers


def _links(links: list[tuple[int, int, float]], real: np.dtype[Any]) -> tuple[Ints, Reals]:
    places = np.array([link[:2] for link in links], np.int64).reshape(-1, 2)
    return places, np.array([link[2] for link in links], real)


def _fixed(plan: Plan, stages: list[Stage], real: np.dtype[Any]) -> FixedMatrices:
    """The fixed matrices of a plan as flat arrays."""
    places: list[tuple[int, int, int]] = []
    offsets: list[int] = []
    entries: list[float] = []
    for layer in (stage.fixed for stage in stages if stage.fixed is not None):
        bits = [1 << (plan.n_wires - 1 - wire) for wire in layer.wires]
        size = 1 << len(bits)
        places.append((len(offsets), size, len(entries)))
        for state in range(size):
            bits_of_state = (b for i, b in enumerate(reversed(bits)) if state >> i & 1)
            offsets.append(sum(bits_of_state))
        matrix = layer.matrix.numpy()
        entries += [*matrix.real.ravel().tolist(), *matrix.imag.ravel().tolist()]
    table = np.array(places, np.int64).reshape(-1, 3)
    return FixedMatrices(table, np.array(offsets, np.int64), np.array(entries, real))


def _flips(plan: Plan, stages: list[Stage], numbers: list[StageNumbers]) -> Flips:
    """The flips of a plan as flat arrays."""
    rows: list[FlipNumbers] = []
    masks: list[int] = []
    slots: list[int] = []
    for stage, first in zip(stages, (row.turn for row in numbers), strict=True):
        if stage.flip is None:
            continue
        layer = plan.groups[stage.flip.shared].flips[stage.flip.index]
        classes = classes_of(layer, plan.n_wires, plan.angles)
        bits = [1 << (plan.n_wires - 1 - wire) for wire in layer.flips]
        marks = [*bits, *(mask & -mask for mask in classes.masks)]
        places = (len(masks), len(classes.masks), len(slots))
        rows.append(FlipNumbers(sum(bits), max(bits), min(marks), int(layer.odd), *places))
        masks += classes.masks
        free = itertools.count(first)
        slots += [-1 if slot is None else next(free) for slot in classes.slots]
    table = np.array(rows, np.int64).reshape(-1, len(FlipNumbers._fields))
    return Flips(table, np.array(masks, np.int64), np.array(slots, np.int64))
