"""The rows that the closed form's matrix products are taken of, and their memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qgan.discriminator import Perceptron

__all__ = ["Rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Kinds of B rows each, one below the other; the memory serves every update of these sizes.

    Scored kinds are states with wrong labels, if they are shown, real and generated states. The
    points of a penalty come last.

    Args:
        size: B.
        n_entered: kinds of views in the entry.
        n_scored: kinds that are scored.
        entry: views of the states, ``(kinds, K)``; real ones stand there once unless the view sees
            the label. Below them is room for the slopes at the points.
        products: of the first layer's weights with the views.
        conditions: the label of each scored row as numbers, ``(scored, n_labels)``.
        shares: the share of the real state in the points, ``(kinds of points, B)``.
        layers: the activations ``a_1 .. a_L``.
        back: the derivatives ``d_1 .. d_L`` of the scores, times what each score weighs.
        pulls: what each row's score weighs: its slope in the loss, or 1 at a point.
        turned: products of a penalty's pull with the weights of each layer.
    """

    size: int
    n_entered: int
    n_scored: int
    entry: Tensor
    products: Tensor
    conditions: Tensor
    shares: Tensor
    layers: tuple[Tensor, ...]
    back: tuple[Tensor, ...]
    pulls: Tensor
    turned: tuple[Tensor, ...]

    @classmethod
    def of(cls, net: Perceptron, n_entered: int, size: int, n_scored: int, n_mixes: int) -> Rows:
        """Memory for updates of these sizes; ``n_mixes`` is the number of kinds of points."""
        n_rows, widths = (n_scored + n_mixes) * size, [len(layer.weight) for layer in net.hidden]
        n_features = net.hidden[0].weight.shape[1] - net.n_labels
        empty = net.last.weight.new_empty
        return cls(
            size,
            n_entered,
            n_scored,
            entry=empty((n_entered + n_mixes) * size, n_features),
            products=empty(n_entered * size, widths[0]),
            conditions=empty(n_scored * size, net.n_labels),
            shares=empty(n_mixes, size),
            layers=tuple(empty(n_rows, width) for width in widths),
            back=tuple(empty(n_rows, width) for width in widths),
            pulls=torch.ones_like(empty(n_rows)),
            turned=tuple(empty(n_mixes * size, width) for width in widths),
        )

    @property
    def views(self) -> Tensor:
        """The views of the states."""
        return self.entry[: self.n_entered * self.size]

    @property
    def points(self) -> list[Tensor]:
        """The activations of the points."""
        return [layer[self.scored :] for layer in self.layers]

    @property
    def slopes(self) -> Tensor:
        """The room for the slopes at the points."""
        return self.entry[self.n_entered * self.size :]

    @property
    def scored(self) -> int:
        """The number of rows that are scored."""
        return self.n_scored * self.size

    @property
    def n_shared(self) -> int:
        """The number of rows, at the top, whose views stand in the entry for another row."""
        return (self.n_scored - self.n_entered) * self.size
