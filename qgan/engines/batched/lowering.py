"""Lowering: a list of gates becomes few layers of four kinds.

Every gate is written with rotations about Y (real), rotations about products of Z (diagonal),
rotations about Pauli words that flip wires, and fixed matrices. Rotations move to the earliest
layer of their kind that commuting gates leave open: a whole row of RZ and ZZ is then one vector of
phases, a row of RY is one real tensor product, and XX and YY on a pair of wires are one flip.
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from qgan.engines.gates import Gate, TracedCircuit

__all__ = [
    "LEAST_ANGLE",
    "Angle",
    "ChannelLayer",
    "FixedLayer",
    "FlipLayer",
    "Layer",
    "Lowered",
    "PhaseLayer",
    "TurnLayer",
    "lower",
]

MOST_WORDS = 8  # of a flip, so that it has at most 2**8 angles at once
LEAST_ANGLE = 1e-12  # smaller constants, which sums of -pi/2 and pi/2 leave, are dropped


@dataclass
class PhaseLayer:
    """A diagonal: for each product of Z, by its wires in order, the positions of its angles."""

    rotations: dict[tuple[int, ...], list[int]] = field(default_factory=dict)


@dataclass
class TurnLayer:
    """A tensor product of RY: for each wire the positions of its angles, which add up."""

    rotations: dict[int, list[int]] = field(default_factory=dict)


@dataclass
class FlipLayer:
    """Commuting rotations about Pauli words that flip the same wires.

    A word flips the wires of its letters X and Y, and signs those of its letters Z and Y. Words
    that flip the same wires commute if their numbers of letters Y are both even or both odd.

    Args:
        flips: the wires that are flipped.
        odd: whether the words have an odd number of letters Y.
        rotations: for each word, by the wires that it signs, the positions of its angles.
    """

    flips: frozenset[int]
    odd: bool
    rotations: dict[frozenset[int], list[int]] = field(default_factory=dict)


@dataclass
class FixedLayer:
    """A fixed matrix on some wires, wire 0 of the list most significant."""

    wires: tuple[int, ...]
    matrix: Tensor
    _copies: dict[tuple[torch.dtype, torch.device], Tensor] = field(default_factory=dict)

    def like(self, state: Tensor) -> Tensor:
        """The matrix in the precision and on the device of a state."""
        key = (state.dtype, state.device)
        if key not in self._copies:
            self._copies[key] = self.matrix.to(state)
        return self._copies[key]


@dataclass
class ChannelLayer:
    """Kraus operators ``(m, 2**k, 2**k)`` on some wires, wire 0 of the list most significant."""

    wires: tuple[int, ...]
    operators: Tensor


Layer = PhaseLayer | TurnLayer | FlipLayer | FixedLayer | ChannelLayer
NO_WIRES: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Angle:
    """One rotation angle: ``scale * source[entry] + shift``."""

    source: str | None
    entry: int
    scale: float
    shift: float


@dataclass
class Lowered:
    """The layers of a circuit, and the list of angles that they point into."""

    n_wires: int
    angles: list[Angle] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)

    def angle(self, gate: Gate) -> int:
        """Append the angle of a gate, and return its position."""
        self.angles.append(Angle(gate.source, gate.entry, gate.scale, gate.shift))
        return len(self.angles) - 1

    def constant(self, value: float) -> int:
        """Append a fixed angle, and return its position."""
        self.angles.append(Angle(None, 0, 0.0, value))
        return len(self.angles) - 1

    def phase(self, wires: tuple[int, ...], angle: int) -> None:
        """Add ``exp(-i angle Z..Z / 2)`` with the angle at a position."""
        layer = self._open(PhaseLayer(), NO_WIRES, frozenset(wires))
        assert isinstance(layer, PhaseLayer)
        layer.rotations.setdefault(tuple(sorted(wires)), []).append(angle)

    def fixed_phase(self, wires: tuple[int, ...], diagonal: Tensor) -> None:
        """Add a fixed diagonal on some wires as rotations, one for each product of Z."""
        phases = torch.angle(diagonal).tolist()
        for subset in range(1, len(phases)):  # the empty product is a global phase
            signs = (1 - 2 * ((subset & x).bit_count() & 1) for x in range(len(phases)))
            share = sum(s * p for s, p in zip(signs, phases, strict=True)) / len(phases)
            if abs(share) > LEAST_ANGLE:
                last = len(wires) - 1
                bits = (w for i, w in enumerate(wires) if subset >> (last - i) & 1)
                self.phase(tuple(bits), self.constant(-2 * share))

    def turn(self, wire: int, angle: int) -> None:
        """Add RY with the angle at a position."""
        layer = self._open(TurnLayer(), frozenset({wire}), frozenset({wire}))
        assert isinstance(layer, TurnLayer)
        layer.rotations.setdefault(wire, []).append(angle)

    def flip(self, wires: tuple[int, ...], word: str, angle: int) -> None:
        """Add ``exp(-i angle P / 2)`` about a word P with a letter X or Y."""
        letters = list(zip(wires, word, strict=True))
        flips = frozenset(wire for wire, letter in letters if letter in "XY")
        signs = frozenset(wire for wire, letter in letters if letter in "YZ")
        layer = self._open(FlipLayer(flips, bool(len(flips & signs) % 2)), flips, signs)
        assert isinstance(layer, FlipLayer)
        layer.rotations.setdefault(signs, []).append(angle)

    def segments(self) -> list[Lowered | ChannelLayer]:
        """The channels, and the layers before, between and after them; no channel is first."""
        segments: list[Lowered | ChannelLayer] = [Lowered(self.n_wires, self.angles)]
        for layer in self.layers:
            if isinstance(layer, ChannelLayer):
                segments.append(layer)
                continue
            if isinstance(segments[-1], ChannelLayer):
                segments.append(Lowered(self.n_wires, self.angles))
            last = segments[-1]
            assert isinstance(last, Lowered)
            last.layers.append(layer)
        return segments

    def _open(self, new: Layer, flips: frozenset[int], signs: frozenset[int]) -> Layer:
        """The earliest layer that a rotation about a word can join, else a new one.

        Args:
            new: an empty layer of the kind that the rotation needs.
            flips: the wires that the word flips.
            signs: the wires that it signs.
        """
        earliest: Layer | None = None
        for layer in reversed(self.layers):
            if _takes(layer, new, signs):
                earliest = layer
            if not _commutes(layer, flips, signs):
                break
        if earliest is None:
            earliest = new
            self.layers.insert(self._place(new, signs), new)
        return earliest

    def _place(self, new: Layer, signs: frozenset[int]) -> int:
        """Where a new layer goes: at the end, but a phase goes before flips that let it pass.

        There it joins the turn before them.
        """
        place = len(self.layers)
        if isinstance(new, PhaseLayer):
            for layer in reversed(self.layers):
                if not (isinstance(layer, FlipLayer) and _commutes(layer, NO_WIRES, signs)):
                    break
                place -= 1
        return place


def _takes(layer: Layer, new: Layer, signs: frozenset[int]) -> bool:
    """Whether a rotation that needs a layer like ``new`` can be in this one."""
    if not (isinstance(layer, FlipLayer) and isinstance(new, FlipLayer)):
        return type(layer) is type(new)
    if (layer.flips, layer.odd) != (new.flips, new.odd):
        return False
    return signs in layer.rotations or len(layer.rotations) < MOST_WORDS


def _commutes(layer: Layer, flips: frozenset[int], signs: frozenset[int]) -> bool:
    """Whether a word commutes with all of a layer, word by word.

    Two words commute if the wires that one flips and the other signs are even in number.
    """
    if isinstance(layer, PhaseLayer):
        return not flips or all(len(flips.intersection(ws)) % 2 == 0 for ws in layer.rotations)
    if isinstance(layer, TurnLayer):
        return layer.rotations.keys().isdisjoint(flips ^ signs)
    if isinstance(layer, FlipLayer):
        met = len(layer.flips & signs)
        return all((met + len(flips & other)) % 2 == 0 for other in layer.rotations)
    return set(layer.wires).isdisjoint(flips | signs)


def lower(circuit: TracedCircuit, flips: bool = True) -> Lowered:
    """Write a traced circuit as layers.

    Args:
        circuit: the traced circuit.
        flips: whether there may be layers of flips; otherwise their words become products of Z
            between turns.
    """
    lowered = Lowered(circuit.registers.n_wires)
    for gate in circuit.gates:
        if gate.gate == "Unitary":
            _lower_fixed(lowered, gate.wires, gate.unitary())
        elif gate.gate == "Channel":
            lowered.layers.append(ChannelLayer(gate.wires, gate.operators()))
        elif gate.gate == "RY":
            lowered.turn(gate.wires[0], lowered.angle(gate))
        elif gate.gate == "RX":  # RX = RZ(-pi/2) RY RZ(pi/2)
            lowered.phase(gate.wires, lowered.constant(math.pi / 2))
            lowered.turn(gate.wires[0], lowered.angle(gate))
            lowered.phase(gate.wires, lowered.constant(-math.pi / 2))
        elif gate.word is not None:
            _lower_word(lowered, gate.wires, gate.word, lowered.angle(gate), flips)
        else:
            lowered.phase(gate.wires, lowered.angle(gate))
    return lowered


def _lower_word(
    lowered: Lowered, wires: tuple[int, ...], word: str, angle: int, flips: bool
) -> None:
    """A rotation about a word: a phase if it flips nothing, else a flip or a phase between turns.

    ``X = RY(pi/2) Z RY(-pi/2)`` and ``Y = RZ(pi/2) X RZ(-pi/2)``.
    """
    letters = [(wire, letter) for wire, letter in zip(wires, word, strict=True) if letter != "I"]
    others = [(wire, letter) for wire, letter in letters if letter != "Z"]
    if others and flips:
        return lowered.flip(wires, word, angle)
    for wire, letter in others:
        if letter == "Y":
            lowered.phase((wire,), lowered.constant(-math.pi / 2))
        lowered.turn(wire, lowered.constant(-math.pi / 2))
    if letters:  # else it is a global phase
        lowered.phase(tuple(wire for wire, _ in letters), angle)
    for wire, letter in others:
        lowered.turn(wire, lowered.constant(math.pi / 2))
        if letter == "Y":
            lowered.phase((wire,), lowered.constant(math.pi / 2))


def _lower_fixed(lowered: Lowered, wires: tuple[int, ...], matrix: Tensor) -> None:
    if torch.equal(matrix, torch.diag(matrix.diagonal())):
        lowered.fixed_phase(wires, matrix.diagonal())
    elif len(wires) == 1:
        _lower_one_qubit(lowered, wires[0], matrix)
    elif _is_controlled_flip(matrix):  # CNOT = H_t CZ H_t
        hadamard = torch.tensor([[1, 1], [1, -1]], dtype=matrix.dtype) / math.sqrt(2)
        signs = torch.tensor([1, 1, 1, -1], dtype=matrix.dtype)
        _lower_one_qubit(lowered, wires[1], hadamard)
        lowered.fixed_phase(wires, signs)
        _lower_one_qubit(lowered, wires[1], hadamard)
    else:
        lowered.layers.append(FixedLayer(wires, matrix))


def _is_controlled_flip(matrix: Tensor) -> bool:
    flip = torch.eye(4, dtype=matrix.dtype)[[0, 1, 3, 2]]
    return matrix.shape == flip.shape and torch.equal(matrix, flip)


def _lower_one_qubit(lowered: Lowered, wire: int, matrix: Tensor) -> None:
    """U = e^{i alpha} RZ(phi) RY(theta) RZ(omega), the global phase dropped."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    total = cmath.phase(d) - cmath.phase(a) if abs(a) > abs(c) else 0.0
    if abs(a) > 1e-12 and abs(c) > 1e-12:
        # arg c - arg a = phi and arg(-b) - arg a = omega
        phi, omega = cmath.phase(c) - cmath.phase(a), cmath.phase(-b) - cmath.phase(a)
    elif abs(c) <= 1e-12:
        phi, omega = total, 0.0
    else:
        phi, omega = cmath.phase(c) - cmath.phase(-b), 0.0
    lowered.phase((wire,), lowered.constant(omega))
    lowered.turn(wire, lowered.constant(theta))
    lowered.phase((wire,), lowered.constant(phi))
