"""Objectives and cures by name, each with its paper."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qgan import errors
from qgan.terms.information import Information
from qgan.metrics.distributions.f_divergences import F_DIVERGENCES, weighted_jensen_shannon
from qgan.objectives import (
    FGAN,
    DistanceOnly,
    Hinge,
    LeastSquares,
    LinearValue,
    Minimax,
    NonSaturating,
    Objective,
    QuantumSemimetric,
    Wasserstein,
)
from qgan.terms import (
    R1,
    AuxiliaryClassifier,
    CouplingPenalty,
    EnergyDistance,
    FeatureMatching,
    GradientPenalty,
    InstanceNoise,
    MeanDiscrepancy,
    PauliWasserstein,
    PurityMatching,
    Term,
    WeightClipping,
)


@dataclass(frozen=True)
class ObjectiveChoice:
    """An objective under its name.

    Args:
        line: what it is, in one line.
        paper: where it comes from.
        make: from (share of mismatched pairs, number after the name) to the objective.
        number: what a number after the name means; None takes none.
        cures: terms that belong to it, unless the discriminator makes them needless.
        distance: the term that replaces the discriminator, from the number.
    """

    line: str
    paper: str
    make: Callable[[float, float | None], Objective]
    number: str | None = None
    cures: tuple[str, ...] = ()
    distance: Callable[[float | None], Term] | None = None


def _plain(objective: Callable[[float], Objective]) -> Callable[[float, float | None], Objective]:
    return lambda share, number: objective(share)


def _weighted(share: float, pi: float | None) -> Objective:
    try:
        return FGAN(weighted_jensen_shannon(0.5 if pi is None else pi), share)
    except errors.QganError as error:
        name = "f-gan:weighted-jensen-shannon"
        near = f"use --objective {name}:0.5 or --objective f-gan:jensen-shannon"
        raise errors.unsupported(f"Objective {name}", str(error).rstrip("."), near) from None


def _distance(name: str) -> Callable[[float, float | None], Objective]:
    return lambda share, number: DistanceOnly(name)


WGAN = "Arjovsky et al., arXiv:1701.07875"
WGAN_GP = "Gulrajani et al., arXiv:1704.00028"
GAN = "Goodfellow et al., arXiv:1406.2661"
F_GAN = "Nowozin et al., arXiv:1606.00709"

OBJECTIVES: dict[str, ObjectiveChoice] = {
    "wasserstein": ObjectiveChoice(
        "distance of order 1, slope penalised between real and generated",
        WGAN_GP,
        _plain(Wasserstein),
        cures=("gradient-penalty",),
    ),
    "wasserstein:ends": ObjectiveChoice(
        "the same, slope penalised at real and at generated states",
        f"{WGAN_GP}; Mescheder et al., arXiv:1801.04406",
        _plain(Wasserstein),
        cures=("gradient-penalty-ends",),
    ),
    "wasserstein:clip": ObjectiveChoice(
        "the same, weights clipped; sets RMSProp and rates as published",
        WGAN,
        _plain(Wasserstein),
        cures=("weight-clipping",),
    ),
    "minimax": ObjectiveChoice("the original game, from logits", GAN, _plain(Minimax)),
    "non-saturating": ObjectiveChoice(
        "the generator maximises log D", f"{GAN}, sec. 3", _plain(NonSaturating)
    ),
    "non-saturating:r1": ObjectiveChoice(
        "the same, slope penalised at real states; pulls fade as states meet",
        "Mescheder et al., arXiv:1801.04406",
        _plain(NonSaturating),
        cures=("r1",),
    ),
    "least-squares": ObjectiveChoice(
        "scores drawn to 0 and 1", "Mao et al., arXiv:1611.04076", _plain(LeastSquares)
    ),
    "hinge": ObjectiveChoice(
        "a margin on both sides", "Lim and Ye, arXiv:1705.02894", _plain(Hinge)
    ),
    "linear": ObjectiveChoice(
        "the value V, linear in an observable between -1 and 1",
        "Dallaire-Demers and Killoran, arXiv:1804.08641",
        lambda share, phi: LinearValue(share) if phi is None else LinearValue(share, phi),
        number="PHI",
    ),
    **{
        f"f-gan:{name}": ObjectiveChoice(
            f"variational bound of {name.replace('-', ' ')}",
            F_GAN,
            _plain(lambda share, name=name: FGAN(name, share)),  # type: ignore[misc]
        )
        for name in F_DIVERGENCES
    },
    "f-gan:weighted-jensen-shannon": ObjectiveChoice(
        "variational bound of JS with weight pi on real states",
        F_GAN,
        _weighted,
        number="PI",
    ),
    "quantum-semimetric": ObjectiveChoice(
        "cost of couplings (1 - SWAP) / 2; pure states: (1 - F) / 2",
        "Chakrabarti et al., arXiv:1911.00111",
        _plain(QuantumSemimetric),
        cures=("coupling",),
    ),
    "quantum-w1": ObjectiveChoice(
        "quantum Wasserstein of order 1, Pauli programme; no discriminator",
        "De Palma et al., arXiv:2009.04469; Kiani et al., arXiv:2101.03037",
        _distance("quantum-w1"),
        number="WEIGHT",
        distance=lambda k: PauliWasserstein(2 if k is None else _whole("quantum-w1", k)),
    ),
    "mmd": ObjectiveChoice(
        "maximum mean discrepancy, kernel Tr[rho sigma]^p; no discriminator",
        "Gretton et al., JMLR 13, 723 (2012)",
        _distance("mmd"),
        number="POWER",
        distance=lambda p: MeanDiscrepancy(2 if p is None else _whole("mmd", p)),
    ),
    "energy": ObjectiveChoice(
        "energy distance with d = sqrt(1 - F); no discriminator",
        "Szekely and Rizzo, J. Stat. Plan. Inference 143, 1249 (2013)",
        _distance("energy"),
        distance=lambda number: EnergyDistance(),
    ),
}


def _whole(name: str, number: float) -> int:
    if number != int(number):
        raise errors.argument("objective", f"must have a whole number after {name}", number)
    return int(number)


def find_objective(text: str) -> tuple[ObjectiveChoice, float | None]:
    """The objective named, and the number after its name.

    Raises:
        QganError: for a name that is not listed, or a number where none is taken.
    """
    if text in OBJECTIVES:
        return OBJECTIVES[text], None
    name, _, rest = text.rpartition(":")
    if name in OBJECTIVES:
        choice = OBJECTIVES[name]
        try:
            number = float(rest)
        except ValueError:
            number = None
        if choice.number is not None and number is not None:
            return choice, number
    near = difflib.get_close_matches(text, list(OBJECTIVES), n=2, cutoff=0.0)
    rule = f"must be a name that `qgan list` shows (nearest: {' and '.join(near)})"
    raise errors.argument("objective", rule, repr(text))


CURES: dict[str, Callable[..., Term]] = {
    "gradient-penalty": GradientPenalty,
    "gradient-penalty-ends": lambda weight=10.0: GradientPenalty(weight, at="ends"),
    "weight-clipping": WeightClipping,
    "r1": R1,
    "instance-noise": InstanceNoise,
    "feature-matching": FeatureMatching,
    "purity-matching": PurityMatching,
    "auxiliary-classifier": AuxiliaryClassifier,
    "coupling": CouplingPenalty,
    "information": Information,
}

CURE_LINES: dict[str, tuple[str, str]] = {
    "gradient-penalty": ("slope one between real and generated states", WGAN_GP),
    "gradient-penalty-ends": ("slope one at both", "Mescheder et al., arXiv:1801.04406"),
    "weight-clipping": ("the head's parameters in a box", WGAN),
    "r1": ("no slope at real states", "Mescheder et al., arXiv:1801.04406"),
    "instance-noise": ("noise on every view, fading", "Sonderby et al., arXiv:1610.04490"),
    "feature-matching": ("mean views matched", "Salimans et al., arXiv:1606.03498"),
    "purity-matching": ("mean purity matched", "a swap test of two copies"),
    "auxiliary-classifier": ("labels guessed", "Odena et al., arXiv:1610.09585"),
    "coupling": ("the dual's rule of quantum-semimetric", "Chakrabarti et al., arXiv:1911.00111"),
    "information": ("latents read off the view", "Chen et al., arXiv:1606.03657"),
}
"""For each cure what it does, and its paper."""


def build_cure(text: str) -> Term:
    """A term from NAME or NAME:WEIGHT.

    Raises:
        QganError: for a name that is not listed, or a weight that is none.
    """
    name, _, weight = text.partition(":")
    if name not in CURES:
        raise errors.argument("cure", f"must be one of {', '.join(CURES)}", repr(text))
    try:
        number: Any = (float(weight),) if weight else ()
    except ValueError:
        raise errors.argument("cure", "must be NAME or NAME:WEIGHT", repr(text)) from None
    return CURES[name](*number)
