"""Distances, entropies and entanglement of single states and of pairs of states."""

from qgan.metrics.states.distances import (
    bures_angle,
    bures_distance,
    fidelity,
    fidelity_matrix,
    hilbert_schmidt_distance,
    infidelity,
    trace_distance,
)
from qgan.metrics.states.entanglement import half_chain_entropy, negativity
from qgan.metrics.states.entropies import entropy, quantum_jensen_shannon, relative_entropy
from qgan.metrics.states.quantum_wasserstein import (
    CertifiedBounds,
    pauli_wasserstein,
    quantum_wasserstein,
)

__all__ = [
    "CertifiedBounds",
    "bures_angle",
    "bures_distance",
    "entropy",
    "fidelity",
    "fidelity_matrix",
    "half_chain_entropy",
    "hilbert_schmidt_distance",
    "infidelity",
    "negativity",
    "pauli_wasserstein",
    "quantum_jensen_shannon",
    "quantum_wasserstein",
    "relative_entropy",
    "trace_distance",
]
