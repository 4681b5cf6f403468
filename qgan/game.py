"""The game: what a generator and a discriminator play against each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import rules
from qgan.batch import Batch, Seen
from qgan.discriminator import Discriminator
from qgan.generator import Generator
from qgan.objectives import Objective, Wasserstein, as_loss
from qgan.places import kept_axis
from qgan.sampler import Drawn
from qgan.states import States, concatenate
from qgan.terms import AuxiliaryClassifier, Moment, StepContext, Term

__all__ = ["CriticRound", "Game", "Summands", "default_terms"]

Summands = dict[str, Tensor]
"""A loss as its summands by name: the objective, and the terms that have something to say."""


@dataclass(frozen=True, eq=False)
class CriticRound:
    """What stays as it is while the discriminator takes its steps: theta does not change then.

    Args:
        batch: real states.
        drawn: generated states of the same labels.
        wrong_label: for each real state another label than its own; None where mismatched pairs
            are not shown.
        views: views of real and of generated states, after those of real states with wrong labels
            where the view sees the label, ``(2 or 3, B, K)``; None for a view that is trained.
    """

    batch: Batch
    drawn: Drawn
    wrong_label: Tensor | None
    views: Float[Tensor, "kinds B K"] | None

    def __len__(self) -> int:
        return len(self.batch)

    def __getitem__(self, rows: Any) -> CriticRound:
        """Some of the states, each with what belongs to it; an integer gives one."""
        rows = kept_axis(rows, len(self))
        return CriticRound(
            self.batch[rows],
            self.drawn[rows],
            None if self.wrong_label is None else self.wrong_label[rows],
            None if self.views is None else self.views[:, rows],
        )


class Game:
    """A generator against a discriminator, under an objective and terms.

    The discriminator minimises ``L_D(D(real), D(fake), D(mismatched))`` and the generator
    ``L_G(D(fake))``, L_D and L_G being the objective's, each with the terms added. Mismatched pairs
    are real states with wrong labels: without them nothing makes a discriminator look at the label
    of a real state. They are shown only where the discriminator can tell.

    Args:
        generator: what learns to prepare the data's states.
        discriminator: what learns to tell them apart.
        objective: how scores become losses; ``Wasserstein()`` by default.
        terms: penalties and cures; by default :func:`default_terms`.
        mismatched_share: share of mismatched pairs in what the discriminator rejects, in [0, 1);
            0 shows none.

    Raises:
        QganError: if these do not make a game that means what it says (:mod:`qgan.rules`).

    Example:
        >>> from circuits import Registers, ReuploadingCircuit
        >>> from qgan.discriminator import LinearHead
        >>> from qgan.views import DensityView
        >>> generator = Generator(ReuploadingCircuit(Registers(output=1), n_layers=1), n_labels=2)
        >>> game = Game(generator, Discriminator(DensityView(1), LinearHead(4, n_labels=2)))
        >>> game.objective.name, game.terms
        ('wasserstein', (GradientPenalty(weight=10.0, at='interpolated'),))
    """

    def __init__(
        self,
        generator: Generator,
        discriminator: Discriminator,
        objective: Objective | None = None,
        terms: Sequence[Term] | None = None,
        mismatched_share: float = 0.0,
    ) -> None:
        self.generator = generator
        self.discriminator = discriminator
        self.objective: Objective = Wasserstein() if objective is None else objective
        rules.check_players(generator, discriminator, self.objective, terms or ())
        usual = default_terms(self.objective, discriminator)
        self.terms: tuple[Term, ...] = usual if terms is None else tuple(terms)
        self.mismatched_share = mismatched_share
        rules.check_share(mismatched_share)
        rules.check_game(discriminator, self.objective, self.terms)
        rules.check_engine(discriminator, self.terms, generator.engine)

    @property
    def why_autograd(self) -> str | None:
        """The reason why the discriminator's gradient has no closed form here, or None."""
        return rules.why_autograd(self.discriminator, self.terms)

    @property
    def shows_mismatched(self) -> bool:
        """Whether mismatched pairs are shown: they have a share, and the discriminator can tell."""
        sees_label = self.discriminator.head.sees_label or self.discriminator.view.sees_label
        return self.mismatched_share > 0 and self.generator.n_labels > 1 and sees_label

    def critic_round(self, batch: Batch, rng: torch.Generator) -> CriticRound:
        """Generated states beside real ones, and all that the discriminator's steps leave alone.

        Args:
            batch: real states.
            rng: source of the latents, then of the wrong labels.
        """
        with torch.no_grad():
            drawn = self.generator.draw(batch.label, rng)
        wrong_label = self.wrong_labels(batch.label, rng) if self.shows_mismatched else None
        view, views = self.discriminator.view, None
        if not any(parameter.requires_grad for parameter in view.parameters()):
            with torch.no_grad():
                views = self._views(batch, drawn.seen, wrong_label)
        return CriticRound(batch, drawn, wrong_label, views)

    def critic_loss(
        self, batch: Batch, drawn: Drawn, moment: Moment, fixed: CriticRound | None = None
    ) -> Summands:
        """The discriminator's loss on real and generated states, summand by summand.

        Args:
            batch: B real states with their labels.
            drawn: B generated states of the same labels.
            moment: where in the training this is, with its source of chance.
            fixed: what :meth:`critic_round` has found for the same states; by default wrong labels
                are drawn and views are computed here.
        """
        if fixed is None:
            wrong = self.wrong_labels(batch.label, moment.rng) if self.shows_mismatched else None
            fixed = CriticRound(batch, drawn, wrong, None)
        wrong, label, n = fixed.wrong_label, batch.label, len(batch)
        views = self._views(batch, drawn.seen, wrong) if fixed.views is None else fixed.views
        kinds = [views[-2], views[-1], *([] if wrong is None else [views[0]])]
        features = self._perturbed(torch.cat(kinds), moment)
        labels = torch.cat([label, label, *([] if wrong is None else [wrong])])
        scores = self.discriminator.scores(features, labels, n)
        loss = self.objective.discriminator_loss(
            real=scores[:n],
            fake=scores[n : 2 * n],
            mismatched=None if wrong is None else scores[2 * n :],
            mismatched_share=self.mismatched_share,
        )
        context = StepContext(
            self.discriminator,
            batch,
            drawn,
            features[n : 2 * n],
            scores[n : 2 * n],
            moment,
            scores[:n],
            features[:n],
        )
        return self._summands(loss, lambda term: term.discriminator_term(context))

    def generator_loss(self, batch: Batch, drawn: Drawn, moment: Moment) -> Summands:
        """The generator's loss on the states it has drawn, summand by summand.

        Args:
            batch: B real states, for the terms that compare with them.
            drawn: B generated states of the same labels, inside the graph.
            moment: where in the training this is, with its source of chance.
        """
        view = self.discriminator.view(drawn.seen, batch.label)
        features = self._perturbed(view, moment)
        scores = self.discriminator.scores(features, batch.label, len(batch))
        loss = self.objective.generator_loss(fake=scores)
        kinds = self.generator.prior.kinds
        context = StepContext(
            self.discriminator, batch, drawn, features, scores, moment, kinds=kinds
        )
        return self._summands(loss, lambda term: term.generator_term(context))

    def after_critic_step(self) -> None:
        """What the terms do once the discriminator's optimiser has stepped."""
        for term in self.terms:
            term.after_discriminator_step(self.discriminator)

    def wrong_labels(self, label: Tensor, rng: torch.Generator) -> Tensor:
        """For each label another one, uniform among the others."""
        n_labels = self.generator.n_labels
        shift = torch.randint(1, n_labels, label.shape, generator=rng)
        return (label + shift.to(label.device)) % n_labels

    def _views(
        self, batch: Batch, generated: Seen, wrong_label: Tensor | None
    ) -> Float[Tensor, "kinds B K"]:
        """Views of real and of generated states (see :class:`CriticRound`)."""
        view = self.discriminator.view
        pairs: list[tuple[Seen, Tensor]] = [(batch.seen, batch.label), (generated, batch.label)]
        if wrong_label is not None and view.sees_label:
            pairs.insert(0, (batch.seen, wrong_label))
        states = [source for source, _ in pairs if isinstance(source, States)]
        if len(states) == len(pairs):  # one call for all
            views: Tensor = view(concatenate(states), torch.cat([label for _, label in pairs]))
            return views.reshape(len(pairs), -1, views.shape[1])
        return torch.stack([view(source, label) for source, label in pairs])

    def _perturbed(self, features: Tensor, moment: Moment) -> Tensor:
        """Views with what the terms do to them before the head sees them."""
        for term in self.terms:
            features = term.perturb(features, moment)
        return features

    def _summands(self, loss: Tensor, of: Callable[[Term], Tensor | None]) -> Summands:
        """The summands by the classes they come from; a class that comes twice is numbered."""
        summands = {type(self.objective).__name__: as_loss(loss)}
        for term, value in [(term, of(term)) for term in self.terms]:
            if value is not None:
                name = type(term).__name__
                summands[name if name not in summands else f"{name} {len(summands)}"] = value
        return summands


def default_terms(objective: Objective, discriminator: Discriminator) -> tuple[Term, ...]:
    """The terms of a game that names none: the objective's, and what the head cannot do without."""
    terms = objective.default_terms(discriminator.head)
    if discriminator.head.classifies and objective.reads != "nothing":
        terms = (*terms, AuxiliaryClassifier())
    return terms
