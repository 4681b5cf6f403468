"""The visible loop: n_critic steps of the discriminator, then one step of the generator."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from qgan import errors, rules
from qgan.batch import Batch
from qgan.config import MOST_SMALL, TrainerConfig
from qgan.data import Dataset
from qgan.discriminator import Discriminator
from qgan.game import CriticRound, Game
from qgan.generator import Generator
from qgan.objectives import Objective
from qgan.sampler import Drawn
from qgan.stateful import Stateful
from qgan.terms import Moment, Term
from qgan.training._threads import one_thread
from qgan.training.closed_form import ClosedForm
from qgan.training.cost import Cost, cost_of_game
from qgan.training.learner import Learner

__all__ = ["Trainer"]


class Trainer(Learner):
    """Trains a generator against a discriminator.

    Args:
        generator: what is trained to prepare the data's states.
        discriminator: what is trained to tell them apart.
        data: where real states come from.
        objective: how scores become losses; ``Wasserstein()`` by default.
        terms: penalties and cures; by default those that the objective and the head bring.
        config: steps, rates and schedules.
        seed: seed of data order, latents and penalties.
        mismatched_share: share of mismatched pairs in what the discriminator rejects, in [0, 1);
            0 shows none.

    Attributes:
        game: what is played.
        closed_form: what finds the discriminator's gradient; None where autograd does.
        training_data: the data in the precision and on the device of the generator; the factors of
            training states are for evaluation only, and left out.

    Raises:
        QganError: if these do not make a game that means what it says (:mod:`qgan.rules`).

    Example:
        See the README's loop; ``trainer.fit()`` runs the same to the end.
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        data: Dataset,
        objective: Objective | None = None,
        terms: Sequence[Term] | None = None,
        config: TrainerConfig | None = None,
        seed: int = 0,
        *,
        mismatched_share: float = 0.0,
    ) -> None:
        self.game = Game(generator, discriminator, objective, terms, mismatched_share)
        rules.check_data(generator, self.game.terms, data)
        config = TrainerConfig() if config is None else config
        errors.instance("config", config, TrainerConfig)
        config = _settled(config, generator)
        rules.check_step(
            generator, discriminator, self.game.objective, self.game.terms, config.batch
        )
        players: dict[str, list[dict[str, Any]]] = {
            "generator": [{"params": _trained(generator), "lr": config.generator_rate}],
            "discriminator": [
                {"params": _trained(discriminator.head), "lr": config.discriminator_rate},
                {"params": _trained(discriminator.view), "lr": config.view_rate},
            ],
        }
        self.closed_form = self._closed_form(config.gradient)
        route = "autograd" if self.closed_form is None else "closed-form"
        config = config.model_copy(update={"gradient": route})
        super().__init__(generator, data, config, players, seed)
        like = generator.weights
        dtype = torch.complex64 if like.dtype == torch.float32 else torch.complex128
        own = data.to(dtype, like.device)
        self.training_data = replace(own, train=replace(own.train, factors=None))
        self._closed_steps = 0

    @property
    def generator(self) -> Generator:
        """What is trained to prepare the data's states."""
        return self.game.generator

    @property
    def discriminator(self) -> Discriminator:
        """What is trained to tell real from generated states."""
        return self.game.discriminator

    def train_step(self) -> dict[str, float]:
        """One round of the game.

        Returns:
            The two losses, NaN where no update was taken, and the share of the discriminator's
            updates whose gradient came in closed form.

        Raises:
            NonFiniteError: if a loss or a gradient is not finite and that is to stop the training.
        """
        with one_thread(self.generator.run_circuit.registers.n_wires):
            self.set_rates()
            self._closed_steps = 0
            critic = []
            for batch, drawn, fixed in self.critic_batches():  # n_critic of them
                critic.append(self.apply("discriminator", self.critic_loss, batch, drawn, fixed))
            generator = self.apply("generator", self.generator_loss, *self.generator_batch())
            self.average()
        self.step += 1
        return {
            "discriminator_loss": _mean(critic),
            "generator_loss": _mean([generator]),
            "closed_form": self._closed_steps / max(1, len(critic)),
        }

    def critic_batches(self) -> Iterator[tuple[Batch, Drawn, CriticRound]]:
        """Real and generated states for each step of the discriminator, if it is trained.

        The generated states of all steps come from one batch, since theta does not change.
        """
        if "discriminator" not in self.players:
            return
        size = self.config.batch
        batch = self.training_data.draw(size * self.config.n_critic, self.data_rng)
        whole = self.game.critic_round(batch, self.rng)
        for start in range(0, len(batch), size):
            part = whole[start : start + size]
            yield part.batch, part.drawn, part

    def generator_batch(self) -> tuple[Batch, Drawn]:
        """Labels and real states of a batch, and states generated for the labels."""
        batch = self.training_data.draw(self.config.batch, self.data_rng)
        return batch, self.generator.draw(batch.label, self.rng)

    def critic_loss(self, batch: Batch, drawn: Drawn, fixed: CriticRound) -> dict[str, Tensor]:
        """The discriminator's loss at this moment, summand by summand."""
        return self.game.critic_loss(batch, drawn, self.moment, fixed)

    def generator_loss(self, batch: Batch, drawn: Drawn) -> dict[str, Tensor]:
        """The generator's loss at this moment, summand by summand."""
        return self.game.generator_loss(batch, drawn, self.moment)

    @property
    def moment(self) -> Moment:
        """Where the training stands."""
        return Moment(self.step, self.config.steps, self.rng)

    def apply(self, player: str, loss: Any, *inputs: Any) -> Tensor | None:
        """Let a player take a step (see :class:`Learner`), and the terms act on it."""
        value = self._closed_step(*inputs) if loss == self.critic_loss else None
        if value is None:
            value = super().apply(player, loss, *inputs)
        if player == "discriminator" and value is not None:
            self.game.after_critic_step()
        return value

    def _closed_form(self, gradient: str) -> ClosedForm | None:
        """What finds the discriminator's gradient in closed form, where it is asked for and can."""
        why = self.game.why_autograd
        if type(self).critic_loss is not Trainer.critic_loss:
            why = f"{type(self).__name__} has a loss of its own"
        if gradient == "closed-form" and why is not None:
            raise errors.unsupported("Gradient closed-form", why, [("gradient", "autograd")])
        return ClosedForm(self.game) if gradient != "autograd" and why is None else None

    def _closed_step(self, batch: Batch, drawn: Drawn, fixed: CriticRound) -> Tensor | None:
        """A step of the discriminator by the closed form; None if it is left to autograd.

        That is so too if a number is not finite: autograd then finds where it comes from.
        """
        if self.closed_form is None:
            return None
        before = self.rng.get_state()
        loss = self.closed_form.loss(fixed, self.rng)
        if loss is None:
            self.rng.set_state(before)
            return None
        for parameter, gradient in self.closed_form.gradients.items():
            parameter.grad = gradient
        self.guard.passed()
        self.players["discriminator"].step()
        self._closed_steps += 1
        return loss

    def again(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The same inputs of a loss; states that are inside the graph are generated again."""

        def redrawn(drawn: Drawn) -> Drawn:
            return Drawn(self.generator(drawn.label, drawn.latent), drawn.label, drawn.latent)

        return tuple(redrawn(one) if isinstance(one, Drawn) else one for one in inputs)

    def cost(self) -> Cost:
        """What a step would cost on a quantum computer."""
        return cost_of_game(self.game, self.config)

    def modules(self) -> dict[str, nn.Module]:
        """Generator and discriminator."""
        return {"generator": self.generator, "discriminator": self.discriminator}

    def stateful(self) -> list[Stateful]:
        """The objective, the terms, and each engine once."""
        engines = [self.generator.engine, self.discriminator.view.engine]
        unique = {id(engine): engine for engine in engines if engine is not None}
        return [self.game.objective, *self.game.terms, *unique.values()]


def _settled(config: TrainerConfig, generator: Generator) -> TrainerConfig:
    """The settings with the generator's rate, if nobody has set it."""
    if config.generator_rate is not None:
        return config
    rate = 2e-3 if generator.n_qubits <= MOST_SMALL else 5e-3
    return config.model_copy(update={"generator_rate": rate})


def _trained(module: nn.Module) -> list[nn.Parameter]:
    return [p for p in module.parameters() if p.requires_grad]


def _mean(losses: Sequence[Tensor | None]) -> float:
    """The mean of the losses whose updates were taken; 0 of no losses, NaN if none was taken."""
    if not losses:
        return 0.0
    taken = [loss for loss in losses if loss is not None]
    return float(torch.stack(taken).mean()) if taken else math.nan
