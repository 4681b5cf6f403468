"""Terms beside an objective: penalties, cures, distances, none known to the loop by name."""

from qgan.terms.auxiliary import AuxiliaryClassifier
from qgan.terms.base import LabelledStates, Silent, StepContext, Term, TermStep
from qgan.terms.coupling import CouplingPenalty
from qgan.terms.cures import FeatureMatching, InstanceNoise, PurityMatching
from qgan.terms.distances import EnergyDistance, MeanDiscrepancy, PauliWasserstein
from qgan.terms.penalties import R1, GradientPenalty, WeightClipping

__all__ = [
    "R1",
    "AuxiliaryClassifier",
    "CouplingPenalty",
    "EnergyDistance",
    "FeatureMatching",
    "GradientPenalty",
    "InstanceNoise",
    "LabelledStates",
    "MeanDiscrepancy",
    "PauliWasserstein",
    "PurityMatching",
    "Silent",
    "StepContext",
    "Term",
    "TermStep",
    "WeightClipping",
]
