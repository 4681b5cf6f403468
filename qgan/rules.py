"""The rules of a game: what cannot mean what it says is refused, with the two nearest choices.

Each rule looks at the objects themselves and at what they declare, so that a game that is put
together by hand and one that a configuration describes are refused with the same words.
"""

from __future__ import annotations

from collections.abc import Sequence

from qgan import errors
from qgan.data import Dataset
from qgan.discriminator import Discriminator, IdentityHead
from qgan.engines.base import Engine
from qgan.generator import Generator
from qgan.objectives import Objective
from qgan.terms import AuxiliaryClassifier, CouplingPenalty, SlopePenalty, Term

__all__ = [
    "check_data",
    "check_engine",
    "check_game",
    "check_players",
    "check_share",
    "check_step",
    "why_autograd",
]


def check_players(
    generator: Generator, discriminator: Discriminator, objective: Objective, terms: Sequence[Term]
) -> None:
    """Refuse what is no generator, no discriminator, no objective or no term.

    Args:
        generator: what learns to prepare states.
        discriminator: view and head.
        objective: how scores are read.
        terms: penalties, cures and distances.

    Raises:
        QganError: with the class that an argument must have, and what came.
    """
    errors.instance("generator", generator, Generator)
    errors.instance("discriminator", discriminator, Discriminator)
    errors.instance("objective", objective, Objective)
    errors.instance("terms", terms, Sequence)
    for place, term in enumerate(terms):
        errors.instance(f"terms[{place}]", term, Term)


