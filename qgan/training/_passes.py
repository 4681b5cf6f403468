"""What the closed form does between its matrix products: by compiled loops or by torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from qgan.discriminator import Perceptron
from qgan.training._rows import Rows

__all__ = ["InLoops", "InTorch", "Passes", "compiles"]


@runtime_checkable
class Passes(Protocol):
    """The passes over some rows; each works in place."""

    def enter(self) -> None:
        """The first layer's activations, from the products with the views."""

    def rise(self, place: int) -> None:
        """A layer's activations, from the products that stand in their place."""

    def descend(self, place: int) -> None:
        """``d_l``, from ``d_{l+1} W_{l+1}`` in its place, and the gradient of the layer's bias.

        In the place of ``d_L`` stand the pulls times the weights of the last layer.
        """

    def leave(self) -> None:
        """The gradient of what labels add; rows of d_1 that share a view are added up."""

    def push(self, lengths: Tensor, pulls: Tensor) -> None:
        """``t_0 = p'(|g|) g / |g|``, from the slopes g, their lengths and p'."""

    def follow(self, place: int) -> None:
        """``t_l``, from ``t_{l-1} W_l^T``, in the place of the points' activations."""


class InTorch:
    """The passes as operations of torch, on any device.

    Args:
        net: the perceptron.
        rows: where everything stands.
        gradients: where the gradients of the perceptron's parameters are to stand.
    """

    def __init__(self, net: Perceptron, rows: Rows, gradients: Mapping[Tensor, Tensor]) -> None:
        self.net, self.rows, self.gradients = net, rows, gradients

    def enter(self) -> None:
        """See :class:`Passes`."""
        rows, net, first = self.rows, self.net, self.net.hidden[0]
        by_label = first.weight[:, -net.n_labels :]
        view_parts = rows.products.split(rows.size)
        label_parts = torch.addmm(first.bias, rows.conditions, by_label.T).split(rows.size)
        real, fake = view_parts[-2:]
        scored_parts = (real, *view_parts) if rows.n_shared else view_parts
        blocks = rows.layers[0].split(rows.size)
        for block, view, label in zip(blocks, scored_parts, label_parts, strict=False):
            torch.add(view, label, out=block)
        for block, shares in zip(blocks[rows.n_scored :], rows.shares, strict=True):
            torch.add(torch.lerp(fake, real, shares[:, None]), label_parts[-1], out=block)
        functional.leaky_relu_(rows.layers[0], net.slope)

    def rise(self, place: int) -> None:
        """See :class:`Passes`."""
        layer = self.rows.layers[place].add_(self.net.hidden[place].bias)
        functional.leaky_relu_(layer, self.net.slope)

    def descend(self, place: int) -> None:
        """See :class:`Passes`."""
        rows, back = self.rows, self.rows.back[place]
        back.copy_(self._bend(back, rows.layers[place]))
        torch.sum(back[: rows.scored], 0, out=self.gradients[self.net.hidden[place].bias])

    def leave(self) -> None:
        """See :class:`Passes`."""
        rows, lowest = self.rows, self.rows.back[0]
        by_label = self.gradients[self.net.hidden[0].weight][:, -self.net.n_labels :]
        by_label.copy_(lowest[: rows.scored].T @ rows.conditions)
        lowest[rows.size : rows.size + rows.n_shared] += lowest[: rows.n_shared]

    def push(self, lengths: Tensor, pulls: Tensor) -> None:
        """See :class:`Passes`."""
        self.rows.slopes.mul_(torch.where(lengths > 0, pulls / lengths, 0.0)[:, None])

    def follow(self, place: int) -> None:
        """See :class:`Passes`."""
        points = self.rows.points[place]
        points.copy_(self._bend(self.rows.turned[place], points))

    def _bend(self, gradient: Tensor, after: Tensor) -> Tensor:
        """A gradient behind a leaky ReLU as one before it; the ReLU keeps the sign."""
        bent: Tensor = torch.ops.aten.leaky_relu_backward(gradient, after, self.net.slope, True)
        return bent


class InLoops:
    """The passes as compiled loops, on a CPU in single or double precision.

    Args:
        net: the perceptron.
        rows: where everything stands.
        gradients: where the gradients of the perceptron's parameters are to stand.
    """

    def __init__(self, net: Perceptron, rows: Rows, gradients: Mapping[Tensor, Tensor]) -> None:
        from qgan.engines.batched.numba_loops import updates  # imports numba

        self._loops, self._size, self._n_shared = updates, rows.size, rows.n_shared
        self._scored = rows.scored
        self._products, self._conditions = _array(rows.products), _array(rows.conditions)
        self._shares = _array(rows.shares)
        self._slopes = _array(rows.slopes)
        self._layers, self._back = _arrays(rows.layers), _arrays(rows.back)
        self._points, self._turned = _arrays(rows.points), _arrays(rows.turned)
        self._weight, self._of_weight = _pair(net.hidden[0].weight, gradients)
        self._biases = [_pair(layer.bias, gradients) for layer in net.hidden]
        self._slope = self._shares.dtype.type(net.slope)

    def enter(self) -> None:
        """See :class:`Passes`."""
        self._loops.enter(
            self._products, self._conditions, self._shares, self._weight, self._biases[0][0],
            self._slope, self._layers[0], self._size,
        )  # fmt: skip

    def rise(self, place: int) -> None:
        """See :class:`Passes`."""
        self._loops.rise(self._layers[place], self._biases[place][0], self._slope)

    def descend(self, place: int) -> None:
        """See :class:`Passes`."""
        self._loops.descend(
            self._layers[place], self._slope, self._scored, self._back[place],
            self._biases[place][1],
        )  # fmt: skip

    def leave(self) -> None:
        """See :class:`Passes`."""
        self._loops.leave(
            self._back[0], self._conditions, self._of_weight, self._size, self._n_shared
        )

    def push(self, lengths: Tensor, pulls: Tensor) -> None:
        """See :class:`Passes`."""
        self._loops.push(self._slopes, lengths.numpy(), pulls.to(lengths).numpy())

    def follow(self, place: int) -> None:
        """See :class:`Passes`."""
        self._loops.follow(self._turned[place], self._slope, self._points[place])


def compiles(like: Tensor) -> bool:
    """Whether compiled loops serve numbers of this kind."""
    return like.device.type == "cpu" and like.dtype in (torch.float32, torch.float64)


def _array(numbers: Tensor) -> NDArray[Any]:
    return numbers.detach().numpy()


def _arrays(tensors: Any) -> list[NDArray[Any]]:
    return [_array(tensor) for tensor in tensors]


def _pair(
    parameter: Tensor, gradients: Mapping[Tensor, Tensor]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """A parameter and where its gradient is to stand."""
    return _array(parameter), _array(gradients[parameter])
