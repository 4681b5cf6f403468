"""The optimiser that a configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from qgan.config import TrainerConfig

__all__ = ["make_optimiser"]


def make_optimiser(
    config: TrainerConfig, groups: Sequence[dict[str, Any]]
) -> torch.optim.Optimizer:
    """Adam, or RMSProp, which has no momentum: clipped critics are not stationary.

    Args:
        config: which optimiser, and Adam's betas.
        groups: parameters, each group with its rate ``lr``, which is kept as ``initial_lr`` for a
            schedule to start from; empty groups are left out.
    """
    groups = [group for group in groups if group["params"]]
    if config.optimiser == "rmsprop":
        optimiser: torch.optim.Optimizer = torch.optim.RMSprop(groups)
    else:
        optimiser = torch.optim.Adam(groups, betas=config.betas, fused=True)
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    return optimiser
