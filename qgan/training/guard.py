"""The guard of updates: one whose loss or gradient is not finite is not taken."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from qgan import errors
from qgan.game import Summands

__all__ = ["Fault", "Guard", "NonFiniteError", "broken", "culprit", "total"]

MOST_IN_A_ROW = 100
"""Updates refused one after the other before training stops, whatever the policy."""


@dataclass(frozen=True)
class Fault:
    """An update that was not taken.

    Args:
        player: "discriminator" or "generator".
        what: "loss" or "gradient", whichever is not finite.
        value: "nan" or "inf".
        culprit: the objective or the term it comes from.
        step: the generator step.
        state: what led there: weights before the update, random state, batch.
    """

    player: str
    what: str
    value: str
    culprit: str
    step: int
    state: dict[str, Any]

    def __str__(self) -> str:
        where = f"{self.player}_{self.what} is {self.value} at step {self.step}"
        return f"{where}, from {self.culprit}"


class NonFiniteError(errors.QganError):
    """Training stopped at a loss or a gradient that is not finite."""

    def __init__(self, fault: Fault, why: str) -> None:
        super().__init__(f"{fault}: {why}.")
        self.fault = fault


class Guard:
    """Decides what follows a fault.

    Args:
        policy: "stop", "skip" (the update is left out), or "halve-rate" (and both learning rates
            are halved for the rest of the training).

    Attributes:
        factor: on the learning rates.
        refused: updates that were not taken so far.
        on_fault: called with each fault before anything else happens.
    """

    def __init__(self, policy: str) -> None:
        self.policy = policy
        self.factor = 1.0
        self.refused = 0
        self.on_fault: Callable[[Fault], None] | None = None
        self._in_a_row = 0

    def passed(self) -> None:
        """An update was taken."""
        self._in_a_row = 0

    def refuse(self, fault: Fault) -> None:
        """An update was not taken.

        Raises:
            NonFiniteError: if that stops the training.
        """
        if self.on_fault is not None:
            self.on_fault(fault)
        self.refused += 1
        self._in_a_row += 1
        if self.policy == "stop":
            raise NonFiniteError(fault, "training stopped")
        if self._in_a_row >= MOST_IN_A_ROW:
            raise NonFiniteError(fault, f"training stopped after {MOST_IN_A_ROW} in a row")
        if self.policy == "halve-rate":
            self.factor /= 2

    def state_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {"factor": self.factor, "refused": self.refused, "in_a_row": self._in_a_row}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
        self.factor, self.refused = state["factor"], state["refused"]
        self._in_a_row = state["in_a_row"]


def total(summands: Summands) -> Tensor:
    """The loss: the sum of its summands, in their order."""
    loss, *rest = summands.values()
    for summand in rest:
        loss = loss + summand
    return loss


def broken(loss: Tensor, gradients: Sequence[Tensor | None]) -> tuple[str, str] | None:
    """What is not finite, "loss" or "gradient", and which of nan and inf it is; None if all is.

    Example:
        >>> broken(torch.tensor(1.0), [torch.tensor([0.0, torch.inf]), None])
        ('gradient', 'inf')
    """
    entries = [g.flatten() for g in gradients if g is not None and g.numel()]
    if entries and math.isfinite(float(torch.cat(entries).sum() + loss.detach())):
        return None  # as good as always
    extremes = torch.aminmax(torch.cat(entries)) if entries else ()  # NaN if any entry is
    values = torch.stack([loss.detach(), *(extreme.to(loss) for extreme in extremes)])
    finite = torch.isfinite(values)
    if bool(finite.all()):
        return None
    what = "gradient" if bool(finite[0]) else "loss"
    first = values[~finite][0]
    return what, "nan" if bool(first.isnan()) else "inf"


def culprit(summands: Summands, parameters: Sequence[Tensor]) -> str:
    """Name of the first summand whose value or gradient is not finite."""
    for name, summand in summands.items():
        gradients: Sequence[Tensor | None] = ()
        if summand.requires_grad:
            gradients = torch.autograd.grad(
                summand, parameters, retain_graph=True, allow_unused=True
            )
        if broken(summand, gradients) is not None:
            return name
    return "the sum of " + ", ".join(summands)
