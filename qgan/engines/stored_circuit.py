"""The schema of a traced circuit in a file: compiled loops take every index in it on trust."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from qgan import errors
from qgan.engines.memory import check_memory
from qgan.engines.traced_registers import TracedRegisters
from qgan.stored import Size, Stored, misfit

__all__ = ["GateName", "Rows", "StoredCircuit", "StoredGate", "StoredRegisters"]

GateName = Literal["RX", "RY", "RZ", "MultiRZ", "PauliRot", "Unitary", "Channel"]
Rows = tuple[tuple[tuple[float, float], ...], ...]
"""The rows of a matrix; each entry is a pair (real, imaginary)."""

MOST_WIRES = 64
MOST_OPERATORS = 256
TOLERANCE = 1e-5
WIDTHS = {"Unitary": 4, "Channel": 2, "MultiRZ": MOST_WIRES, "PauliRot": MOST_WIRES}
"""Most wires of a gate; one wire where no number is given."""

Width = Annotated[int, Field(ge=0, le=MOST_WIRES)]


class StoredRegisters(Stored):
    """The widths of the registers."""

    n_output: Annotated[int, Field(ge=1, le=MOST_WIRES)]
    n_label: Width
    n_latent_wires: Width
    n_bath: Width
    holds_bits: bool = False

    @property
    def widths(self) -> TracedRegisters:
        """The registers themselves, which count their wires."""
        return TracedRegisters(**dict(self))

    @model_validator(mode="after")
    def fits(self) -> StoredRegisters:
        """One state of all wires must fit in memory; wires that hold bits need no amplitudes."""
        try:
            check_memory(self.widths.n_wires - len(self.widths.bits), 1, 16, torch.device("cpu"))
        except errors.QganError:
            raise misfit("n_output", "must leave a state that memory holds", self) from None
        return self


class StoredGate(Stored):
    """One gate, as :class:`qgan.engines.gates.Gate` describes it."""

    gate: GateName
    wires: Annotated[tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1)]
    source: Literal["weights", "inputs"] | None = None
    entry: Size = 0
    scale: float = 0.0
    shift: float = 0.0
    word: Annotated[str, Field(pattern="^[IXYZ]+$", max_length=MOST_WIRES)] | None = None
    matrix: Rows | None = None
    kraus: Annotated[tuple[Rows, ...], Field(min_length=1, max_length=MOST_OPERATORS)] | None = None

    @model_validator(mode="after")
    def is_gate(self) -> StoredGate:
        """Distinct wires, and what the gate needs and nothing else."""
        if len(set(self.wires)) != len(self.wires):
            raise misfit("wires", "must be distinct", list(self.wires))
        most = WIDTHS.get(self.gate, 1)
        if len(self.wires) > most:
            raise misfit("wires", f"must be at most {most} of a {self.gate}", list(self.wires))
        owners = (("matrix", "Unitary"), ("kraus", "Channel"), ("word", "PauliRot"))
        for name, owner in owners:
            if (getattr(self, name) is not None) != (self.gate == owner):
                raise misfit(name, f"must be there in a {owner} and nowhere else", self.gate)
        if self.word is not None and len(self.word) != len(self.wires):
            raise misfit("word", f"must have {len(self.wires)} letters, one per wire", self.word)
        if self.gate in ("Unitary", "Channel") and self.source is not None:
            raise misfit("source", f"must not be there in a {self.gate}", self.source)
        if self.matrix is not None:
            self._check_isometry("matrix", (self.matrix,), "must be unitary")
        if self.kraus is not None:
            self._check_isometry("kraus", self.kraus, "must preserve the trace")
        return self

    def _check_isometry(self, name: str, matrices: tuple[Rows, ...], rule: str) -> None:
        """Refuse matrices of another size than the wires, or with ``sum_k K^dagger K != 1``."""
        size = 2 ** len(self.wires)
        total: NDArray[np.complex128] = np.zeros((size, size), dtype=np.complex128)
        for rows in matrices:
            if len(rows) != size or any(len(row) != size for row in rows):
                raise misfit(name, f"must have {size} rows of {size} entries", f"{len(rows)} rows")
            pairs = np.array(rows)
            if np.abs(pairs).max() > 1 + TOLERANCE:
                raise misfit(name, rule, f"an entry of {np.abs(pairs).max():.6g}")
            matrix = pairs[..., 0] + 1j * pairs[..., 1]
            total += matrix.conj().T @ matrix
        error = float(np.abs(total - np.eye(size)).max())
        if error > TOLERANCE:
            raise misfit(name, rule, f"one that is off by {error:.2g}")


class StoredCircuit(Stored):
    """A whole circuit."""

    format: Literal[1]
    registers: StoredRegisters
    n_weights: Size
    n_inputs: Size
    gates: tuple[StoredGate, ...]

    @model_validator(mode="after")
    def is_consistent(self) -> StoredCircuit:
        """Wires in the registers, and entries in the weights and in the inputs."""
        n_wires, sizes = self.registers.widths.n_wires, {"weights": self.n_weights}
        sizes["inputs"] = self.n_inputs
        for place, gate in enumerate(self.gates):
            if max(gate.wires) >= n_wires:
                raise misfit(f"gates.{place}.wires", f"must be below {n_wires}", list(gate.wires))
            if gate.source is not None and gate.entry >= sizes[gate.source]:
                rule = f"must be below {sizes[gate.source]}, the number of {gate.source}"
                raise misfit(f"gates.{place}.entry", rule, gate.entry)
        return self
