"""Sources of chance from a seed."""

from __future__ import annotations

from typing import Any

import torch

from qgan import errors

__all__ = ["seeded"]


def seeded(seed: Any, device: Any = "cpu") -> torch.Generator:
    """A random generator that starts from a seed.

    Args:
        seed: an integer of 64 bits, from -2^63 to 2^64 - 1, NumPy's included.
        device: where its numbers are drawn.

    Raises:
        QganError: if the seed is no integer, or has more bits.
    """
    return torch.Generator(device=device).manual_seed(
        errors.integer("seed", seed, -(2**63), 2**64 - 1)
    )