def check_game(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """Refuse a discriminator, an objective and terms that do not go together.

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
    """Refuse a view or a term that needs states where the engine gives none, or cannot read it.

    Args:
        discriminator: view and head.
        terms: penalties, cures and distances.
        engine: what runs the generator's circuit.

    Raises:
        QganError: with the rule that is broken and the two nearest choices that keep it.
    """
    view = discriminator.view
    if engine.readout and view.engine is None:
        raise errors.unsupported(
            f"View {type(view).__name__}",
            "it reads states by itself, and wrongly read bits are the engine's",
            [("view", "circuit"), ("readout", "0")],
        )
    if engine.gives_states:
        return
    if view.n_copies > 1 and engine.shots is not None:
        raise errors.unsupported(
            f"View {type(view).__name__}",
            "it measures two copies of a state together, and shots are of one copy each",
            [("view", "circuit"), ("view", "pauli")],
        )
    if view.needs_states:
        raise errors.unsupported(
            f"View {type(view).__name__}",
            f"{engine.name} gives no states",
            [("view", "circuit"), ("view", "pauli")],
        )
    for term in terms:
        if term.needs_states:
            raise errors.unsupported(
                f"Term {type(term).__name__}",
                f"{engine.name} gives no states",
                [("objective", "quantum-w1"), ("device", "default.qubit")],
            )


def check_data(generator: Generator, terms: Sequence[Term], data: Dataset) -> None:
    """Refuse data of other sizes than the generator, or less than the terms read.

    A term that reads real states needs more than the records of their measurement.

    Args:
        generator: what learns to prepare the data's states.
        terms: penalties, cures and distances.
        data: what the discriminator is shown.

    Raises:
        QganError: with the rule that is broken and the two nearest choices that keep it.
    """
    errors.instance("data", data, Dataset)
    if generator.n_qubits != data.n_qubits:
        rule = f"must have {generator.n_qubits} qubits, as many as the generator"
        raise errors.argument("data", rule, data.n_qubits)
    if generator.n_labels != data.n_labels:
        rule = f"must have {generator.n_labels} labels, as many as the generator"
        raise errors.argument("data", rule, data.n_labels)
    if data.train.records is None:
        return
    for term in terms:
        if term.needs_states:
            raise errors.unsupported(
                f"Term {type(term).__name__}",
                "it reads real states, and the data show records of their measurement",
                [("objective", "wasserstein"), ("objective", "quantum-w1")],
            )


def check_step(
    generator: Generator,
    discriminator: Discriminator,
    objective: Objective,
    terms: Sequence[Term],
    batch: int,
) -> None:
    """Refuse a training in which the generator would have nothing to descend, or nothing to move.

    The labels of a batch take turns, so that some label always has its share of the batch rounded
    up, and none is sure to have more.

    Args:
        generator: what learns.
        discriminator: view and head.
        objective: how scores are read.
        terms: penalties, cures and distances.
        batch: states in a step.

    Raises:
        QganError: with the least batch that will do.
    """
    if not any(parameter.requires_grad for parameter in generator.parameters()):
        raise errors.argument("generator", "must have parameters to train", "none")
    if objective.reads != "nothing":
        return
    term = min(_moving(discriminator, terms), key=lambda one: one.least_states)
    least = (term.least_states - 1) * generator.n_labels + 1
    if batch < least:
        rule = (
            f"must be at least {least}, so that {type(term).__name__} can compare "
            f"{term.least_states} states of one of {generator.n_labels} labels"
        )
        raise errors.argument("batch", rule, batch)


def check_share(mismatched_share: float) -> None:
    """Refuse a share of mismatched pairs that is no share.

    Raises:
        QganError: if it is not in [0, 1).
    """
    if not 0 <= mismatched_share < 1:
        raise errors.argument("mismatched_share", "must be from 0 to below 1", mismatched_share)


def why_autograd(discriminator: Discriminator, terms: Sequence[Term]) -> str | None:
    """The reason why the discriminator's gradient is left to autograd; None if it need not be.

    A closed form serves perceptrons on a fixed view, any objective, which is a function of scores,
    and at most one penalty on the slope.

    Args:
        discriminator: view and head.
        terms: penalties, cures and distances.
    """
    view, head = discriminator.view, discriminator.head
    if any(parameter.requires_grad for parameter in view.parameters()):
        return "the view is trained"
    if head.perceptron() is None:
        return f"head {type(head).__name__} is no plain perceptron"
    if not all(parameter.requires_grad for parameter in head.parameters()):
        return "a part of the head is not trained"
    penalties = 0
    for term in terms:
        kind = type(term)
        if kind.perturb is not Term.perturb:
            return f"term {kind.__name__} changes the views"
        if kind.discriminator_term is SlopePenalty.discriminator_term:
            penalties += 1
        elif kind.discriminator_term is not Term.discriminator_term:
            return f"term {kind.__name__} has no closed form"
    return "there are two penalties on the slope" if penalties > 1 else None


def _distance(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """An objective without scores needs a term that moves the generator, and no penalty."""
    if objective.reads != "nothing":
        return
    penalties = [term for term in terms if term.per_sample]
    if penalties:
        raise errors.unsupported(
            f"Term {type(penalties[0]).__name__}",
            f"it penalises a score, and objective {objective.name} has none",
            [("term", "none"), ("objective", "wasserstein")],
        )
    if not _moving(discriminator, terms):
        raise errors.unsupported(
            f"Objective {objective.name}",
            "it has no losses, and no term gives the generator one",
            [("objective", "energy"), ("objective", "mmd")],
        )


def _moving(discriminator: Discriminator, terms: Sequence[Term]) -> list[Term]:
    """The terms that give the generator a gradient by themselves, without a score."""
    blind = not discriminator.view.n_features
    return [
        term
        for term in terms
        if type(term).generator_term is not Term.generator_term and not (blind and term.reads_view)
    ]


def _bounded(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """Scores that are read as expectation values lie in [-1, 1]."""
    head, view = discriminator.head, discriminator.view
    bounded = view.largest <= 1 if isinstance(head, IdentityHead) else head.bounded
    if objective.reads == "expectations" and not bounded:
        raise errors.unsupported(
            f"Objective {objective.name}",
            f"its scores are expectation values in [-1, 1], and {type(head).__name__} is unbounded",
            [("head", "bounded-linear"), ("objective", "hinge")],
        )


def _coupled(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """The second observable per label and the term that trains it come together."""
    head = discriminator.head
    coupled = any(isinstance(term, CouplingPenalty) for term in terms)
    if coupled and not head.has_potentials:
        raise errors.unsupported(
            "Term CouplingPenalty",
            f"it holds two observables per label, and {type(head).__name__} has one",
            [("head", "potentials"), ("objective", "wasserstein")],
        )
    if head.has_potentials and not coupled:
        raise errors.unsupported(
            f"Head {type(head).__name__}",
            "only the coupling term trains its second observable",
            [("objective", "quantum-semimetric"), ("head", "bounded-linear")],
        )


def _classified(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """A guess of the label and the term that trains it come together."""
    head = discriminator.head
    trained = any(isinstance(term, AuxiliaryClassifier) for term in terms)
    if head.classifies and not trained:
        raise errors.unsupported(
            f"Head {type(head).__name__}",
            "its score does not see the label, and no term trains its guess",
            [("term", "auxiliary-classifier"), ("head", "projection")],
        )
    if trained and not head.classifies:
        other = "gradient-penalty" if objective.reads == "critic" else "none"
        raise errors.unsupported(
            "Term AuxiliaryClassifier",
            f"it trains a guess of the label, and {type(head).__name__} makes none",
            [("head", "auxiliary"), ("term", other)],
        )


def _one_sample(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """The slope of a score has a meaning only where it is a function of one state."""
    if discriminator.head.per_sample:
        return
    for term in terms:
        if term.per_sample:
            raise errors.unsupported(
                f"Term {type(term).__name__}",
                "it takes the slope of one state's score, and the minibatch head compares states",
                [("head", "mlp"), ("objective", "wasserstein:clip")],
            )


def _lipschitz(discriminator: Discriminator, objective: Objective, terms: Sequence[Term]) -> None:
    """A critic has a bounded slope."""
    head = discriminator.head
    if objective.reads != "critic" or head.lipschitz:
        return
    if not any(term.limits_slope for term in terms):
        penalty = "gradient-penalty" if head.per_sample else "weight-clipping"
        raise errors.unsupported(
            f"Objective {objective.name}",
            "its critic must be Lipschitz, and no penalty, clip or bound holds its slope",
            [("term", penalty), ("head", "bounded-linear")],
        )
