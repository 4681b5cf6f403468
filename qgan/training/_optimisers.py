"""The optimiser that a configuration names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from qgan.config import TrainerConfig
from qgan.training._adam import Adam

__all__ = ["Optimiser", "check_moments", "make_optimiser"]

Optimiser = Adam | torch.optim.RMSprop

MOMENTS = {"Adam": ("exp_avg", "exp_avg_sq"), "RMSprop": ("square_avg",)}
"""What an optimiser keeps for each parameter, beside the number of steps."""


def make_optimiser(config: TrainerConfig, groups: Sequence[dict[str, Any]]) -> Optimiser:
    """Adam, or RMSProp, which has no momentum: clipped critics are not stationary.

    Args:
        config: which optimiser, and Adam's betas.
        groups: parameters, each group with its rate ``lr``, which is kept as ``initial_lr`` for a
            schedule to start from; empty groups are left out.
    """
    groups = [group for group in groups if group["params"]]
    if config.optimiser == "rmsprop":
        optimiser: Optimiser = torch.optim.RMSprop(groups)
    else:
        optimiser = Adam(groups, config.betas)
    for group in optimiser.param_groups:
        group["initial_lr"] = group["lr"]
    return optimiser


def check_moments(optimiser: Optimiser) -> None:
    """Refuse a state that has been loaded and does not fit the parameters: torch does not look.

    Raises:
        KeyError: if a moment is missing.
        ValueError: if one has another shape than its parameter.
    """
    names = MOMENTS[type(optimiser).__name__]
    for parameter, kept in optimiser.state.items():
        shapes = {"step": torch.Size([]), **dict.fromkeys(names, parameter.shape)}
        for name, shape in shapes.items():
            if kept[name].shape != shape:
                raise ValueError(f"{name} has shape {tuple(kept[name].shape)} for {tuple(shape)}")
