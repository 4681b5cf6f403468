"""The discriminator's update in closed form: its loss and the gradient, without autograd.

For a perceptron on a fixed view both are a few matrix products. Autograd takes about sixty
operations for them, most of which cost more than the arithmetic in them. Here torch takes the
products, and compiled loops do what lies between them, in memory that serves every update.
"""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.discriminator import Perceptron
from qgan.game import CriticRound, Game
from qgan.labels import condition
from qgan.terms import SlopePenalty
from qgan.training._passes import InLoops, InTorch, Passes, compiles
from qgan.training._rows import Rows

__all__ = ["ClosedForm"]


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
        compiled: whether compiled loops do what lies between the products, where they serve; False
            takes the operations of torch that do it on CUDA.

    Attributes:
        gradients: the gradient of each parameter of the head, as the last call of :meth:`loss` left
            it.

    Raises:
        QganError: if the head is no perceptron.
    """

    def __init__(self, game: Game, compiled: bool = True) -> None:
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
        self._compiled = compiled and compiles(net.last.weight)
        self._kept: tuple[tuple[int, ...], Rows, Passes] | None = None

    @torch.no_grad()
    def loss(self, fixed: CriticRound, rng: torch.Generator) -> Float[Tensor, ""] | None:
        """The discriminator's loss; its gradients stand in :attr:`gradients` afterwards.

        Args:
            fixed: B real and B generated states, with their views.
            rng: source of the points of a penalty.

        Returns:
            The loss; None if it or a gradient is not finite.
        """
        mixes = () if self.penalty is None else self.penalty.places(len(fixed), rng)
        rows, passes = self._room(fixed, len(mixes))
        self._fill(rows, fixed, mixes)
        self._rise(rows, passes)
        loss = self._pull(rows)
        self._descend(rows, passes)
        if self.penalty is not None:
            loss = loss + self._penalty(self.penalty, rows, passes)
        self._collect(rows)
        return loss if math.isfinite(float(self._flat.sum() + loss)) else None

    def _room(self, fixed: CriticRound, n_mixes: int) -> tuple[Rows, Passes]:
        """Memory for an update of this size, and the passes over it; both are kept.

        The passes hold the memory of the parameters, which may have moved.
        """
        assert fixed.views is not None  # a view that is trained has no closed form
        labels = 2 if fixed.wrong_label is None else 3
        key = (*fixed.views.shape, labels, *(p.data_ptr() for p in self.gradients))
        if self._kept is None or self._kept[0] != key:
            n_entered, size = fixed.views.shape[:2]
            rows = Rows.of(self.net, n_entered, size, labels, n_mixes)
            kind = InLoops if self._compiled else InTorch
            self._kept = key, rows, kind(self.net, rows, self.gradients)
        return self._kept[1:]

    def _fill(self, rows: Rows, fixed: CriticRound, mixes: tuple[Tensor | float, ...]) -> None:
        """Write what is known of the states: their views, their labels and where points lie."""
        assert fixed.views is not None
        labels = [fixed.batch.label, fixed.batch.label]
        if fixed.wrong_label is not None:
            labels.insert(0, fixed.wrong_label)
        label = torch.cat(labels)
        if label.is_floating_point():
            rows.conditions.copy_(condition(label, self.net.n_labels))
        else:  # the same, in the memory that is there
            rows.conditions.zero_().scatter_(1, label[:, None], 1.0)
        rows.views.view_as(fixed.views).copy_(fixed.views)
        for shares, mix in zip(rows.shares, mixes, strict=True):
            if isinstance(mix, Tensor):
                shares.copy_(mix[:, 0])
            else:
                shares.fill_(mix)

    def _rise(self, rows: Rows, passes: Passes) -> None:
        """The activations ``a_1 .. a_L`` of all rows."""
        torch.mm(rows.views, self._by_view().T, out=rows.products)
        passes.enter()
        for place, hidden in enumerate(self.net.hidden[1:], start=1):
            torch.mm(rows.layers[place - 1], hidden.weight.T, out=rows.layers[place])
            passes.rise(place)

    def _by_view(self) -> Tensor:
        """What is of the view in the first layer's weights."""
        return self.net.hidden[0].weight[:, : -self.net.n_labels]

    def _pull(self, rows: Rows) -> Tensor:
        """The objective's loss; what each row's score weighs in it stands in the pulls."""
        last, game = self.net.last, self.game
        top = rows.layers[-1][: rows.scored]
        scores = torch.addmv(last.bias, top, last.weight[0]).split(rows.size)
        wrong = scores[0] if len(scores) == 3 else None
        loss, by_score = game.objective.score_gradients(
            scores[-2], scores[-1], wrong, game.mismatched_share
        )
        torch.cat([*by_score[2:], *by_score[:2]], out=rows.pulls[: rows.scored])
        torch.sum(rows.pulls[: rows.scored], 0, keepdim=True, out=self.gradients[last.bias])
        return loss

    def _descend(self, rows: Rows, passes: Passes) -> None:
        """The derivatives ``d_1 .. d_L`` of the scores, times their weights, of all rows."""
        torch.outer(rows.pulls, self.net.last.weight[0], out=rows.back[-1])
        for place in range(len(self.net.hidden) - 1, 0, -1):
            passes.descend(place)
            torch.mm(rows.back[place], self.net.hidden[place].weight, out=rows.back[place - 1])
        passes.descend(0)
        passes.leave()

    def _penalty(self, penalty: SlopePenalty, rows: Rows, passes: Passes) -> Tensor:
        """The penalty; its pull on the slopes takes the place of the points in entry and layers."""
        by_view = self._by_view()
        torch.mm(rows.back[0][rows.scored :], by_view, out=rows.slopes)
        lengths = torch.linalg.vector_norm(rows.slopes, dim=1)
        passes.push(lengths, penalty.slope_gradients(lengths))
        weights = by_view, *(hidden.weight for hidden in self.net.hidden[1:])
        below = rows.slopes
        for place, weight in enumerate(weights):
            torch.mm(below, weight.T, out=rows.turned[place])
            passes.follow(place)
            below = rows.points[place]
        return penalty.of_slopes(lengths)

    def _collect(self, rows: Rows) -> None:
        """The gradients of all weights, from the rows of all kinds."""
        net, into = self.net, self.gradients
        torch.mv(rows.layers[-1].T, rows.pulls, out=into[net.last.weight][0])
        for place, hidden in enumerate(net.hidden[1:], start=1):
            torch.mm(rows.back[place].T, rows.layers[place - 1], out=into[hidden.weight])
        by_view = into[net.hidden[0].weight][:, : -net.n_labels]
        torch.mm(rows.back[0][rows.n_shared :].T, rows.entry, out=by_view)
