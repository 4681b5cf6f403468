"""The plan of a lowered circuit: index tables made once, so that a step makes none.

All angles of all layers come from one gather; the phases of all diagonal layers from one product
with a table of signs; the real matrices of all turns from a handful of calls.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qgan.engines.batched.lowering import FixedLayer, Lowered, PhaseLayer, TurnLayer

# Wires a turn takes at once: one real 16 x 16 matrix for the whole batch is one large product,
# but a matrix a sample costs more to build than it saves.
MAX_CHUNK = {True: 4, False: 2}


@dataclass(frozen=True)
class Step:
    """One thing done to the batch of states.

    ``kind`` is "phase" (row ``row`` of the phases), "turn" (matrix ``row`` of the turns of
    ``len(wires)`` wires) or "fixed" (a matrix). ``shared`` tells which stack the row is in.
    """

    kind: str
    row: int
    shared: bool
    wires: tuple[int, ...]
    matrix: Tensor | None = None


@dataclass(frozen=True)
class PhaseTable:
    """Angles (rows of the angle stack, padded by a zero angle) and signs of phase layers."""

    index: Tensor  # (rows, T)
    signs: Tensor  # (rows, T, 2**n), already times -1/2
    fixed: Tensor  # (rows, 2**n) radians


@dataclass(frozen=True)
class Plan:
    """Everything about a circuit that does not depend on its angles."""

    n_wires: int
    n_weights: int
    n_inputs: int
    weight_table: tuple[Tensor, Tensor, Tensor]  # entry, scale, shift of the shared angles
    input_table: tuple[Tensor, Tensor, Tensor]
    phases: dict[bool, PhaseTable | None]  # by `shared`
    turns: dict[tuple[bool, int], Tensor]  # (shared, width) -> index (rows, width)
    steps: tuple[Step, ...]

    @property
    def per_sample(self) -> bool:
        """Whether any angle differs per sample."""
        return bool(len(self.input_table[0]))


def make_plan(lowered: Lowered, n_weights: int, n_inputs: int) -> Plan:
    """Tables and steps of a lowered circuit."""
    return _Builder(lowered).build(n_weights, n_inputs)


class _Builder:
    """Collects rows while it walks the layers.

    Shared angles (weights and constants) and per-sample angles live in two stacks; the per-sample
    stack ends with a copy of the shared one, so that one layer may mix both.
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.shared_at: dict[int, int] = {}
        self.sample_at: dict[int, int] = {}
        for position, angle in enumerate(lowered.angles):
            stack = self.sample_at if angle.source == "inputs" else self.shared_at
            stack[position] = len(stack)
        self.phase_rows: dict[bool, list[PhaseLayer]] = {True: [], False: []}
        self.turn_rows: dict[tuple[bool, int], list[list[list[int]]]] = {}
        self.steps: list[Step] = []

    def build(self, n_weights: int, n_inputs: int) -> Plan:
        for layer in self.lowered.layers:
            if isinstance(layer, PhaseLayer):
                self._add_phase(layer)
            elif isinstance(layer, TurnLayer):
                self._add_turn(layer)
            else:
                assert isinstance(layer, FixedLayer)
                self.steps.append(Step("fixed", 0, True, layer.wires, layer.matrix))
        return Plan(
            self.lowered.n_wires,
            n_weights,
            n_inputs,
            self._angle_table(self.shared_at),
            self._angle_table(self.sample_at),
            {shared: self._phase_table(shared) for shared in (True, False)},
            {key: self._turn_table(key, rows) for key, rows in self.turn_rows.items()},
            tuple(self.steps),
        )

    def _angle_table(self, stack: dict[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        angles = [self.lowered.angles[position] for position in stack]
        return (
            torch.tensor([a.entry for a in angles], dtype=torch.int64),
            torch.tensor([a.scale for a in angles], dtype=torch.float64),
            torch.tensor([a.shift for a in angles], dtype=torch.float64),
        )

    def _is_shared(self, positions: list[int]) -> bool:
        return all(position in self.shared_at for position in positions)

    def _row(self, position: int) -> int:
        """Column of an angle: [zero, shared...] or [zero, shared..., per-sample...]."""
        if position in self.shared_at:
            return 1 + self.shared_at[position]
        return 1 + len(self.shared_at) + self.sample_at[position]

    def _add_phase(self, layer: PhaseLayer) -> None:
        shared = self._is_shared([angle for angle, _ in layer.rotations])
        rows = self.phase_rows[shared]
        rows.append(layer)
        self.steps.append(Step("phase", len(rows) - 1, shared, tuple(range(self.lowered.n_wires))))

    def _add_turn(self, layer: TurnLayer) -> None:
        for wires in chunks(self.lowered.n_wires, MAX_CHUNK[True]):
            shared = self._is_shared([a for w in wires for a in layer.rotations.get(w, [])])
            for part in [wires] if shared else chunks(len(wires), MAX_CHUNK[False], wires[0]):
                self._add_turn_of(layer, part)

    def _add_turn_of(self, layer: TurnLayer, wires: tuple[int, ...]) -> None:
        angles = [layer.rotations.get(wire, []) for wire in wires]
        if any(angles):
            shared = self._is_shared([a for group in angles for a in group])
            rows = self.turn_rows.setdefault((shared, len(wires)), [])
            rows.append(angles)
            self.steps.append(Step("turn", len(rows) - 1, shared, wires))

    def _phase_table(self, shared: bool) -> PhaseTable | None:
        layers, n = self.phase_rows[shared], self.lowered.n_wires
        if not layers:
            return None
        width = max(1, *(len(layer.rotations) for layer in layers))
        index = torch.zeros(len(layers), width, dtype=torch.int64)
        signs = torch.zeros(len(layers), width, 2**n, dtype=torch.float64)
        fixed = torch.zeros(len(layers), 2**n, dtype=torch.float64)
        for i, layer in enumerate(layers):
            for t, (angle, wires) in enumerate(layer.rotations):
                index[i, t] = self._row(angle)
                signs[i, t] = -0.5 * parity_signs(wires, n)
            for wires, diagonal in layer.fixed:
                fixed[i] += torch.angle(diagonal)[sub_index(wires, n)]
        return PhaseTable(index, signs, fixed)

    def _turn_table(self, key: tuple[bool, int], rows: list[list[list[int]]]) -> Tensor:
        most = max(len(group) for row in rows for group in row)
        index = torch.zeros(len(rows), key[1], most, dtype=torch.int64)  # 0: the zero angle
        for i, row in enumerate(rows):
            for w, group in enumerate(row):
                for t, position in enumerate(group):
                    index[i, w, t] = self._row(position)
        return index


def chunks(n_wires: int, size: int, first: int = 0) -> list[tuple[int, ...]]:
    """``n_wires`` wires from ``first`` on, in nearly equal groups of at most ``size``."""
    count = -(-n_wires // size)
    least, extra = divmod(n_wires, count)
    groups, start = [], first
    for g in range(count):
        stop = start + least + (g < extra)
        groups.append(tuple(range(start, stop)))
        start = stop
    return groups


def parity_signs(wires: tuple[int, ...], n_wires: int) -> Tensor:
    """Eigenvalues of the product of Z on ``wires``, float64 ``(2**n,)``."""
    index = torch.arange(2**n_wires)
    signs = torch.ones(2**n_wires, dtype=torch.float64)
    for wire in wires:
        signs *= 1 - 2 * ((index >> (n_wires - 1 - wire)) & 1)
    return signs


def sub_index(wires: tuple[int, ...], n_wires: int) -> Tensor:
    """For each basis state the number its bits on ``wires`` spell, first wire most significant."""
    index = torch.arange(2**n_wires)
    result = torch.zeros_like(index)
    for wire in wires:
        result = 2 * result + ((index >> (n_wires - 1 - wire)) & 1)
    return result
