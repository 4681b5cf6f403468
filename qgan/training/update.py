"""One update of a player, unless its loss or its gradient is not finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from qgan.batch import Batch
from qgan.states import StateSource
from qgan.training.guard import Fault, Parts, broken, culprit, total
from qgan.training.state import study

if TYPE_CHECKING:
    from qgan.training.trainer import Trainer


def update(
    trainer: Trainer,
    player: str,
    parts: Callable[[], Parts],
    shown: tuple[Batch, StateSource | None, Tensor],
) -> Tensor | None:
    """Differentiate a player's loss and let its optimiser take a step.

    Args:
        trainer: whose player it is.
        player: "discriminator" or "generator".
        parts: computes the loss, part by part; called again to find what is not finite.
        shown: the batch, generated states and latents it is computed from.

    Returns:
        The loss; None if no update was made, since loss or gradient is not finite.

    Raises:
        NonFiniteError: if that is to stop the training.
    """
    before = trainer.random.get_state()
    loss = total(parts())
    optimiser = trainer.optimisers[player]
    parameters = [p for group in optimiser.param_groups for p in group["params"]]
    # The other player takes no gradient here, whether or not it could.
    gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    fault = broken(loss, gradients)
    if fault is not None:
        after = trainer.random.get_state()
        trainer.random.set_state(before)
        seen = study(trainer, shown)
        name = culprit(parts(), parameters)
        trainer.random.set_state(after)
        trainer.guard.refuse(Fault(player, *fault, name, trainer.step, seen))
        return None
    trainer.guard.passed()
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient
    optimiser.step()
    return loss.detach()
