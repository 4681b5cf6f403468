"""The visible loop: n_critic discriminator steps, then one generator step."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from qgan import errors
from qgan.batch import Batch
from qgan.config import TrainerConfig
from qgan.data import Dataset
from qgan.discriminator import Discriminator
from qgan.generator import Generator
from qgan.objectives import Objective, Wasserstein
from qgan.states import States, StateSource, concatenate
from qgan.terms import GradientPenalty, StepContext, Term, TermStep
from qgan.training import state
from qgan.training.guard import Guard, Parts, named
from qgan.training.optimisers import make_optimiser
from qgan.training.update import update
from qgan.views import Seen


class Trainer:
    """Trains a generator against a discriminator.

    Args:
        generator: what is trained to prepare the data's states.
        discriminator: what is trained to tell them apart.
        data: where real states come from.
        objective: the game; ``Wasserstein()`` by default.
        terms: penalties and cures; ``GradientPenalty()`` by default with that objective.
        config: steps, rates and schedules.
        seed: seed of data order, latents and penalties.

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
    ) -> None:
        if discriminator.view.needs_states and not generator.engine.gives_states:
            raise errors.unsupported(
                f"View {type(discriminator.view).__name__}",
                f"{generator.engine.name} gives no states",
                "use --discriminator circuit or pauli, which read expectation values",
            )
        self.generator = generator
        self.discriminator = discriminator
        # Real states and latents take the precision and the place of the generator's parameters.
        self.like = next(generator.parameters())
        single = self.like.dtype == torch.float32
        self.data = data  # as it came, for whoever judges
        dtype = torch.complex64 if single else torch.complex128
        self.shown = data.to(dtype, self.like.device)
        self.config = config or TrainerConfig()
        self.objective: Objective = objective or Wasserstein(self.config.mismatched_share)
        default = (GradientPenalty(),) if isinstance(self.objective, Wasserstein) else ()
        self.terms: tuple[Term, ...] = tuple(default if terms is None else terms)
        self.order = np.random.default_rng(seed)
        self.random = torch.Generator().manual_seed(seed)
        self.step = 0
        self.guard = Guard(self.config.on_nonfinite)
        self.optimisers = self._optimisers()
        self.averaged = copy.deepcopy(generator) if self.config.average else generator
        told = getattr(discriminator.head, "sees_label", True) or discriminator.view.sees_label
        self._shows_mismatched = self.config.mismatched_share > 0 and data.n_labels > 1 and told

    def _optimisers(self) -> dict[str, torch.optim.Optimizer]:
        c, d = self.config, self.discriminator
        groups = [
            {"params": _trainable(d.head), "lr": c.discriminator_rate},
            {"params": _trainable(d.view), "lr": c.view_rate},
        ]
        groups = [group for group in groups if group["params"]]
        mine = [{"params": _trainable(self.generator), "lr": c.generator_rate}]
        made = {"generator": make_optimiser(c, mine)}
        if groups:
            made["discriminator"] = make_optimiser(c, groups)
        for optimiser in made.values():
            for group in optimiser.param_groups:
                group["initial_lr"] = group["lr"]
        return made

    def fit(self, after_step: Callable[[dict[str, float]], None] | None = None) -> None:
        """Train to the last step; ``after_step`` is called with each step's losses."""
        while self.step < self.config.steps:
            losses = self.train_step()
            if after_step is not None:
                after_step(losses)

    def train_step(self) -> dict[str, float]:
        """One round of the game; returns the two losses, NaN where no update was taken.

        Raises:
            NonFiniteError: if a loss or a gradient is not finite and that is to stop the training.
        """
        self._set_rates()
        losses = {"discriminator_loss": self._discriminator_steps()}
        losses["generator_loss"] = self._generator_step()
        self._average()
        self.step += 1
        return losses

    def _set_rates(self) -> None:
        """Cosine decay from 1 to ``final_rate``, counted in steps."""
        c = self.config
        cosine = (1 + math.cos(math.pi * min(1.0, self.step / c.steps))) / 2
        factor = (c.final_rate + (1 - c.final_rate) * cosine) * self.guard.factor
        for optimiser in self.optimisers.values():
            for group in optimiser.param_groups:
                group["lr"] = group["initial_lr"] * factor

    def _discriminator_steps(self) -> float:
        """All n_critic steps; their generated states come from one batch, theta being fixed."""
        if "discriminator" not in self.optimisers:
            return 0.0
        c, view = self.config, self.discriminator.view
        real = self.shown.draw(c.batch * c.n_critic, self.order)
        latent = self._latent(len(real))
        wrong = self._wrong_label(real.label) if self._shows_mismatched else None
        with torch.no_grad():
            fake = self.generator(real.label, latent)
            fixed = None if _trainable(view) else self._views(real, fake, wrong)
        losses = []
        for k in range(c.n_critic):
            rows = slice(k * c.batch, (k + 1) * c.batch)
            part, other = real[rows], None if wrong is None else wrong[rows]
            shown = (part, fake[rows], latent[rows])
            given = None if fixed is None else fixed[:, rows]
            parts = partial(self._discriminator_parts, *shown, other, given)
            taken = update(self, "discriminator", parts, shown)
            if taken is not None:
                losses.append(taken)
                for term in self.terms:
                    term.after_discriminator_step(self.discriminator)
        return float(torch.stack(losses).mean()) if losses else math.nan

    def _views(self, real: Batch, fake: StateSource, wrong: Tensor | None) -> Tensor:
        """Views (2 or 3, B, K) of real, generated and, with wrong labels, again of real states."""
        view = self.discriminator.view
        pairs: list[tuple[Seen, Tensor]] = [(real.seen, real.label), (fake, real.label)]
        if wrong is not None and view.sees_label:
            pairs.append((real.seen, wrong))
        states = [source for source, _ in pairs if isinstance(source, States)]
        if len(states) == len(pairs):  # one call for all
            shown: Tensor = view(concatenate(states), torch.cat([label for _, label in pairs]))
            shown = shown.unflatten(0, (len(pairs), -1))
        else:
            shown = torch.stack([view(source, label) for source, label in pairs])
        if wrong is not None and not view.sees_label:
            shown = torch.cat([shown, shown[:1]])
        return shown

    def _discriminator_parts(
        self,
        real: Batch,
        fake: StateSource,
        latent: Tensor,
        wrong: Tensor | None,
        views: Tensor | None,
    ) -> Parts:
        """The discriminator's loss on a batch, part by part; views that are fixed come along."""
        label = real.label
        n, labels = len(label), torch.cat([label, label, *([] if wrong is None else [wrong])])
        views = self._views(real, fake, wrong) if views is None else views
        shown = self._perturbed(views.flatten(0, 1))
        scores = self.discriminator.scores(shown, labels, n)
        loss = self.objective.discriminator_loss(
            real=scores[:n],
            fake=scores[n : 2 * n],
            mismatched=None if wrong is None else scores[2 * n :],
        )
        context = self._context(
            real, fake, latent, shown[n : 2 * n], scores[n : 2 * n], shown[:n], scores[:n]
        )
        extras = [term.discriminator_term(context) for term in self.terms]
        return named(self.objective, loss, self.terms, extras)

    def _generator_step(self) -> float:
        real = self.shown.draw(self.config.batch, self.order)
        latent = self._latent(len(real))
        parts = partial(self._generator_parts, real, latent)
        taken = update(self, "generator", parts, (real, None, latent))
        return math.nan if taken is None else float(taken)

    def _generator_parts(self, real: Batch, latent: Tensor) -> Parts:
        """The generator's loss on labels and latents, part by part."""
        fake = self.generator(real.label, latent)
        shown = self._perturbed(self.discriminator.view(fake, real.label))
        scores = self.discriminator.head(shown, real.label)
        loss = self.objective.generator_loss(fake=scores)
        context = self._context(real, fake, latent, shown, scores)
        extras = [term.generator_term(context) for term in self.terms]
        return named(self.objective, loss, self.terms, extras)

    def _context(
        self,
        real: Batch,
        fake: StateSource,
        latent: Tensor,
        fake_view: Tensor,
        fake_scores: Tensor,
        real_view: Tensor | None = None,
        real_scores: Tensor | None = None,
    ) -> StepContext:
        return StepContext(
            self.discriminator,
            real,
            fake,
            latent,
            fake_view,
            fake_scores,
            real_view,
            real_scores,
            TermStep(self.step, self.config.steps, self.random),
        )

    def _perturbed(self, features: Tensor) -> Tensor:
        where = TermStep(self.step, self.config.steps, self.random)
        for term in self.terms:
            features = term.perturb(features, where)
        return features

    def _latent(self, n: int) -> Tensor:
        return self.generator.prior.sample(n, self.random).to(self.like)

    def _wrong_label(self, label: Tensor) -> Tensor:
        """Another label for each, uniform among the others."""
        shift = torch.randint(1, self.data.n_labels, label.shape, generator=self.random)
        return (label + shift.to(label.device)) % self.data.n_labels

    @torch.no_grad()
    def _average(self) -> None:
        if self.averaged is self.generator:
            return
        # The average forgets its first steps faster: it starts from untrained weights.
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        for mean, now in zip(self.averaged.parameters(), self.generator.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return state.capture(self)

    def load_state_dict(self, found: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
        state.restore(self, found)


def _trainable(module: nn.Module) -> list[nn.Parameter]:
    return [p for p in module.parameters() if p.requires_grad]
