"""How the labels of a batch are read: as numbers, and as the rows that share one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

__all__ = ["condition", "rows_by_label"]


def condition(label: Tensor, n_labels: int) -> Tensor:
    """Labels as numbers that a layer can take.

    Args:
        label: class indices ``(B,)``, or real conditions ``(B, n_labels)``.
        n_labels: number of classes, or of real conditions.

    Returns:
        Classes in one-hot form, or real conditions as they are: ``(B, n_labels)``.

    Example:
        >>> condition(torch.tensor([1, 0]), 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    if label.is_floating_point():
        return label
    return torch.eye(n_labels, device=label.device)[label]


def rows_by_label(label: Tensor) -> Iterator[Tensor]:
    """For each label of a batch, or each tuple of conditions, which rows have it.

    Args:
        label: ``(B,)`` or ``(B, n_conditions)``.

    Yields:
        Masks ``(B,)``, in the order of the sorted labels.

    Example:
        >>> [rows.tolist() for rows in rows_by_label(torch.tensor([1, 0, 1]))]
        [[False, True, False], [True, False, True]]
    """
    for value in label.unique(dim=0):
        yield (label == value).reshape(len(label), -1).all(1)
