"""A plan as flat arrays, which compiled code can read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from qgan.engines.batched.numba_loops.trigonometry import constants
from qgan.engines.batched.plan import AngleRow, Plan, Stage

Ints = NDArray[np.int64]
Reals = NDArray[np.floating]

# Columns of the table of stages, as StageRecord names them.
TURN, TURN_STOP, OWN_TURN, PHASE, PHASE_STOP, OWN_PHASE, ROW, FIXED = range(8)

MOST_KEPT = 2**18  # entries of all shared diagonals; beyond, each is made when it is needed


class StageRecord(NamedTuple):
    """A stage: slots ``turn`` to ``turn_stop``, then a phase of slots; or a fixed matrix alone.

    ``own``: an angle a sample. ``row``: of a shared phase among diagonals. ``fixed``: of a matrix
    among fixed ones, -1 if there is none.
    """

    turn: int = 0
    turn_stop: int = 0
    own_turn: int = 0
    phase: int = 0
    phase_stop: int = 0
    own_phase: int = 0
    row: int = -1
    fixed: int = -1


class Program(NamedTuple):
    """A plan in one precision.

    A slot is half the angle of a turn, or minus half the angle of a product of Z. Shared slots come
    first. Terms ``(slot, entry)`` with a scale add entries of weights and inputs to slots.

    Args:
        n: wires.
        stages: rows of :class:`StageRecord`, int64 ``(S, 8)``.
        bits: of a turn's slot its wire, of a phase's all its wires, as bits of a basis state.
        n_shared: slots that all samples share.
        base: constants of the slots.
        weight_terms, weight_scales: from weights to slots.
        input_terms, input_scales: from inputs to slots.
        fixed: of each fixed matrix, where its offsets begin, their number K, where it begins.
        offsets: of the K basis states of its wires, the first is 0.
        matrices: real parts ``(K, K)``, then imaginary ones.
        n_kept: rows of diagonals that are kept: all or none.
        trig: constants of sine and cosine.
    """

    n: int
    stages: Ints
    bits: Ints
    n_shared: int
    base: Reals
    weight_terms: Ints
    weight_scales: Reals
    input_terms: Ints
    input_scales: Reals
    fixed: Ints
    offsets: Ints
    matrices: Reals
    n_kept: int
    trig: Reals


@dataclass
class Slot:
    """A slot while a program is made: its bits and the angles it adds up, times ``factor``."""

    bits: int
    angles: list[int]
    factor: float


def program_of(plan: Plan, from_zero: bool, dtype: torch.dtype) -> Program:
    """The program of a plan, made at the first call (see :func:`make_program`)."""
    key = ("program", from_zero, dtype)
    if key not in plan.cache:
        plan.cache[key] = make_program(plan, from_zero, dtype)
    found: Program = plan.cache[key]
    return found


def make_program(plan: Plan, from_zero: bool, dtype: torch.dtype) -> Program:
    """The program of a plan.

    Args:
        plan: the plan.
        from_zero: whether it starts in ``|0..0>``, where leading phases are global ones.
        dtype: float32 or float64.
    """
    stages = list(plan.stages)
    while from_zero and stages and stages[0].turn is None and stages[0].fixed is None:
        stages.pop(0)
    shared, own = (
        [slot for stage in stages for slot in slots_of(plan, stage, which)]
        for which in (True, False)
    )
    slots = [*shared, *own]
    records = _records(plan, stages, len(shared))
    base = np.zeros(len(slots))
    terms: dict[str, list[tuple[int, int, float]]] = {"weights": [], "inputs": []}
    for place, slot in enumerate(slots):
        for angle in (plan.angles[position] for position in slot.angles):
            base[place] += slot.factor * angle.shift
            if angle.source is not None:
                terms[angle.source].append((place, angle.entry, slot.factor * angle.scale))
    real: np.dtype[Any] = np.dtype(np.float32 if dtype == torch.float32 else np.float64)
    weight_terms, weight_scales = _terms(terms["weights"], real)
    input_terms, input_scales = _terms(terms["inputs"], real)
    fixed, offsets, matrices = _fixed(plan, stages, real)
    n_rows = 1 + max((record.row for record in records), default=-1)
    return Program(
        n=plan.n_wires,
        stages=np.array(records, np.int64).reshape(-1, len(StageRecord._fields)),
        bits=np.array([slot.bits for slot in slots], np.int64),
        n_shared=len(shared),
        base=base.astype(real),
        weight_terms=weight_terms,
        weight_scales=weight_scales,
        input_terms=input_terms,
        input_scales=input_scales,
        fixed=fixed,
        offsets=offsets,
        matrices=matrices,
        n_kept=n_rows if n_rows << plan.n_wires <= MOST_KEPT else 0,
        trig=constants(real),
    )


def slots_of(plan: Plan, stage: Stage, shared: bool) -> list[Slot]:
    """The slots of a stage's rows that the batch shares, or of those it does not."""
    last, found = plan.n_wires - 1, []
    if stage.turn is not None and stage.turn.shared == shared:
        layer = plan.groups[shared].turns[stage.turn.index]
        for wire in sorted(layer.rotations, reverse=True):
            found.append(Slot(1 << (last - wire), layer.rotations[wire], 0.5))
    if stage.phase is not None and stage.phase.shared == shared:
        for wires, angles in plan.groups[shared].phases[stage.phase.index].items():
            found.append(Slot(sum(1 << (last - wire) for wire in wires), angles, -0.5))
    return found


