"""The terms by name, and the terms that a configuration describes."""

from __future__ import annotations

from qgan.build.registry import Entry, new_family
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import Discriminator
from qgan.game import default_terms
from qgan.objectives import Objective
from qgan.terms import (
    R1,
    AuxiliaryClassifier,
    CouplingPenalty,
    FeatureMatching,
    GradientPenalty,
    Information,
    InstanceNoise,
    PurityMatching,
    Term,
    WeightClipping,
)

__all__ = ["TERMS", "build_term", "build_terms"]

PURITY_WEIGHT = 5.0
"""Weight of the purity matching that a register generator of pure states gets by itself."""


def _usual(entry: Entry, number: float | None) -> Term:
    term: Term = entry.make() if number is None else entry.make(number)
    return term


TERMS = new_family("term", "Terms", "term", _usual)
"""The terms; a builder takes the number after the name, or None."""


def build_term(text: str) -> Term:
    """A term from NAME or NAME:NUMBER.

    Raises:
        QganError: for a name that is not registered, or what is no number.
    """
    entry, number = TERMS.find_numbered(text)
    term: Term = TERMS.build(entry, number)
    return term


def build_terms(
    settings: Experiment, data: Dataset, objective: Objective, discriminator: Discriminator
) -> list[Term]:
    """The terms of a game: those that are named, or those that come by themselves.

    An objective that is a distance brings it in any case.

    Args:
        settings: the experiment.
        data: what the generator learns.
        objective: how scores become losses.
        discriminator: view and head.
    """
    is_distance = objective.reads == "nothing"
    if settings.term is not None:
        distance = objective.default_terms(discriminator.head) if is_distance else ()
        return [*distance, *map(build_term, settings.term)]
    terms = list(default_terms(objective, discriminator))
    # A latent wire at an angle that is traced out leaves the output mixed.
    g = settings.generator
    if g.kind == "register" and not g.n_bits and data.rank == 1 and not is_distance:
        terms.append(PurityMatching(PURITY_WEIGHT))
    return terms


def _at_the_ends(weight: float = 10.0) -> Term:
    return GradientPenalty(weight, at="ends")


WGAN = "Arjovsky et al., arXiv:1701.07875"
WGAN_GP = "Gulrajani et al., arXiv:1704.00028"
R1_PAPER = "Mescheder et al., arXiv:1801.04406"

for _entry in (
    Entry(
        "gradient-penalty",
        GradientPenalty,
        "slope one between real and generated states",
        WGAN_GP,
        number="WEIGHT",
    ),
    Entry(
        "gradient-penalty-ends",
        _at_the_ends,
        "slope one at real and at generated states",
        R1_PAPER,
        number="WEIGHT",
    ),
    Entry(
        "weight-clipping",
        WeightClipping,
        "the parameters of the head in a box",
        WGAN,
        number="LIMIT",
    ),
    Entry("r1", R1, "no slope at real states", R1_PAPER, number="WEIGHT"),
    Entry(
        "instance-noise",
        InstanceNoise,
        "noise on every view, fading",
        "Sonderby et al., arXiv:1610.04490",
        number="DEVIATION",
    ),
    Entry(
        "feature-matching",
        FeatureMatching,
        "mean views matched",
        "Salimans et al., arXiv:1606.03498",
        number="WEIGHT",
    ),
    Entry(
        "purity-matching",
        PurityMatching,
        "mean purity matched",
        "a swap test of two copies",
        number="WEIGHT",
    ),
    Entry(
        "auxiliary-classifier",
        AuxiliaryClassifier,
        "labels guessed by the auxiliary head",
        "Odena et al., arXiv:1610.09585",
        number="WEIGHT",
    ),
    Entry(
        "coupling",
        CouplingPenalty,
        "the rule of the dual of quantum-semimetric",
        "Chakrabarti et al., arXiv:1911.00111",
        number="STRENGTH",
    ),
    Entry(
        "information",
        Information,
        "latents that can be read off the view",
        "Chen et al., arXiv:1606.03657",
        number="WEIGHT",
    ),
):
    TERMS.add(_entry)
