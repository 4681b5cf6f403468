"""Layers that heads are made of; their weights come from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from qgan import errors

__all__ = ["dtype_of", "input_gradient", "linear", "trunk"]


def linear(
    n_in: int, n_out: int, spectral: bool = False, rng: torch.Generator | None = None
) -> nn.Module:
    """A linear layer whose weights are uniform within ``1 / sqrt(n_in)``.

    Args:
        n_in: numbers in.
        n_out: numbers out.
        spectral: whether the weights are divided by their spectral norm.
        rng: seeded source of the weights.

    References:
        Miyato et al., arXiv:1802.05957, eq. 8 and algorithm 1 (power iteration).
    """
    layer = nn.Linear(n_in, n_out)
    bound = n_in**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=rng)
    nn.init.uniform_(layer.bias, -bound, bound, generator=rng)
    if not spectral:
        return layer
    with torch.random.fork_rng(devices=[]):  # the iteration starts at a random vector
        torch.manual_seed(0)
        return parametrizations.spectral_norm(layer)


def trunk(
    n_in: int,
    hidden: Sequence[int],
    spectral: bool = False,
    rng: torch.Generator | None = None,
) -> nn.Sequential:
    """Linear layers, each followed by a leaky ReLU.

    Raises:
        QganError: for widths below 1.
    """
    if not hidden or min(hidden) < 1:
        raise errors.argument("hidden", "must be widths of at least 1", tuple(hidden))
    layers: list[nn.Module] = []
    for width, size in zip((n_in, *hidden), hidden, strict=False):
        layers += [linear(width, size, spectral, rng), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


def input_gradient(layers: nn.Sequential, entry: Tensor) -> Tensor | None:
    """``d y / d entry``, ``(B, n_in)``, of linear layers and leaky ReLUs that end in one number y.

    It is ``w_L D_L ... W_2 D_1 W_1``, where D holds the slopes of a ReLU at its entry. The slopes
    are constant almost everywhere, so that the gradient depends on the weights through W alone: a
    loss of it needs one derivative where autograd would take two.

    Args:
        layers: the network.
        entry: where the gradient is taken, ``(B, n_in)``; nothing is differentiated through it.

    Returns:
        The gradient, differentiable in the weights; None for other layers, or where a layer's
        weights are computed from its parameters.
    """
    *body, last = layers.children()
    if any(type(layer) not in (nn.Linear, nn.LeakyReLU) for layer in (*body, last)):
        return None
    slopes: list[Tensor] = []
    with torch.no_grad():
        for layer in body:
            if isinstance(layer, nn.LeakyReLU):
                below = entry.new_tensor(layer.negative_slope)
                slopes.append(torch.where(entry > 0, torch.ones_like(below), below))
            entry = layer(entry)
    gradient: Tensor = last.weight  # type: ignore[assignment]
    for layer in reversed(body):
        if isinstance(layer, nn.Linear):
            gradient = gradient @ layer.weight
        else:
            gradient = gradient * slopes.pop()
    return gradient.expand(len(entry), -1)


def dtype_of(module: nn.Module) -> torch.dtype:
    """The precision that a module computes in."""
    return next(module.parameters()).dtype
