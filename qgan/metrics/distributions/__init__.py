"""Measures of how two probability distributions differ, on finite sets or in closed form."""

from qgan.metrics.distributions.divergences import (
    gaussian_kl,
    hellinger_distance,
    jeffrey,
    jensen_shannon,
    jensen_shannon_distance,
    kl_divergence,
    likelihood_kl,
    reverse_kl,
    total_variation,
    total_variation_by_events,
)
from qgan.metrics.distributions.estimators import Estimate, classical_fidelity, sampled_kl
from qgan.metrics.distributions.f_divergences import (
    F_DIVERGENCES,
    FDivergence,
    f_divergence,
    weighted_jensen_shannon,
)
from qgan.metrics.distributions.gibbs_su import Inequality, inequalities, ten_metrics
from qgan.metrics.distributions.probability_metrics import (
    discrepancy,
    discrete_wasserstein,
    kolmogorov,
    levy,
    line_discrepancy,
    prokhorov,
    separation,
)

__all__ = [
    "F_DIVERGENCES",
    "Estimate",
    "FDivergence",
    "Inequality",
    "classical_fidelity",
    "discrepancy",
    "discrete_wasserstein",
    "f_divergence",
    "gaussian_kl",
    "hellinger_distance",
    "inequalities",
    "jeffrey",
    "jensen_shannon",
    "jensen_shannon_distance",
    "kl_divergence",
    "kolmogorov",
    "levy",
    "likelihood_kl",
    "line_discrepancy",
    "prokhorov",
    "reverse_kl",
    "sampled_kl",
    "separation",
    "ten_metrics",
    "total_variation",
    "total_variation_by_events",
    "weighted_jensen_shannon",
]
