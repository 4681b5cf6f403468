"""What every training shares: rates, updates, averaging, and the state of a checkpoint."""

from __future__ import annotations

import copy
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from qgan.batch import Batch
from qgan.config import TrainerConfig
from qgan.data import Dataset
from qgan.game import Summands
from qgan.generator import Generator
from qgan.sampler import Drawn
from qgan.seeds import seeded
from qgan.stateful import Stateful
from qgan.states import States
from qgan.training._optimisers import check_moments, make_optimiser
from qgan.training.cost import Cost
from qgan.training.guard import Fault, Guard, broken, culprit, total

__all__ = ["Learner"]


class Learner(ABC):
    """Whatever learns from data in steps: what a session, a judge and a checkpoint need of it.

    Args:
        sampler: what is trained to imitate the data.
        data: where real states come from.
        config: steps, rates and schedules.
        players: for each player the parameters that its optimiser moves, in groups with their
            rates ``lr``; a player without parameters takes no part.
        seed: seed of the order of the data and of all chance in a step.

    Attributes:
        model: the sampler that is judged and saved: the running average of the one that is trained,
            or that one itself where nothing is averaged.
        players: by name the optimiser of each player.
        step: steps taken so far.
        rng: source of latents and of the chance in losses.
        data_rng: source of the order of the data.
        guard: what decides about updates that are not finite.
    """

    def __init__(
        self,
        sampler: Generator,
        data: Dataset,
        config: TrainerConfig,
        players: Mapping[str, Sequence[dict[str, Any]]],
        seed: int,
    ) -> None:
        self.data = data
        self.config = config
        self.step = 0
        self.rng = seeded(seed)
        self.data_rng = np.random.default_rng(seed)
        self.guard = Guard(config.on_nonfinite)
        self.players = {
            name: make_optimiser(config, groups)
            for name, groups in players.items()
            if any(group["params"] for group in groups)
        }
        self.model = copy.deepcopy(sampler) if config.average else sampler
        self._sampler = sampler

    @abstractmethod
    def train_step(self) -> dict[str, float]:
        """One step; returns the loss of each player, NaN where no update was taken.

        Raises:
            NonFiniteError: if a loss or a gradient is not finite and that is to stop the training.
        """

    @abstractmethod
    def cost(self) -> Cost:
        """What a step would cost on a quantum computer."""

    @abstractmethod
    def modules(self) -> dict[str, nn.Module]:
        """The networks and circuits that are trained, by name."""

    @abstractmethod
    def stateful(self) -> list[Stateful]:
        """Whatever else the next step depends on, each once, in an order that does not change."""

    def fit(self, after_step: Callable[[dict[str, float]], None] | None = None) -> None:
        """Train to the last step; ``after_step`` is called with the losses of each step."""
        while self.step < self.config.steps:
            losses = self.train_step()
            if after_step is not None:
                after_step(losses)

    def set_rates(self) -> None:
        """Set the learning rates of this step: a cosine from 1 to ``final_rate`` of the first."""
        c = self.config
        cosine = (1 + math.cos(math.pi * min(1.0, self.step / c.steps))) / 2
        factor = (c.final_rate + (1 - c.final_rate) * cosine) * self.guard.factor
        for optimiser in self.players.values():
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] * factor

    def apply(self, player: str, loss: Callable[..., Summands], *inputs: Any) -> Tensor | None:
        """Differentiate a player's loss and let its optimiser take a step.

        Args:
            player: which one.
            loss: computes the summands of the loss from the inputs; it is called again to find
                which of them is not finite.
            inputs: what the loss is computed from.

        Returns:
            The loss; None if no update was taken, since loss or gradient is not finite.

        Raises:
            NonFiniteError: if that is to stop the training.
        """
        before = self.rng.get_state()
        value = total(loss(*inputs))
        optimiser = self.players[player]
        parameters = [p for group in optimiser.param_groups for p in group["params"]]
        # The other players take no gradient here, whether or not they could.
        gradients = torch.autograd.grad(value, parameters, allow_unused=True)
        fault = broken(value, gradients)
        if fault is not None:
            after = self.rng.get_state()
            self.rng.set_state(before)
            state = self._dump(inputs)
            name = culprit(loss(*self.again(inputs)), parameters)
            self.rng.set_state(after)
            self.guard.refuse(Fault(player, *fault, name, self.step, state))
            return None
        self.guard.passed()
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        optimiser.step()
        return value.detach()

    def again(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The same inputs of a loss with a graph of their own, once the first has been used up."""
        return inputs

    @torch.no_grad()
    def average(self) -> None:
        """Move the model towards the sampler that is trained: ``mean + (1 - decay) (now - mean)``.

        The average forgets its first steps faster, since it starts from untrained weights.
        """
        if self.model is self._sampler:
            return
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.model.parameters(), self._sampler.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on, as tensors and plain data."""
        return {
            "step": self.step,
            **{name: module.state_dict() for name, module in self.modules().items()},
            "model": self.model.state_dict(),
            "players": {name: player.state_dict() for name, player in self.players.items()},
            "data_rng": self.data_rng.bit_generator.state,
            "rng": self.rng.get_state(),
            "guard": self.guard.state_dict(),
            "stateful": {name: thing.state_dict() for name, thing in self._named().items()},
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from the :meth:`state_dict` of a learner of the same circuits and networks.

        Weights, moments and random streams come from the state; rates, betas and all other settings
        are those of this learner.
        """
        self.step = state["step"]
        for name, module in self.modules().items():
            module.load_state_dict(state[name])
        if self.model is not self._sampler:
            self.model.load_state_dict(state["model"])
        for name, player in self.players.items():
            own = [{k: v for k, v in g.items() if k != "params"} for g in player.param_groups]
            player.load_state_dict(state["players"][name])
            for group, settings in zip(player.param_groups, own, strict=True):
                group.update(settings)
            check_moments(player)
        self.data_rng.bit_generator.state = state["data_rng"]
        self.rng.set_state(state["rng"])
        self.guard.load_state_dict(state["guard"])
        things, states = self._named(), state["stateful"]
        if isinstance(states, list):  # in a checkpoint of an earlier version they had no names
            states = dict(zip(things, states, strict=True))
        for name, thing in things.items():
            if name in states:  # a term that is new starts as it is
                thing.load_state_dict(states[name])

    def _named(self) -> dict[str, Stateful]:
        """What :meth:`stateful` lists, by its class and its number among those of the class."""
        named: dict[str, Stateful] = {}
        for thing in self.stateful():
            kind = type(thing).__name__
            named[f"{kind} {sum(name.startswith(f'{kind} ') for name in named)}"] = thing
        return named

    def _dump(self, inputs: tuple[Any, ...]) -> dict[str, Any]:
        """The state together with what a loss was computed from, for whoever looks for a fault."""
        entries: dict[str, Tensor] = {}
        for thing in inputs:
            if isinstance(thing, Batch):
                entries |= {"label": thing.label, "real": thing.states.factor}
            if isinstance(thing, Drawn):
                entries["latent"] = thing.latent
                if isinstance(thing.seen, States):
                    entries["fake"] = thing.seen.factor
        batch = {name: entry.detach().clone() for name, entry in entries.items()}
        return {**self.state_dict(), "batch": batch}
