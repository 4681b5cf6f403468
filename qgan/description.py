"""The schema of ``circuit.json``, the one door through which a description of a model is read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal

import torch
from pydantic import Field, model_validator

from qgan.embedding import MOST_BITS
from qgan.engines.memory import GIB, free_if_short
from qgan.engines.stored_circuit import StoredCircuit
from qgan.stored import Size, Stored, misfit

__all__ = ["FORMAT", "StoredGenerator", "StoredModel"]

FORMAT = 2
"""Number of the layout of a run folder; another number is refused, not guessed at."""

Kinds = Annotated[tuple[Literal["uniform", "normal", "periodic"], ...], Field(max_length=2**16)]
Winds = Annotated[tuple[Size, ...], Field(max_length=2**16)]
Width = Annotated[int, Field(ge=1, le=10**9)]
Latents = Annotated[int, Field(ge=0, le=2**16)]


class StoredLatents(Stored):
    """How many latents there are, and of which kinds; without ``kinds`` they are uniform."""

    n_latent: Latents
    kinds: Kinds | None = None

    def of_each(self) -> tuple[str, ...]:
        """The kind of each latent."""
        return self.kinds if self.kinds is not None else ("uniform",) * self.n_latent


class StoredPrior(StoredLatents):
    """What :class:`qgan.prior.Prior` is made of."""

    n_levels: Annotated[int, Field(ge=0, le=2**31)] = 0

    @model_validator(mode="after")
    def is_prior(self) -> StoredPrior:
        """A discrete latent has two levels at least."""
        if self.n_levels == 1 or (self.n_levels and not self.n_latent):
            raise misfit("n_levels", "must be 0 or at least 2 with n_latent >= 1", self.n_levels)
        if len(self.of_each()) != self.n_latent:
            raise misfit("kinds", f"must be {self.n_latent}, one per latent", list(self.of_each()))
        if self.n_levels and self.of_each()[-1] != "uniform":
            raise misfit("kinds", "must end with uniform if n_levels is not 0", self.of_each()[-1])
        return self


class Sizes(StoredLatents):
    """What every embedding says."""

    n_labels: Width
    n_inputs: Size

    @property
    def n_features(self) -> int:
        """Numbers that a network is shown of the latents: two of an angle."""
        return self.n_latent + sum(kind == "periodic" for kind in self.of_each())

    def widths(self) -> Sequence[int]:
        """The widths of the layers that map label and latent to the angles."""
        return (self.n_labels + self.n_features, self.n_inputs)


class StoredAffine(Sizes):
    """An affine embedding."""

    kind: Literal["affine"]
    by_label: bool = False
    winds: Winds = ()

    def widths(self) -> Sequence[int]:
        """The widths of the layers that map label and latent to the angles."""
        n_slopes = self.n_features * (self.n_labels if self.by_label else 1)
        return (self.n_labels + n_slopes, self.n_inputs)


class StoredTanh(Sizes):
    """A tanh embedding."""

    kind: Literal["tanh"]
    hidden: Annotated[tuple[Width, ...], Field(min_length=1)]
    winds: Winds = ()

    def widths(self) -> Sequence[int]:
        """The widths of the layers that map label and latent to the angles."""
        return (self.n_labels + self.n_features, *self.hidden, self.n_inputs)


class StoredRegister(Sizes):
    """An embedding into registers."""

    kind: Literal["register"]
    n_label_wires: Annotated[int, Field(ge=0, le=62)]
    n_latent_wires: Annotated[int, Field(ge=0, le=62)]

    def widths(self) -> Sequence[int]:
        """A scale and a shift for each angle."""
        return (1, self.n_inputs)

    @model_validator(mode="after")
    def fits_its_registers(self) -> StoredRegister:
        """Label and latent fit their registers, and so do the angles."""
        if self.n_labels > 2**self.n_label_wires:
            raise misfit("n_labels", f"must be at most 2**{self.n_label_wires}", self.n_labels)
        if self.n_features > self.n_latent_wires:
            raise misfit("n_latent", f"must be at most {self.n_latent_wires}", self.n_latent)
        n_turns = self.n_inputs - self.n_label_wires
        if n_turns < 0 or (n_turns and (not self.n_latent_wires or n_turns % self.n_latent_wires)):
            rule = "must be the label wires and a multiple of the latent wires"
            raise misfit("n_inputs", rule, self.n_inputs)
        return self


class StoredBits(Sizes):
    """The bits of label and latent."""

    kind: Literal["bits"]
    n_label_wires: Annotated[int, Field(ge=0, le=62)]
    n_bits: Annotated[int, Field(ge=0, le=MOST_BITS)]
    gray: bool = False

    def widths(self) -> Sequence[int]:
        """There is nothing to train."""
        return ()

    @model_validator(mode="after")
    def fits_its_registers(self) -> StoredBits:
        """Labels fit their register, and there is one input for each bit."""
        if self.n_labels > 2**self.n_label_wires:
            raise misfit("n_labels", f"must be at most 2**{self.n_label_wires}", self.n_labels)
        n_wires = self.n_label_wires + self.n_latent * self.n_bits
        if self.n_inputs != n_wires or (self.n_latent and not self.n_bits):
            raise misfit("n_inputs", f"must be {n_wires}, one per bit", self.n_inputs)
        return self


class StoredGenerator(Stored):
    """A generator without its weights."""

    circuit: StoredCircuit
    embedding: Annotated[
        StoredAffine | StoredTanh | StoredRegister | StoredBits, Field(discriminator="kind")
    ]
    prior: StoredPrior
    n_labels: Width

    @model_validator(mode="after")
    def is_consistent(self) -> StoredGenerator:
        """Circuit, embedding and prior speak of the same sizes, and their weights fit in memory."""
        sizes = {
            "n_labels": self.n_labels,
            "n_latent": self.prior.n_latent,
            "n_inputs": self.circuit.n_inputs,
        }
        for name, size in sizes.items():
            value = getattr(self.embedding, name)
            if value != size:
                raise misfit(f"embedding.{name}", f"must be {size}, as beside it", value)
        kinds = self.prior.of_each()
        if isinstance(self.embedding, StoredAffine | StoredTanh) and self.embedding.winds:
            n_angles, winds = sum(k == "periodic" for k in kinds), self.embedding.winds
            if len(winds) != n_angles or max(winds) >= self.circuit.n_inputs:
                rule = f"must be {n_angles} inputs below {self.circuit.n_inputs}, or none"
                raise misfit("embedding.winds", rule, list(winds))
        if self.embedding.of_each() != kinds:
            rule = f"must be {list(kinds)}, as beside it"
            raise misfit("embedding.kinds", rule, list(self.embedding.of_each()))
        widths = self.embedding.widths()
        numbers = sum((a + 1) * b for a, b in pairwise(widths))
        needed = 8 * (numbers + self.circuit.n_weights)
        if free_if_short(needed, torch.device("cpu")) is not None:
            raise misfit("embedding", "must fit in memory", f"weights of {needed / GIB:.1f} GiB")
        return self


class StoredModel(Stored):
    """All of ``circuit.json``."""

    format: Literal[FORMAT]  # type: ignore[valid-type]
    kind: Literal["generator", "network"]
    sampler: StoredGenerator
    label_values: Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def has_no_gates_in_a_network(self) -> StoredModel:
        """A network writes the factor of each state, and no gate acts on it."""
        circuit = self.sampler.circuit
        n_numbers = 2 * 2**circuit.registers.widths.n_wires
        if self.kind == "network" and (circuit.gates or circuit.n_inputs != n_numbers):
            raise misfit("circuit", f"must have {n_numbers} inputs and no gates", circuit.n_inputs)
        return self

    @model_validator(mode="after")
    def names_each_label(self) -> StoredModel:
        """One value for each label."""
        values: tuple[Any, ...] = self.label_values
        if len(values) != self.sampler.n_labels:
            rule = f"must be {self.sampler.n_labels}, one per label"
            raise misfit("label_values", rule, list(values))
        if len({str(value) for value in values}) != len(values):
            raise misfit("label_values", "must be distinct", list(values))
        return self
