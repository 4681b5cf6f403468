"""Measures of states and of ensembles of states; nothing here knows how states were made."""

from qgan.metrics.bootstrap import (
    Measured,
)
from qgan.metrics.distances import (
    bures_angle,
    bures_distance,
    fidelity,
    fidelity_matrix,
    hilbert_schmidt_distance,
    infidelity,
    trace_distance,
)
from qgan.metrics.divergences import (
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
from qgan.metrics.entanglement import (
    half_chain_entropy,
    negativity,
)
from qgan.metrics.entropies import (
    entropy,
    quantum_jensen_shannon,
    relative_entropy,
)
from qgan.metrics.estimators import (
    Estimate,
    classical_fidelity,
    sampled_kl,
)
from qgan.metrics.evaluation import evaluate, references
from qgan.metrics.f_divergences import (
    F_DIVERGENCES,
    FDivergence,
    f_divergence,
    weighted_jensen_shannon,
)
from qgan.metrics.gibbs_su import (
    Inequality,
    inequalities,
    ten_metrics,
)
from qgan.metrics.labels import (
    holevo_information,
    label_information,
)
from qgan.metrics.latent_use import (
    latent_use,
)
from qgan.metrics.latents import (
    label_recovered,
    multiple_rank_correlation,
    nearest,
    nearest_factors,
    nearest_label,
    rank_correlations,
)
from qgan.metrics.mean_discrepancy import (
    gaussian_kernel,
    mmd_squared,
    permutation_p_value,
)
from qgan.metrics.modes import (
    best_frozen,
    effective_modes,
    equivalent_frozen,
    factor_reached,
)
from qgan.metrics.moments import (
    ensemble_mmd,
    moment_distance,
    overlap_matrix,
)
from qgan.metrics.probability_metrics import (
    discrepancy,
    discrete_wasserstein,
    kolmogorov,
    levy,
    prokhorov,
    separation,
)
from qgan.metrics.quantum_wasserstein import (
    Bounds,
    pauli_wasserstein,
    quantum_wasserstein,
)
from qgan.metrics.reference import Reference
from qgan.metrics.report import (
    LabelReport,
    Report,
    judge_label_collapse,
    judge_latent_ignored,
    judge_mode_collapse,
)
from qgan.metrics.samples import (
    entropic_wasserstein,
    frechet_distance,
    kantorovich_rubinstein,
    line_wasserstein,
    sample_wasserstein,
)
from qgan.metrics.transport import Transport, potentials, skill, transport, wasserstein

__all__ = [
    "F_DIVERGENCES",
    "Bounds",
    "Estimate",
    "FDivergence",
    "Inequality",
    "LabelReport",
    "Measured",
    "Reference",
    "Report",
    "Transport",
    "average_distance",
    "best_frozen",
    "bures_angle",
    "bures_distance",
    "classical_fidelity",
    "coverage",
    "discrepancy",
    "discrete_wasserstein",
    "effective_modes",
    "ensemble_average",
    "ensemble_mmd",
    "entropic_wasserstein",
    "entropy",
    "equivalent_frozen",
    "evaluate",
    "f_divergence",
    "factor_reached",
    "fidelity",
    "fidelity_matrix",
    "frechet_distance",
    "gaussian_kernel",
    "gaussian_kl",
    "half_chain_entropy",
    "hellinger_distance",
    "hilbert_schmidt_distance",
    "holevo_information",
    "inequalities",
    "infidelity",
    "jeffrey",
    "jensen_shannon",
    "jensen_shannon_distance",
    "judge_label_collapse",
    "judge_latent_ignored",
    "judge_mode_collapse",
    "kantorovich_rubinstein",
    "kl_divergence",
    "kolmogorov",
    "label_information",
    "label_recovered",
    "latent_use",
    "levy",
    "likelihood_kl",
    "line_wasserstein",
    "mmd_squared",
    "moment_distance",
    "multiple_rank_correlation",
    "nearest",
    "nearest_factors",
    "nearest_label",
    "nearest_neighbour",
    "nearest_neighbour_ratio",
    "negativity",
    "overlap_matrix",
    "pauli_wasserstein",
    "permutation_p_value",
    "potentials",
    "precision",
    "prokhorov",
    "quantum_jensen_shannon",
    "quantum_wasserstein",
    "rank_correlations",
    "references",
    "relative_entropy",
    "reverse_kl",
    "sample_wasserstein",
    "sampled_kl",
    "separation",
    "skill",
    "spread",
    "spread_ratio",
    "ten_metrics",
    "top_eigenstate",
    "total_variation",
    "total_variation_by_events",
    "trace_distance",
    "transport",
    "wasserstein",
    "weighted_jensen_shannon",
]
