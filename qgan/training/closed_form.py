"""The discriminator's update in closed form: its loss and the gradient, without autograd.

For a perceptron on a fixed view both are a few matrix products. Autograd takes about sixty
operations for them, most of which cost more than the arithmetic in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from qgan import errors
from qgan.discriminator import Perceptron
from qgan.game import CriticRound, Game
from qgan.labels import condition
from qgan.terms import SlopePenalty

__all__ = ["ClosedForm"]


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the matrix products are taken of: kinds of B rows each, one below the other.

    Scored kinds are states with wrong labels, if they are shown, real and generated states. The
    points of a penalty come last.

    Args:
        entry: views of the states, ``(kinds, K)``; real ones stand there once unless the view sees
            the label. Below them is room for the slopes at the points.
        conditions: the label of each scored row as numbers, ``(scored, L)``.
        mixes: the share of the real state in the points of each kind.
        size: B.
        n_entered: kinds of views in the entry.
        n_scored: kinds that are scored.
    """

    entry: Tensor
    conditions: Tensor
    mixes: tuple[Tensor | float, ...]
    size: int
    n_entered: int
    n_scored: int

    @property
    def views(self) -> Tensor:
        """The views of the states."""
        return self.entry[: self.n_entered * self.size]

    @property
    def slopes(self) -> Tensor:
        """The room for the slopes at the points."""
        return self.entry[self.n_entered * self.size :]

    @property
    def scored(self) -> int:
        """The number of rows that are scored."""
        return self.n_scored * self.size


