"""Which labels a picture shows where there are too many for one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from qgan.batch import Batch
from qgan.data import Dataset
from qgan.explore.observables import StateFunction

__all__ = ["MOST_LABELS", "DrawnLabels"]

MOST_LABELS = 8
"""The most labels that a picture shows."""


@dataclass(frozen=True)
class DrawnLabels:
    """The labels that a picture shows, in their order, which become labels 0, 1, 2, ... of it.

    Args:
        labels: the class indices.
        caption: how they were chosen, in words; empty where all labels are shown.
    """

    labels: tuple[int, ...]
    caption: str

    @classmethod
    def of(cls, n_labels: int, skills: Sequence[float] = ()) -> DrawnLabels:
        """All labels, or ``MOST_LABELS`` of them from the worst skill to the best.

        Args:
            n_labels: the number of labels.
            skills: the skill of each label, nan where it is undefined. Without them, or with fewer
                defined ones than a picture shows, labels are taken at even distances.

        Example:
            >>> DrawnLabels.of(2)
            DrawnLabels(labels=(0, 1), caption='')
            >>> DrawnLabels.of(50).labels
            (0, 7, 14, 21, 28, 35, 42, 49)
        """
        if n_labels <= MOST_LABELS:
            return cls(tuple(range(n_labels)), "")
        order = [k for k, skill in enumerate(skills) if not math.isnan(skill)]
        order.sort(key=lambda k: skills[k])
        way = "the worst skill, the best, and evenly between"
        if len(order) < MOST_LABELS:
            order, way = list(range(n_labels)), "the first, the last, and evenly between"
        step = (len(order) - 1) / (MOST_LABELS - 1)
        labels = tuple(order[round(k * step)] for k in range(MOST_LABELS))
        return cls(labels, f"{MOST_LABELS} of {n_labels} labels: {way}")

    def data(self, data: Dataset) -> Dataset:
        """The data of these labels."""
        if not self.caption:
            return data
        values, names = (
            tuple(x[label] for label in self.labels) for x in (data.label_values, data.label_names)
        )
        parts = (self.batch(x) for x in (data.train, data.validation, data.held_out))
        train, validation, held_out = parts
        return replace(
            data,
            train=train,
            validation=validation,
            held_out=held_out,
            label_values=values,
            label_names=names,
        )

    def batch(self, batch: Batch) -> Batch:
        """The part of a batch that has these labels, in the order of the batch."""
        if not self.caption:
            return batch
        equal = batch.label[:, None] == torch.tensor(self.labels, device=batch.label.device)
        return replace(batch, label=equal.long().argmax(1))[equal.any(1)]

    def sample(self, sample: StateFunction) -> StateFunction:
        """The function from label and latent to states, with the labels of the picture."""
        labels = torch.tensor(self.labels)
        return lambda label, latent: sample(labels[label], latent)
