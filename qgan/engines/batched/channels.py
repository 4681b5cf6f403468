"""Kraus channels on factors: each of them raises the rank, up to the dimension."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from qgan.engines.batched.lowering import ChannelLayer
from qgan.engines.batched.torch_ops.fixed import apply_matrix

__all__ = ["apply_channel", "compressed", "most_columns"]


def apply_channel(channel: ChannelLayer, factor: Tensor) -> Tensor:
    """``rho -> sum_k K_k rho K_k^dagger`` as ``A -> (K_1 A, K_2 A, ...)``.

    Args:
        channel: a channel of m Kraus operators.
        factor: ``A``, complex ``(B, D, r)``.

    Returns:
        Complex ``(B, D, min(m r, D))``.
    """
    operators = channel.operators.to(factor)
    wide = torch.cat([apply_matrix(k, channel.wires, factor) for k in operators], 2)
    return compressed(wide) if wide.shape[2] > wide.shape[1] else wide


def compressed(factor: Tensor) -> Tensor:
    """A factor of the same states that has as many columns as rows, ``(B, D, D)``.

    With Q an orthonormal basis of the rows of A (columns of ``A^dagger``), ``A Q Q^dagger = A``,
    so ``A Q`` is a factor of the same state. Q is held fixed in the backward pass, which changes
    nothing: ``d(A Q Q^dagger A^dagger) = dA Q Q^dagger A^dagger + h.c. = dA A^dagger + h.c.``

    Args:
        factor: ``A``, complex ``(B, D, R)`` with R > D.
    """
    basis, _ = torch.linalg.qr(factor.detach().mH)
    result: Tensor = factor @ basis
    return result


def most_columns(segments: Sequence[object], dimension: int, columns: int) -> int:
    """The most columns that a factor has on its way through the segments of a circuit."""
    most = columns
    for segment in segments:
        if isinstance(segment, ChannelLayer):
            most = max(most, columns * len(segment.operators))
            columns = min(dimension, columns * len(segment.operators))
    return most
