"""How the labels of a batch are read: checked, as numbers, and as the rows that share one."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from qgan import errors

__all__ = ["condition", "read_classes", "read_labels", "rows_by_label"]

INTEGERS = (
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.uint16,
    torch.uint32,
    torch.uint64,
    torch.bool,
)
"""The types of class indices. As int64 they index alike; bool and uint8 would index as masks."""


def read_labels(label: object, n_labels: int | None = None, wait: bool = False) -> Tensor:
    """Labels as all parts of the program expect them; every label from outside comes through here.

    Args:
        label: class indices ``(B,)`` of any integer type or of bool; or real conditions, float
            ``(B, n_conditions)``.
        n_labels: number of classes, or of real conditions, where it is known.
        wait: whether to check the range of labels on a device too, which waits for the device. On
            the CPU the range is always checked.

    Returns:
        Class indices as int64, or real conditions as they are.

    Raises:
        QganError: for anything else, a condition that is not finite, or a class index that is not
            below ``n_labels``.

    Example:
        >>> read_labels(torch.tensor([2, 0], dtype=torch.uint8), n_labels=3)
        tensor([2, 0])
    """
    if not isinstance(label, Tensor):
        raise errors.argument("label", "must be a tensor", f"a {type(label).__name__}")
    is_real = label.is_floating_point()
    if not is_real and label.dtype not in INTEGERS:
        rule = "must be class indices of an integer type, or real conditions"
        raise errors.argument("label", rule, label.dtype)
    if label.ndim != (2 if is_real else 1) or (is_real and n_labels not in (None, label.shape[1])):
        real = "(B, n_conditions)" if n_labels is None else f"(B, {n_labels}) to match n_labels"
        rule = f"must have shape {real if is_real else '(B,)'}"
        raise errors.argument("label", rule, tuple(label.shape))
    if is_real:
        if (wait or label.device.type == "cpu") and not bool(label.isfinite().all()):
            raise errors.argument("label", "must be finite", "a condition that is not")
        return label
    classes = label.to(torch.int64)
    if label.dtype == torch.uint64 and bool((classes < 0).any()):
        raise errors.argument("label", "must be below 2**63", int(classes[classes < 0][0]) + 2**64)
    if n_labels is not None and len(classes) and (wait or label.device.type == "cpu"):
        low, high = (int(bound) for bound in classes.aminmax())
        if low < 0 or high >= n_labels:
            rule = f"must be from 0 to {n_labels - 1}"
            raise errors.argument("label", rule, low if low < 0 else high)
    return classes


def read_classes(label: object, n_labels: int | None = None, wait: bool = False) -> Tensor:
    """The labels of :func:`read_labels` for a part of the program that takes classes only.

    Args:
        label: class indices ``(B,)`` of any integer type or of bool.
        n_labels: number of classes, where it is known.
        wait: whether to check the range of labels on a device too, which waits for the device.

    Raises:
        QganError: for anything else, or for a class index that is not below ``n_labels``.
    """
    if isinstance(label, Tensor) and label.is_floating_point():
        raise errors.argument("label", "must be class indices", f"numbers of {label.dtype}")
    return read_labels(label, n_labels, wait)


def condition(label: Tensor, n_labels: int) -> Tensor:
    """Labels as numbers that a layer can take.

    Args:
        label: class indices ``(B,)``, or real conditions ``(B, n_labels)``.
        n_labels: number of classes, or of real conditions.

    Returns:
        Classes in one-hot form, or real conditions as they are: ``(B, n_labels)``.

    Raises:
        QganError: if :func:`read_labels` refuses the labels.

    Example:
        >>> condition(torch.tensor([1, 0]), 2).tolist()
        [[0.0, 1.0], [1.0, 0.0]]
    """
    label = read_labels(label)
    if label.is_floating_point():
        return read_labels(label, n_labels)
    conditions = torch.zeros(len(label), n_labels, device=label.device)
    try:  # every head reads its labels here at every step, and this looks at each entry as it is
        return conditions.scatter_(1, label.unsqueeze(1), 1.0)
    except RuntimeError:
        read_labels(label, n_labels)  # which says what is out of range
        raise


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
