"""Adam by torch's own kernel, without the class around it.

torch.optim.Adam imports torch's compiler when it is made, which takes two seconds and 100 MiB, and
its Python takes longer at every step than the arithmetic in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["Adam"]

EPSILON = 1e-8


class Adam:
    """``p -= rate m / (sqrt(v) + eps)``: m and v are unbiased means of ``g`` and ``g^2``.

    Groups, state and checkpoints are those of torch.optim.Adam. A parameter whose ``grad`` is None
    stays as it is.

    Args:
        groups: each with ``params`` and the rate ``lr``.
        betas: the decays of the two means.

    References:
        Kingma and Ba, arXiv:1412.6980, algorithm 1.

    Example:
        >>> parameter = torch.nn.Parameter(torch.ones(2))
        >>> parameter.grad = torch.tensor([3.0, -1.0])
        >>> Adam([{"params": [parameter], "lr": 0.5}], (0.5, 0.9)).step()
        >>> parameter.tolist()
        [0.5, 1.5]
    """

    def __init__(self, groups: Sequence[dict[str, Any]], betas: tuple[float, float]) -> None:
        self.param_groups = [{**group, "betas": betas} for group in groups]
        self.state: dict[Tensor, dict[str, Tensor]] = {}
        self._counts: list[Tensor] = []
        self._steps: dict[Tensor, Tensor] = {}
        for parameters in (group["params"] for group in self.param_groups):
            counts = torch.zeros(len(parameters), device=parameters[0].device)
            self._counts.append(counts)  # of the steps of each parameter
            self._steps |= zip(parameters, counts, strict=True)

    @torch.no_grad()
    def step(self) -> None:
        """Move each parameter by its gradient."""
        for group, counts in zip(self.param_groups, self._counts, strict=True):
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not moved:
                continue
            states = [self.state.get(parameter) or self._begin(parameter) for parameter in moved]
            steps = [moments["step"] for moments in states]
            if len(steps) == len(counts):
                counts.add_(1.0)  # one operation for all
            else:
                torch._foreach_add_(steps, 1.0)
            torch._fused_adam_(
                moved,
                [parameter.grad for parameter in moved],
                [moments["exp_avg"] for moments in states],
                [moments["exp_avg_sq"] for moments in states],
                [],  # the largest second moments, which the variant AMSGrad keeps
                steps,
                lr=group["lr"],
                beta1=group["betas"][0],
                beta2=group["betas"][1],
                weight_decay=0.0,
                eps=EPSILON,
                amsgrad=False,
                maximize=False,
            )

    def _begin(self, parameter: Tensor) -> dict[str, Tensor]:
        """The moments of a parameter that has not moved yet."""
        self.state[parameter] = {
            "step": self._steps[parameter],
            "exp_avg": torch.zeros_like(parameter),
            "exp_avg_sq": torch.zeros_like(parameter),
        }
        return self.state[parameter]

    def state_dict(self) -> dict[str, Any]:
        """The moments and the groups; parameters are numbers, in the order of the groups."""
        parameters = [p for group in self.param_groups for p in group["params"]]
        places = {parameter: place for place, parameter in enumerate(parameters)}
        groups = [
            {**group, "params": [places[parameter] for parameter in group["params"]]}
            for group in self.param_groups
        ]
        state = {places[parameter]: dict(moments) for parameter, moments in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the :meth:`state_dict` of an optimiser of as many parameters.

        Raises:
            KeyError: if an entry is missing.
            ValueError: if groups or parameters differ in number.
        """
        sizes = [len(group["params"]) for group in state["param_groups"]]
        if sizes != [len(group["params"]) for group in self.param_groups]:
            raise ValueError(f"groups have {sizes} parameters")
        parameters = [p for group in self.param_groups for p in group["params"]]
        if not set(state["state"]) <= set(range(len(parameters))):
            raise ValueError(f"there are {len(parameters)} parameters")
        moments = {parameters[place]: dict(kept) for place, kept in state["state"].items()}
        steps = {parameter: float(kept["step"]) for parameter, kept in moments.items()}
        for group, stored in zip(self.param_groups, state["param_groups"], strict=True):
            group.update({k: v for k, v in stored.items() if k != "params"})
        for parameter in parameters:
            self._steps[parameter].fill_(steps.get(parameter, 0.0))
        self.state = {
            parameter: {
                "step": self._steps[parameter],
                "exp_avg": kept["exp_avg"].to(parameter, copy=True),
                "exp_avg_sq": kept["exp_avg_sq"].to(parameter, copy=True),
            }
            for parameter, kept in moments.items()
        }
