"""Distances between samples of points in R^d, and the features by which digits are compared."""

from qgan.metrics.samples.digit_features import digit_frechet_distance
from qgan.metrics.samples.mean_discrepancy import gaussian_kernel, mmd_squared, permutation_p_value
from qgan.metrics.samples.transport import (
    entropic_wasserstein,
    frechet_distance,
    kantorovich_rubinstein,
    line_wasserstein,
    sample_wasserstein,
)

__all__ = [
    "digit_frechet_distance",
    "entropic_wasserstein",
    "frechet_distance",
    "gaussian_kernel",
    "kantorovich_rubinstein",
    "line_wasserstein",
    "mmd_squared",
    "permutation_p_value",
    "sample_wasserstein",
]
