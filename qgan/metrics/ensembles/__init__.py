"""How one ensemble of states compares with another."""

from qgan.metrics.ensembles.angles import (
    circular_rank_correlations,
    multiple_angle_correlation,
)
from qgan.metrics.ensembles.covering import (
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
from qgan.metrics.ensembles.latents import (
    label_recovered,
    multiple_rank_correlation,
    nearest_factors,
    nearest_index,
    nearest_label,
    rank_correlations,
)
from qgan.metrics.ensembles.memorisation import memorised_share
from qgan.metrics.ensembles.modes import (
    best_frozen,
    effective_modes,
    equivalent_frozen,
    factor_reached,
)
from qgan.metrics.ensembles.moments import ensemble_mmd, moment_distance, overlap_matrix
from qgan.metrics.ensembles.transport import Transport, potentials, skill, transport, wasserstein

__all__ = [
    "Transport",
    "average_distance",
    "best_frozen",
    "circular_rank_correlations",
    "coverage",
    "effective_modes",
    "ensemble_average",
    "ensemble_mmd",
    "equivalent_frozen",
    "factor_reached",
    "label_recovered",
    "memorised_share",
    "moment_distance",
    "multiple_angle_correlation",
    "multiple_rank_correlation",
    "nearest_factors",
    "nearest_index",
    "nearest_label",
    "nearest_neighbour",
    "nearest_neighbour_ratio",
    "overlap_matrix",
    "potentials",
    "precision",
    "rank_correlations",
    "skill",
    "spread",
    "spread_ratio",
    "top_eigenstate",
    "transport",
    "wasserstein",
]
