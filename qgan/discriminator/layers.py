"""Layers that heads are made of, with seeded weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils import parametrizations

from qgan import errors


def linear(
    n_in: int, n_out: int, spectral: bool = False, generator: torch.Generator | None = None
) -> nn.Module:
    """A linear layer, uniform within ``1 / sqrt(n_in)``; spectral: divided by its norm.

    References:
        Miyato et al., arXiv:1802.05957, eq. 8 and algorithm 1 (power iteration).
    """
    layer = nn.Linear(n_in, n_out)
    bound = n_in**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    nn.init.uniform_(layer.bias, -bound, bound, generator=generator)
    if not spectral:
        return layer
    with torch.random.fork_rng(devices=[]):  # the iteration starts at a random vector
        torch.manual_seed(0)
        return parametrizations.spectral_norm(layer)


def trunk(
    n_in: int,
    hidden: Sequence[int],
    spectral: bool = False,
    generator: torch.Generator | None = None,
) -> nn.Sequential:
    """Linear layers, each followed by a leaky ReLU.

    Raises:
        QganError: for widths below 1.
    """
    if not hidden or min(hidden) < 1:
        raise errors.argument("hidden", "must be widths of at least 1", tuple(hidden))
    layers: list[nn.Module] = []
    for width, size in zip((n_in, *hidden), hidden, strict=False):
        layers += [linear(width, size, spectral, generator), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers)


def like(module: nn.Module) -> torch.dtype:
    """The precision that a module computes in."""
    return next(module.parameters()).dtype