def _records(plan: Plan, stages: list[Stage], n_shared: int) -> list[StageRecord]:
    """A record a stage; shared slots are counted from 0, a sample's own from ``n_shared``."""
    found, row, fixed = [], 0, 0
    free = {True: 0, False: n_shared}

    def taken(of: AngleRow | None, number: int) -> tuple[int, int, int]:
        if of is None:
            return 0, 0, 0
        first = free[of.shared]
        free[of.shared] += number
        return first, first + number, int(not of.shared)

    for stage in stages:
        turn, phase = stage.turn, stage.phase
        turns = taken(turn, 0 if turn is None else len(turn.wires))
        terms = 0 if phase is None else len(plan.groups[phase.shared].phases[phase.index])
        phases = taken(phase, terms)
        shared = phase is not None and phase.shared
        record = StageRecord(*turns, *phases, row if shared else -1, fixed if stage.fixed else -1)
        row, fixed = row + shared, fixed + (stage.fixed is not None)
        found.append(record)
    return found


def _terms(terms: list[tuple[int, int, float]], real: np.dtype[Any]) -> tuple[Ints, Reals]:
    places = np.array([term[:2] for term in terms], np.int64).reshape(-1, 2)
    return places, np.array([term[2] for term in terms], real)


def _fixed(plan: Plan, stages: list[Stage], real: np.dtype[Any]) -> tuple[Ints, Ints, Reals]:
    """Where each fixed matrix and the basis states of its wires stand, and both."""
    places: list[tuple[int, int, int]] = []
    offsets: list[int] = []
    matrices: list[float] = []
    for layer in (stage.fixed for stage in stages if stage.fixed is not None):
        bits = [1 << (plan.n_wires - 1 - wire) for wire in layer.wires]
        size = 1 << len(bits)
        places.append((len(offsets), size, len(matrices)))
        for state in range(size):
            chosen = (b for i, b in enumerate(reversed(bits)) if state >> i & 1)
            offsets.append(sum(chosen))
        matrix = layer.matrix.numpy()
        matrices += [*matrix.real.ravel().tolist(), *matrix.imag.ravel().tolist()]
    found = np.array(places, np.int64).reshape(-1, 3)
    return found, np.array(offsets, np.int64), np.array(matrices, real)
