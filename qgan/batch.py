"""Batches of labelled states, with what a discriminator may see of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.labels import read_labels
from qgan.outcome_table import Measurement
from qgan.places import kept_axis
from qgan.records import Records
from qgan.states import States, StateSource, concatenate

__all__ = ["Batch", "Seen", "join"]

Seen = StateSource | Measurement
"""What a discriminator may be shown: states, or records of measurements of them."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Labelled states, and the hidden truths behind them where they are known.

    Args:
        states: ``N`` states.
        label: class indices of any integer type or of bool, ``(N,)``, which become int64; or real
            conditions, float ``(N, n_conditions)``.
        factors: hidden factors, float ``(N, k)``, for evaluation only; or None.
        records: records of measurements of the states, where a discriminator may see no more; the
            states are then for evaluation.

    Raises:
        QganError: if the lengths disagree, or :func:`qgan.labels.read_labels` refuses the labels.

    Example:
        >>> states = States(torch.eye(2, dtype=torch.complex128)[..., None])
        >>> batch = Batch(states, torch.tensor([0, 1]))
        >>> len(batch), batch.of(1).label.tolist()
        (2, [1])
    """

    states: States
    label: Tensor
    factors: Float[Tensor, "N k"] | None = None
    records: Records | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", read_labels(self.label))
        parts = {"label": self.label, "factors": self.factors, "records": self.records}
        for name, entries in parts.items():
            if entries is not None and len(entries) != len(self.states):
                rule = f"must have an entry for each of the {len(self.states)} states"
                raise errors.argument(name, rule, len(entries))

    @property
    def seen(self) -> States | Records:
        """What a discriminator may see: the records, or where there are none the states."""
        return self.states if self.records is None else self.records

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: Any) -> Batch:
        """The part of the batch at an index tensor, a mask or a slice; an integer gives one.

        Raises:
            IndexError: for an integer out of range.
        """
        index = kept_axis(index, len(self))
        factors = None if self.factors is None else self.factors[index]
        records = None if self.records is None else self.records[index]
        return Batch(self.states[index], self.label[index], factors, records)

    def of(self, label: int) -> Batch:
        """The part of the batch that has one label, in the same order."""
        return self[self.label == label]

    def to(self, dtype: torch.dtype | None = None, device: Any = None) -> Batch:
        """A copy with states and records of another precision, or on another device."""
        factors = None if self.factors is None else self.factors.to(device=device)
        real = None if dtype is None else dtype.to_real()
        records = None if self.records is None else self.records.to(real, device)
        return Batch(self.states.to(dtype, device), self.label.to(device=device), factors, records)


def join(batches: Sequence[Batch]) -> Batch:
    """Join batches to one, in their order; factors and records survive if all have them."""
    factors = [b.factors for b in batches if b.factors is not None]
    records = [b.records for b in batches if b.records is not None]
    return Batch(
        concatenate([b.states for b in batches]),
        torch.cat([b.label for b in batches]),
        torch.cat(factors) if len(factors) == len(batches) else None,
        Records.joined(records) if len(records) == len(batches) else None,
    )
