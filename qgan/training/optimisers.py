"""The optimiser that a configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from qgan.config import TrainerConfig


def make_optimiser(
    config: TrainerConfig, groups: Sequence[dict[str, Any]]
) -> torch.optim.Optimizer:
    """Adam, or RMSProp, which has no momentum: clipped critics are not stationary.

    Args:
        config: which optimiser, and Adam's betas.
        groups: parameters, each group with its rate ``lr``.
    """
    if config.optimiser == "rmsprop":
        return torch.optim.RMSprop(groups)
    return torch.optim.Adam(groups, betas=config.betas, fused=True)
