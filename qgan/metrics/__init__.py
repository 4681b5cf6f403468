"""Measures of states and of ensembles of states; nothing here knows how states were made."""

from qgan.metrics.distances import (
    bures_angle,
    fidelity_matrix,
    hilbert_schmidt_distance,
    infidelity,
    trace_distance,
)
from qgan.metrics.ensembles import (
    average_distance,
    coverage,
    ensemble_average,
    nearest_neighbour,
    nearest_neighbour_ratio,
    precision,
    spread,
    spread_ratio,
    top_eigenstate,
)
from qgan.metrics.evaluation import evaluate, references
from qgan.metrics.f_divergences import (
    F_DIVERGENCES,
    FDivergence,
    f_divergence,
    weighted_jensen_shannon,
)
from qgan.metrics.latents import (
    label_recovered,
    multiple_rank_correlation,
    nearest,
    nearest_factors,
    nearest_label,
    rank_correlations,
)
from qgan.metrics.report import (
    LabelReport,
    Report,
    judge_label_collapse,
    judge_latent_ignored,
    judge_mode_collapse,
)
from qgan.metrics.transport import Reference, skill, transport, wasserstein

__all__ = [
    "F_DIVERGENCES",
    "FDivergence",
    "LabelReport",
    "Reference",
    "Report",
    "average_distance",
    "bures_angle",
    "coverage",
    "ensemble_average",
    "evaluate",
    "f_divergence",
    "fidelity_matrix",
    "hilbert_schmidt_distance",
    "infidelity",
    "judge_label_collapse",
    "judge_latent_ignored",
    "judge_mode_collapse",
    "label_recovered",
    "multiple_rank_correlation",
    "nearest",
    "nearest_factors",
    "nearest_label",
    "nearest_neighbour",
    "nearest_neighbour_ratio",
    "precision",
    "rank_correlations",
    "references",
    "skill",
    "spread",
    "spread_ratio",
    "top_eigenstate",
    "trace_distance",
    "transport",
    "wasserstein",
    "weighted_jensen_shannon",
]