class ClosedForm:
    """Loss and gradient of the discriminator's update, for a game without ``why_autograd``.

    With activations ``a_l = f(W_l a_{l-1} + b_l)`` and the score ``s = w . a_L + b``, the gradient
    of a loss of the scores is the usual backward pass: ``d_L = s' w f'_L``, ``d_{l-1} = (d_l W_l)
    f'_{l-1}`` and ``dW_l = d_l^T a_{l-1}``. The slope of the score at a point, ``g = u_1 W_1``, is
    the same recursion with ``s' = 1``. A penalty ``p(|g|)`` sends ``t_0 = p' g / |g|`` through the
    linearised network, ``t_l = (t_{l-1} W_l^T) f'_l``, and adds ``u_l^T t_{l-1}`` to dW_l. So the
    points of a penalty are further rows of the same matrix products. In the first layer, real
    states with right and with wrong labels share their products, and points between two states need
    none of their own.

    Args:
        game: what is played.

    Attributes:
        gradients: the gradient of each parameter of the head, as the last call of :meth:`loss` left
            it.

    Raises:
        QganError: if the head is no perceptron.
    """

    def __init__(self, game: Game) -> None:
        head = game.discriminator.head
        net = head.perceptron()
        if net is None:
            raise errors.argument("game", "must have a perceptron as head", type(head).__name__)
        self.game = game
        self.net: Perceptron = net
        self.penalty = next((t for t in game.terms if isinstance(t, SlopePenalty)), None)
        sizes = [parameter.numel() for parameter in head.parameters()]
        self._flat = net.last.weight.new_zeros(sum(sizes))
        parts = zip(self._flat.split(sizes), head.parameters(), strict=True)
        self.gradients: dict[Tensor, Tensor] = {like: part.view_as(like) for part, like in parts}

    @torch.no_grad()
    def loss(self, fixed: CriticRound, rng: torch.Generator) -> Float[Tensor, ""] | None:
        """The discriminator's loss; its gradients stand in :attr:`gradients` afterwards.

        Args:
            fixed: B real and B generated states, with their views.
            rng: source of the points of a penalty.

        Returns:
            The loss; None if it or a gradient is not finite.
        """
        rows = self._rows(fixed, rng)
        layers = self._layers(rows)
        loss, pulls = self._pulls(rows, layers[-1])
        back = self._back(layers, pulls)
        if self.penalty is not None:
            loss = loss + self._penalty(self.penalty, rows, layers, back)
        self._collect(rows, layers, pulls, back)
        return loss if math.isfinite(float(self._flat.sum() + loss)) else None

    def _rows(self, fixed: CriticRound, rng: torch.Generator) -> _Rows:
        """The rows, with their views."""
        like, views = self.net.last.weight, fixed.views
        assert views is not None  # a view that is trained has no closed form
        n_entered, size, n_features = views.shape
        labels = [fixed.batch.label, fixed.batch.label]
        if fixed.wrong_label is not None:
            labels.insert(0, fixed.wrong_label)
        conditions = condition(torch.cat(labels), self.net.n_labels).to(like)
        mixes = () if self.penalty is None else self.penalty.places(size, rng)
        entry = like.new_empty((n_entered + len(mixes)) * size, n_features)
        entry[: n_entered * size].view_as(views).copy_(views)
        return _Rows(entry, conditions, mixes, size, n_entered, len(labels))

    def _layers(self, rows: _Rows) -> list[Tensor]:
        """The activations ``a_1 .. a_L`` of all rows."""
        net = self.net
        first, like = net.hidden[0], net.last.weight
        by_view, by_label = self._parts(first.weight)
        view_parts = (rows.views @ by_view.T).split(rows.size)
        label_parts = torch.addmm(first.bias, rows.conditions, by_label.T).split(rows.size)
        real, fake = view_parts[-2:]
        scored_parts = view_parts if rows.n_entered == rows.n_scored else (real, real, fake)
        layer = like.new_empty((rows.n_scored + len(rows.mixes)) * rows.size, len(first.weight))
        blocks = layer.split(rows.size)
        for block, view, label in zip(blocks, scored_parts, label_parts, strict=False):
            torch.add(view, label, out=block)
        for block, mix in zip(blocks[rows.n_scored :], rows.mixes, strict=True):
            share = mix.to(like) if isinstance(mix, Tensor) else mix
            torch.add(torch.lerp(fake, real, share), label_parts[-1], out=block)
        layers = [functional.leaky_relu_(layer, net.slope)]
        for hidden in net.hidden[1:]:
            above = torch.addmm(hidden.bias, layers[-1], hidden.weight.T)
            layers.append(functional.leaky_relu_(above, net.slope))
        return layers

    def _parts(self, first: Tensor) -> tuple[Tensor, ...]:
        """What is of the view, and of the label, in the first layer's weights or their gradient."""
        return first.tensor_split([-self.net.n_labels], dim=1)

    def _pulls(self, rows: _Rows, top: Tensor) -> tuple[Tensor, Tensor]:
        """The objective's loss, and what each row's score weighs: in the loss, or 1 at a point."""
        last, game = self.net.last, self.game
        scores = torch.addmv(last.bias, top[: rows.scored], last.weight[0]).split(rows.size)
        wrong = scores[0] if len(scores) == 3 else None
        loss, by_score = game.objective.score_gradients(
            scores[-2], scores[-1], wrong, game.mismatched_share
        )
        ones = top.new_ones(len(top) - rows.scored)
        return loss, torch.cat([*by_score[2:], *by_score[:2], ones])

    def _back(self, layers: list[Tensor], pulls: Tensor) -> list[Tensor]:
        """The derivatives ``d_1 .. d_L`` of the scores, times their weights, of all rows."""
        back = [self._bend(torch.outer(pulls, self.net.last.weight[0]), layers[-1])]
        for hidden, layer in zip(self.net.hidden[:0:-1], layers[-2::-1], strict=True):
            back.insert(0, self._bend(back[0] @ hidden.weight, layer))
        return back

    def _penalty(
        self, penalty: SlopePenalty, rows: _Rows, layers: list[Tensor], back: list[Tensor]
    ) -> Tensor:
        """The penalty; its pull on the slopes takes the place of the points in entry and layers."""
        by_view, _ = self._parts(self.net.hidden[0].weight)
        slope = torch.mm(back[0][rows.scored :], by_view, out=rows.slopes)
        slopes = torch.linalg.vector_norm(slope, dim=1)
        factor = penalty.slope_gradients(slopes) / slopes
        slope.mul_(torch.where(slopes > 0, factor, 0.0)[:, None])
        weights = by_view, *(hidden.weight for hidden in self.net.hidden[1:])
        for weight, layer in zip(weights, layers, strict=True):
            points = layer[rows.scored :]
            slope = points.copy_(self._bend(slope @ weight.T, points))
        return penalty.of_slopes(slopes)

    def _collect(
        self, rows: _Rows, layers: list[Tensor], pulls: Tensor, back: list[Tensor]
    ) -> None:
        """The gradients of all parameters, from the rows of all kinds."""
        net, into, scored = self.net, self.gradients, rows.scored
        torch.mv(layers[-1].T, pulls, out=into[net.last.weight][0])
        torch.sum(pulls[:scored], 0, keepdim=True, out=into[net.last.bias])
        for hidden, below, above in zip(net.hidden[1:], layers, back[1:], strict=False):
            torch.mm(above.T, below, out=into[hidden.weight])
            torch.sum(above[:scored], 0, out=into[hidden.bias])
        first, lowest = net.hidden[0], back[0]
        torch.sum(lowest[:scored], 0, out=into[first.bias])
        by_view, by_label = self._parts(into[first.weight])
        torch.mm(lowest[:scored].T, rows.conditions, out=by_label)
        if rows.n_entered < rows.n_scored:  # real states that are scored with two labels
            lowest[rows.size : 2 * rows.size] += lowest[: rows.size]
            lowest = lowest[rows.size :]
        torch.mm(lowest.T, rows.entry, out=by_view)

    def _bend(self, gradient: Tensor, after: Tensor) -> Tensor:
        """A gradient behind a leaky ReLU as one before it; the ReLU keeps the sign."""
        bent: Tensor = torch.ops.aten.leaky_relu_backward(gradient, after, self.net.slope, True)
        return bent
