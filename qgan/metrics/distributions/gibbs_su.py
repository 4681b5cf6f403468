"""The ten metrics of Gibbs and Su, and the inequalities between them, to be checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log1p

from jaxtyping import Float
from torch import Tensor

from qgan.metrics.distributions.divergences import (
    hellinger_distance,
    kl_divergence,
    total_variation,
)
from qgan.metrics.distributions.f_divergences import F_DIVERGENCES
from qgan.metrics.distributions.probability_metrics import (
    discrete_wasserstein,
    kolmogorov,
    levy,
    line_discrepancy,
    prokhorov,
    separation,
)

__all__ = ["Inequality", "inequalities", "ten_metrics"]


@dataclass(frozen=True)
class Inequality:
    """One inequality ``lower <= upper`` with the values of both sides.

    Args:
        name: the two sides in words.
        lower: the left side.
        upper: the right side.
    """

    name: str
    lower: float
    upper: float

    def holds(self, tolerance: float = 1e-9) -> bool:
        """Whether the right side is at least the left side, up to rounding."""
        return self.lower <= self.upper + tolerance


def ten_metrics(
    p: Float[Tensor, " K"], q: Float[Tensor, "*_"], position: Float[Tensor, " K"]
) -> dict[str, float]:
    """All ten metrics of Gibbs and Su between two distributions on points of the line.

    The space is the line: the discrepancy is taken over all intervals, as Kolmogorov's and Levy's
    metrics are. The other metrics do not depend on what lies between the points.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        position: the K points, all different.

    Returns:
        The values by name. Relative entropy and chi^2 are those of P from Q, and may be infinite.

    Raises:
        QganError: as :func:`kolmogorov`.

    References:
        Gibbs and Su, Int. Stat. Rev. 70, 419 (2002), table 1.
    """
    p, q, position = p.double(), q.double(), position.double()
    distance = (position[:, None] - position[None, :]).abs()
    return {
        "discrepancy": float(line_discrepancy(p, q, position)),
        "hellinger": float(hellinger_distance(p, q)),
        "relative entropy": float(kl_divergence(p, q)),
        "kolmogorov": float(kolmogorov(p, q, position)),
        "levy": float(levy(p, q, position)),
        "prokhorov": prokhorov(p, q, distance),
        "separation": float(separation(p, q)),
        "total variation": float(total_variation(p, q)),
        "wasserstein": discrete_wasserstein(p, q, distance),
        "chi^2": float(F_DIVERGENCES["pearson"](p, q)),
    }


def inequalities(
    metrics: Mapping[str, float], position: Float[Tensor, " K"]
) -> tuple[Inequality, ...]:
    """The inequalities between the ten metrics that hold on finitely many points of the line.

    Args:
        metrics: the values by name, from :func:`ten_metrics`.
        position: the points that they were computed on, at least 2.

    Returns:
        The inequalities; :meth:`Inequality.holds` is true for each.

    References:
        Gibbs and Su, fig. 1 and sec. 3 (theorems 1 to 6).
    """
    place = position.double().sort().values
    widest, least = float(place[-1] - place[0]), float(place.diff().min())
    d, h, i, k, le, pr, s, tv, w, chi = (
        metrics[name]
        for name in (
            "discrepancy", "hellinger", "relative entropy", "kolmogorov", "levy",
            "prokhorov", "separation", "total variation", "wasserstein", "chi^2",
        )
    )  # fmt: skip
    sides = (
        ("levy <= kolmogorov", le, k),
        ("levy <= prokhorov", le, pr),
        ("kolmogorov <= discrepancy", k, d),
        ("discrepancy <= 2 kolmogorov", d, 2 * k),
        ("discrepancy <= total variation", d, tv),
        ("prokhorov <= total variation", pr, tv),
        ("prokhorov^2 <= wasserstein", pr**2, w),
        ("wasserstein <= (diameter + 1) prokhorov", w, (widest + 1) * pr),
        ("wasserstein <= diameter total variation", w, widest * tv),
        ("least distance total variation <= wasserstein", least * tv, w),
        ("hellinger^2 / 2 <= total variation", h**2 / 2, tv),
        ("total variation <= hellinger", tv, h),
        ("total variation <= separation", tv, s),
        ("hellinger^2 <= relative entropy", h**2, i),
        ("2 total variation^2 <= relative entropy", 2 * tv**2, i),
        ("relative entropy <= log(1 + chi^2)", i, log1p(chi)),
        ("log(1 + chi^2) <= chi^2", log1p(chi), chi),
        ("hellinger <= sqrt 2 chi^2^(1/4)", h, 2**0.5 * chi**0.25),
        ("total variation <= sqrt chi^2 / 2", tv, chi**0.5 / 2),
    )
    return tuple(Inequality(*side) for side in sides)
