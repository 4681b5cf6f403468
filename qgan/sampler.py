"""Whatever gives samples for a label: what a judge, a checkpoint and a training may ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.labels import read_labels
from qgan.outcome_table import Measurement
from qgan.places import kept_axis
from qgan.states import States

__all__ = ["Drawn", "Likelihood", "ParameterCounts", "Sampler", "SamplerCost"]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a sampler drew, with the labels it was asked for and the latents it used.

    Args:
        seen: B states, or whatever else the sampler makes.
        label: the labels, ``(B,)`` or ``(B, n_conditions)``.
        latent: the latents, ``(B, n_latent)``; without entries where the sampler has none.

    Raises:
        QganError: if the lengths disagree, or :func:`qgan.labels.read_labels` refuses the labels.

    Example:
        >>> from qgan import States
        >>> states = States(torch.eye(2, dtype=torch.complex64)[..., None])
        >>> drawn = Drawn(states, torch.tensor([0, 1]), torch.zeros(2, 1))
        >>> len(drawn[:1])
        1
    """

    seen: Seen
    label: Tensor
    latent: Float[Tensor, "B z"]

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", read_labels(self.label))
        for name, entries in (("label", self.label), ("latent", self.latent)):
            if len(entries) != len(self.seen):
                rule = f"must have an entry for each of the {len(self.seen)} samples"
                raise errors.argument(name, rule, len(entries))

    @property
    def states(self) -> States:
        """The states themselves.

        Raises:
            QganError: if the sampler draws something else, or its engine gives no states.
        """
        if isinstance(self.seen, Measurement):
            raise errors.argument("drawn", "must hold states", type(self.seen).__name__)
        return self.seen.materialise()

    def __len__(self) -> int:
        return len(self.seen)

    def __getitem__(self, index: Any) -> Drawn:
        """Some of the samples; an integer gives one.

        Raises:
            IndexError: for an integer out of range.
        """
        index = kept_axis(index, len(self))
        return Drawn(self.seen[index], self.label[index], self.latent[index])


@dataclass(frozen=True)
class SamplerCost:
    """What drawing a batch takes on a quantum computer, for each setting of its measurement.

    Args:
        executions: circuits that are executed, each with all its shots.
        with_gradient: the same with the gradient by the parameter-shift rule, which takes two
            further executions for each rotation by a trained angle.
        shots: of each execution; an exact one counts as one shot.

    References:
        Schuld et al., Phys. Rev. A 99, 032331 (2019).
    """

    executions: int
    with_gradient: int
    shots: int


@dataclass(frozen=True)
class ParameterCounts:
    """Where the trained numbers of a sampler are.

    Args:
        circuit: those that belong to a gate of a quantum circuit: an angle, or a coefficient of
            an angle that is affine in label and latent.
        embedding: those of a network between label and latent and the angles.
        elsewhere: all others.

    Example:
        >>> print(ParameterCounts(2704, 0, 0))
        2,704 in the circuit, 0 in the embedding, 0 elsewhere
    """

    circuit: int
    embedding: int
    elsewhere: int

    def __str__(self) -> str:
        return (
            f"{self.circuit:,} in the circuit, {self.embedding:,} in the embedding, "
            f"{self.elsewhere:,} elsewhere"
        )


@runtime_checkable
class Sampler(Protocol):
    """A model that gives samples for a label; :class:`qgan.Generator` is one."""

    def draw(self, label: Tensor, rng: torch.Generator, *, exact: bool = False) -> Drawn:
        """Draw one sample for each label.

        Args:
            label: ``(B,)`` or ``(B, n_conditions)``.
            rng: the only source of chance.
            exact: False draws as a training does, differentiably and with the shots and the noise
                of the engine. True draws as a judge does: in double precision, outside the graph,
                on the CPU.
        """

    def describe(self) -> dict[str, Any]:
        """The sampler without its weights, as plain data that rebuilds it without its script."""

    def cost(self, batch: int) -> SamplerCost:
        """What drawing so many samples takes on a quantum computer."""


@runtime_checkable
class Likelihood(Sampler, Protocol):
    """A sampler that also says how probable an outcome is."""

    @property
    def kind(self) -> Literal["exact", "bound", "estimate", "unnormalised"]:
        """What :meth:`log_prob` gives."""

    def log_prob(self, outcome: Tensor, label: Tensor) -> Float[Tensor, " B"]:
        """``log p(outcome | label)`` in nats, ``(B,)``."""
