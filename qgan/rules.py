"""Which view, head, objective and terms go together: the rules, each with what to do instead."""

from __future__ import annotations

from collections.abc import Sequence

from qgan import errors
from qgan.data import Dataset
from qgan.discriminator import Discriminator, IdentityHead
from qgan.engines.base import Engine
from qgan.objectives import Objective
from qgan.terms import AuxiliaryClassifier, CouplingPenalty, Silent, Term


def check_game(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """Refuse a game that cannot mean what it says, before it is played.

    Args:
        discriminator: view and head.
        objective: how scores are read.
        terms: penalties, cures and distances.

    Raises:
        QganError: with the rule that is broken and the two nearest choices that keep it.
    """
    for rule in (_distance, _bounded, _coupled, _classified, _one_sample, _lipschitz):
        rule(discriminator, objective, terms)


def check_engine(discriminator: Discriminator, terms: Sequence[Term], engine: Engine) -> None:
    """Refuse views and terms that need states where the engine gives none, or that it cannot read.

    Raises:
        QganError: with the rule and the two nearest choices.
    """
    view = discriminator.view
    if engine.readout and not hasattr(view, "engine"):
        raise errors.unsupported(
            f"View {type(view).__name__}",
            "it reads states by itself, and wrongly read bits are the engine's",
            "use --discriminator circuit or --engine.readout 0",
        )
    if engine.gives_states:
        return
    if view.order > 1 and engine.shots is not None:
        raise errors.unsupported(
            f"View {type(view).__name__}",
            "it measures two copies of a state together, and shots are of one copy each",
            "use --discriminator circuit or --discriminator pauli",
        )
    named = [("View", view), *(("Term", term) for term in terms)]
    for kind, thing in named:
        if getattr(thing, "needs_states", False):
            instead = "--discriminator circuit or --discriminator pauli"
            if kind == "Term":
                instead = "--objective quantum-w1 or --device default.qubit"
            raise errors.unsupported(
                f"{kind} {type(thing).__name__}",
                f"{engine.name} gives no states",
                f"use {instead}",
            )


def check_records(terms: Sequence[Term], data: Dataset) -> None:
    """Refuse terms that read real states themselves where there are only records of them.

    Raises:
        QganError: with the rule and the two nearest choices.
    """
    if data.train.records is None:
        return
    for term in terms:
        if getattr(term, "needs_states", False):
            raise errors.unsupported(
                f"Term {type(term).__name__}",
                "it reads real states, and the data show records of their measurement",
                "use --objective wasserstein or --objective quantum-w1",
            )


def _distance(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    if objective.reads != "nothing":
        return
    needless = [t for t in terms if getattr(t, "per_sample", False)]
    if needless:
        raise errors.unsupported(
            f"Term {type(needless[0]).__name__}",
            f"it penalises a score, and objective {objective.name} has none",
            "use --cure none or --objective wasserstein",
        )
    if not any(_moves_generator(term) for term in terms):
        raise errors.unsupported(
            f"Objective {objective.name}",
            "it has no losses, and no term gives the generator one",
            "use --objective energy or --objective mmd",
        )


def _moves_generator(term: Term) -> bool:
    return getattr(type(term), "generator_term", None) is not Silent.generator_term


def _bounded(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    head, view = discriminator.head, discriminator.view
    bounded = getattr(head, "bounded", False)
    if isinstance(head, IdentityHead):
        bounded = view.largest <= 1
    if objective.reads == "expectations" and not bounded:
        raise errors.unsupported(
            f"Objective {objective.name}",
            f"its scores are expectation values in [-1, 1], and {type(head).__name__} is unbounded",
            "use --discriminator.head bounded-linear or --objective hinge",
        )


def _coupled(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    two = getattr(discriminator.head, "has_potentials", False)
    coupled = any(isinstance(term, CouplingPenalty) for term in terms)
    if coupled and not two:
        raise errors.unsupported(
            "Term CouplingPenalty",
            f"it holds two observables a label, and {type(discriminator.head).__name__} has one",
            "use --discriminator.head potentials or --objective wasserstein",
        )
    if two and not coupled:
        raise errors.unsupported(
            "Head PotentialsHead",
            "only the coupling term trains its second observable",
            "use --objective quantum-semimetric or --discriminator.head bounded-linear",
        )


def _classified(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    guesses = getattr(discriminator.head, "classifies", False)
    trained = any(isinstance(term, AuxiliaryClassifier) for term in terms)
    if guesses and not trained:
        raise errors.unsupported(
            "Head AuxiliaryHead",
            "its score does not see the label, and no term trains its guess",
            "use --cure auxiliary-classifier or --discriminator.head projection",
        )
    if trained and not guesses:
        others = "gradient-penalty" if objective.reads == "critic" else "none"
        raise errors.unsupported(
            "Term AuxiliaryClassifier",
            f"it trains a guess of the label, and {type(discriminator.head).__name__} makes none",
            f"use --discriminator.head auxiliary or --cure {others}",
        )


def _one_sample(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    if getattr(discriminator.head, "per_sample", True):
        return
    for term in terms:
        if getattr(term, "per_sample", False):
            raise errors.unsupported(
                f"Term {type(term).__name__}",
                "it takes the slope of one state's score, and the minibatch head compares states",
                "use --discriminator.head mlp or --objective wasserstein:clip",
            )


def _lipschitz(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    if objective.reads != "critic" or getattr(discriminator.head, "lipschitz", False):
        return
    if not any(getattr(term, "limits_slope", False) for term in terms):
        one_state = getattr(discriminator.head, "per_sample", True)
        raise errors.unsupported(
            f"Objective {objective.name}",
            "its critic must be Lipschitz, and no penalty, clip or bound holds its slope",
            f"use --cure {'gradient-penalty' if one_state else 'weight-clipping'} or "
            "--discriminator.head bounded-linear",
        )
