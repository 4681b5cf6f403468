"""The objectives by name, and the objective that a configuration describes."""

from __future__ import annotations

from collections.abc import Callable

from qgan import errors
from qgan.build.registry import Entry, new_family
from qgan.build.terms import R1_PAPER, WGAN, WGAN_GP
from qgan.config import Experiment
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
    EnergyDistance,
    GradientPenalty,
    MeanDiscrepancy,
    PauliWasserstein,
    WeightClipping,
)

__all__ = ["OBJECTIVES", "build_objective"]

GAN = "Goodfellow et al., arXiv:1406.2661"
F_GAN = "Nowozin et al., arXiv:1606.00709"


def _usual(entry: Entry, number: float | None) -> Objective:
    objective: Objective = entry.make() if number is None else entry.make(number)
    return objective


OBJECTIVES = new_family("objective", "Objectives", "objective", _usual)
"""The objectives; a builder takes the number after the name, or None."""


def build_objective(settings: Experiment) -> Objective:
    """The objective, with the terms that it brings.

    Raises:
        QganError: for a name that is not registered, or a number where none is taken.
    """
    entry, number = OBJECTIVES.find_numbered(settings.objective)
    objective: Objective = OBJECTIVES.build(entry, number)
    return objective


def _weighted(pi: float = 0.5) -> Objective:
    try:
        return FGAN(weighted_jensen_shannon(pi))
    except errors.QganError as error:
        name = "f-gan:weighted-jensen-shannon"
        near = [("objective", f"{name}:0.5"), ("objective", "f-gan:jensen-shannon")]
        raise errors.unsupported(f"Objective {name}", str(error).rstrip("."), near) from None


def _f_gan(name: str) -> Callable[[], Objective]:
    return lambda: FGAN(name)


def _whole(name: str, number: float) -> int:
    if number != int(number):
        raise errors.argument("objective", f"must have a whole number after {name}", number)
    return int(number)


def _pauli_wasserstein(weight: float = 2.0) -> Objective:
    return DistanceOnly("quantum-w1", terms=(PauliWasserstein(_whole("quantum-w1", weight)),))


def _mmd(power: float = 2.0) -> Objective:
    return DistanceOnly("mmd", terms=(MeanDiscrepancy(_whole("mmd", power)),))


def _energy() -> Objective:
    return DistanceOnly("energy", terms=(EnergyDistance(),))


def _clipped() -> Objective:
    return Wasserstein(terms=(WeightClipping(),))


def _at_the_ends() -> Objective:
    return Wasserstein(terms=(GradientPenalty(at="ends"),))


def _r1() -> Objective:
    return NonSaturating(terms=(R1(),))


AS_PUBLISHED = {
    "trainer": {
        "optimiser": "rmsprop",
        "generator_rate": 5e-5,
        "discriminator_rate": 5e-5,
        "view_rate": 5e-5,
        "final_rate": 1.0,
        "batch": 64,
        "n_critic": 5,
    }
}
"""Algorithm 1 of arXiv:1701.07875."""

for _entry in (
    Entry(
        "wasserstein",
        Wasserstein,
        "distance of order 1, slope penalised between real and generated",
        WGAN_GP,
    ),
    Entry(
        "wasserstein:ends",
        _at_the_ends,
        "the same, slope penalised at real and at generated states",
        f"{WGAN_GP}; {R1_PAPER}",
    ),
    Entry(
        "wasserstein:clip",
        _clipped,
        "the same, weights clipped; sets RMSProp and rates as published",
        WGAN,
        settings=AS_PUBLISHED,
    ),
    Entry("minimax", Minimax, "the original game, from logits", GAN),
    Entry("non-saturating", NonSaturating, "the generator maximises log D", f"{GAN}, sec. 3"),
    Entry(
        "non-saturating:r1",
        _r1,
        "the same, slope penalised at real states; pulls fade as states meet",
        R1_PAPER,
    ),
    Entry("least-squares", LeastSquares, "scores drawn to 0 and 1", "Mao et al., arXiv:1611.04076"),
    Entry("hinge", Hinge, "a margin on both sides", "Lim and Ye, arXiv:1705.02894"),
    Entry(
        "linear",
        LinearValue,
        "the value V, linear in an observable between -1 and 1",
        "Dallaire-Demers and Killoran, arXiv:1804.08641",
        number="PHI",
        settings={"discriminator": {"head": "bounded-linear"}},
    ),
    *(
        Entry(
            f"f-gan:{name}",
            _f_gan(name),
            f"variational bound of {name.replace('-', ' ')}",
            F_GAN,
            # Jeffrey's conjugate grows like an exponential: at the usual rate its loss is infinite
            # by step 106.
            settings={"trainer": {"discriminator_rate": 2e-4}} if name == "jeffrey" else {},
        )
        for name in F_DIVERGENCES
    ),
    Entry(
        "f-gan:weighted-jensen-shannon",
        _weighted,
        "variational bound of JS with weight pi on real states",
        F_GAN,
        number="PI",
    ),
    Entry(
        "quantum-semimetric",
        QuantumSemimetric,
        "cost of couplings (1 - SWAP) / 2; pure states: (1 - F) / 2",
        "Chakrabarti et al., arXiv:1911.00111",
        settings={"discriminator": {"head": "potentials"}},
    ),
    Entry(
        "quantum-w1",
        _pauli_wasserstein,
        "quantum Wasserstein of order 1, Pauli programme; no discriminator",
        "De Palma et al., arXiv:2009.04469; Kiani et al., arXiv:2101.03037",
        number="WEIGHT",
    ),
    Entry(
        "mmd",
        _mmd,
        "maximum mean discrepancy, kernel Tr[rho sigma]^p; no discriminator",
        "Gretton et al., JMLR 13, 723 (2012)",
        number="POWER",
    ),
    Entry(
        "energy",
        _energy,
        "energy distance with d = sqrt(1 - F); no discriminator",
        "Szekely and Rizzo, J. Stat. Plan. Inference 143, 1249 (2013)",
    ),
):
    OBJECTIVES.add(_entry)
