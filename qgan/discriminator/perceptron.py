"""What a head is made of, where its gradient is a few matrix products."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

__all__ = ["Perceptron"]


@dataclass(frozen=True)
class Perceptron:
    """``a_l = f(W_l a_{l-1} + b_l)`` with a leaky ReLU f, and the score ``w . a_L + b``.

    ``a_0`` is the view, followed by the label in one-hot form or by the real conditions.

    Args:
        hidden: the layers W_l, b_l.
        slope: the slope of f below zero.
        last: w and b.
        n_labels: numbers that say the label.
    """

    hidden: tuple[nn.Linear, ...]
    slope: float
    last: nn.Linear
    n_labels: int
