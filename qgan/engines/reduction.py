"""Reduction: wires that hold bits are taken out of a circuit, exactly, before an engine sees it.

A wire in a basis state stays in it if every gate on it is diagonal. A rotation about ``P Z_w`` is
then one about ``P`` by the same angle times ``s_w = (-1)^(bit of w)``. Rotations about one word
that follow each other join, and the angle of the joined gate,

``a = sum_g (scale_g theta_g + shift_g) prod_w s_w``,

is bilinear in the weights and the signs. It enters the reduced circuit as an input.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.engines.base import BitRegisters, Circuit
from qgan.engines.gates import Gate, TracedCircuit
from qgan.engines.memory import check_bytes
from qgan.engines.trace import trace
from qgan.engines.traced_registers import TracedRegisters

__all__ = ["Reduction", "reduction_of"]

Word = tuple[tuple[int, str], ...]
"""The letters X, Y and Z of a Pauli word with their wires, in the order of the wires."""


@dataclass
class _Turn:
    """Rotations about one word: each gate, and the bit wires whose signs multiply its angle."""

    word: Word
    parts: list[tuple[Gate, frozenset[int]]] = field(default_factory=list)


class Reduction(nn.Module):
    """A circuit without the wires that hold bits, and the angles that stand for them.

    Args:
        traced: a circuit whose registers hold bits.

    Attributes:
        circuit: the circuit of the output and bath wires; it has no weights, and one input for
            each of its rotations.

    Raises:
        QganError: if a wire that is declared to hold a bit is not prepared by an input before all
            else, if a gate on it is no rotation about a word with Z or I there, or if the tables
            of angles and signs do not fit in memory.
    """

    def __init__(self, traced: TracedCircuit) -> None:
        super().__init__()
        registers = traced.registers
        bits = registers.bits
        entries, gates = _without_bits(traced, bits)
        turns = [gate for gate in gates if isinstance(gate, _Turn)]
        places = {id(turn): place for place, turn in enumerate(turns)}
        self.circuit = TracedCircuit(
            TracedRegisters(registers.n_output, 0, 0, registers.n_bath),
            0,
            len(turns),
            tuple(
                _moved(gate, bits)
                if isinstance(gate, Gate)
                else _moved(_rotation(gate.word, places[id(gate)]), bits)
                for gate in gates
            ),
        )
        self._tables(turns, bits, entries)

    def _tables(self, turns: list[_Turn], bits: range, entries: dict[int, int]) -> None:
        """Which weight, times which product of signs, adds to which angle.

        The tables have layers of weights for each pair of a product and an angle, as many as the
        pair that has the most; inputs are listed.
        """
        products = {part[1]: 0 for turn in turns for part in turn.parts}
        ordered = sorted(products, key=lambda wires: (len(wires), sorted(wires)))
        row = {wires: place for place, wires in enumerate(ordered)}
        size = (len(ordered), len(turns))
        parts = [
            (gate, (row[wires], place))
            for place, turn in enumerate(turns)
            for gate, wires in turn.parts
        ]
        left = Counter(spot for gate, spot in parts if gate.source == "weights")
        n_layers = max(left.values(), default=0)
        n_inputs = sum(gate.source == "inputs" for gate, _ in parts)
        n_numbers = ((1 + 2 * n_layers) * len(ordered) + n_inputs) * len(turns)
        check_bytes("circuit", f"tables of {len(turns)} angles", 8 * n_numbers)
        shift = torch.zeros(size, dtype=torch.float64)
        entry = torch.zeros(n_layers, *size, dtype=torch.int64)
        scale = torch.zeros(n_layers, *size, dtype=torch.float64)
        listed: list[tuple[int, int, float, int]] = []
        for gate, spot in parts:
            shift[spot] += gate.shift
            if gate.source == "weights":
                left[spot] -= 1
                entry[left[spot]][spot], scale[left[spot]][spot] = gate.entry, gate.scale
            elif gate.source == "inputs":
                listed.append((spot[0], gate.entry, gate.scale, spot[1]))
        members = torch.tensor([[float(bit in wires) for wires in ordered] for bit in bits])
        tables = {
            "members": members.reshape(len(bits), len(ordered)),
            "bits": torch.tensor([entries[bit] for bit in bits], dtype=torch.int64),
            "entry": entry,
            "scale": scale,
            "shift": shift,
            "listed": torch.tensor([one[:2] for one in listed], dtype=torch.int64).reshape(-1, 2),
            "listed_scale": torch.zeros(len(listed), len(turns), dtype=torch.float64),
        }
        for number, (_, _, factor, place) in enumerate(listed):
            tables["listed_scale"][number, place] = factor
        for name, table in tables.items():
            self.register_buffer(name, table, persistent=False)

    members: Tensor
    bits: Tensor
    entry: Tensor
    scale: Tensor
    shift: Tensor
    listed: Tensor
    listed_scale: Tensor

    def angles(
        self, weights: Float[Tensor, " W"], inputs: Float[Tensor, "B X"]
    ) -> Float[Tensor, "B A"]:
        """The inputs of the reduced circuit in radians.

        Args:
            weights: those of the whole circuit, ``(n_weights,)``.
            inputs: those of the whole circuit, ``(B, n_inputs)``, with 0 or 1 for each bit.

        Raises:
            QganError: if the input of a wire that holds a bit is neither 0 nor 1.
        """
        bits = inputs.detach()[:, self.bits].to(weights.dtype)
        if bits.device.type == "cpu" and not bool(((bits == 0) | (bits == 1)).all()):
            raise errors.argument("inputs", "must be 0 or 1 where they are bits", "another number")
        signs = 1 - 2 * ((bits @ self.members.to(bits)) % 2)
        table = self.shift.to(weights)
        for entry, scale in zip(self.entry, self.scale.to(weights), strict=True):
            terms = weights.index_select(0, entry.flatten()).view(entry.shape)
            table = torch.addcmul(table, terms, scale)
        angles = signs @ table
        if len(self.listed):
            shares = signs[:, self.listed[:, 0]] * inputs[:, self.listed[:, 1]].to(weights)
            angles = angles + shares @ self.listed_scale.to(weights)
        return angles


def reduction_of(circuit: Circuit) -> Reduction | None:
    """The reduction of a circuit whose registers hold bits, else None.

    Raises:
        QganError: if the circuit does not keep to what its registers declare, or has registers
            that hold bits and cannot be traced.
    """
    registers = circuit.registers
    if not (isinstance(registers, BitRegisters) and registers.holds_bits):
        return None
    return Reduction(trace(circuit))


def _without_bits(traced: TracedCircuit, bits: range) -> tuple[dict[int, int], list[Gate | _Turn]]:
    """The input of each bit wire, and what is left of the gates."""
    entries: dict[int, int] = {}
    gates: list[Gate | _Turn] = []
    for gate in traced.gates:
        touched = [wire for wire in gate.wires if wire in bits]
        if gate.writes_a_bit and touched and touched[0] not in entries:
            entries[touched[0]] = gate.entry
            continue
        if not gate.turns:
            if touched:
                raise _broken(gate, touched[0], "is no rotation about a word with Z on it")
            gates.append(gate)
            continue
        word = _word(gate)
        controls = frozenset(wire for wire, _ in word if wire in bits)
        for wire, letter in word:
            if wire in bits and (letter != "Z" or wire not in entries):
                no_z = "is no rotation about a word with Z on it"
                raise _broken(gate, wire, "comes before its bit" if letter == "Z" else no_z)
        rest = tuple(pair for pair in word if pair[0] not in bits)
        if not rest:
            continue  # a phase of each basis state, which nothing shows
        last = gates[-1] if gates else None
        if not (isinstance(last, _Turn) and last.word == rest):
            last = _Turn(rest)
            gates.append(last)
        last.parts.append((gate, controls))
    for wire in bits:
        if wire not in entries:
            raise errors.argument(
                "registers", "must hold bits that inputs prepare by RX(pi * input)", f"wire {wire}"
            )
    return entries, gates


def _word(gate: Gate) -> Word:
    """The letters of the word that a rotation turns about."""
    letters = gate.word or {"RX": "X", "RY": "Y", "RZ": "Z"}.get(gate.gate, "Z" * len(gate.wires))
    pairs = zip(gate.wires, letters, strict=True)
    return tuple(sorted((wire, letter) for wire, letter in pairs if letter != "I"))


def _rotation(word: Word, entry: int) -> Gate:
    """The rotation about a word by an input."""
    wires, letters = tuple(wire for wire, _ in word), "".join(letter for _, letter in word)
    if letters in ("X", "Y"):
        return Gate("RX" if letters == "X" else "RY", wires, "inputs", entry, 1.0)
    if set(letters) == {"Z"}:
        return Gate("MultiRZ", wires, "inputs", entry, 1.0)
    return Gate("PauliRot", wires, "inputs", entry, 1.0, word=letters)


def _moved(gate: Gate, bits: range) -> Gate:
    """The gate where the wires behind those that held bits have moved up into their place."""
    wires = tuple(wire if wire < bits.start else wire - len(bits) for wire in gate.wires)
    return replace(gate, wires=wires)


def _broken(gate: Gate, wire: int, reason: str) -> errors.QganError:
    return errors.unsupported(
        f"Gate {gate.gate} on wires {list(gate.wires)}",
        f"wire {wire} is declared to hold a bit, and the gate {reason}",
        "declare registers with holds_bits=False, and the circuit is simulated as it is",
    )
