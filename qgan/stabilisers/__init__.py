"""Terms beside an objective: penalties, cures, distances, none known to the loop by name."""

from qgan.stabilisers.auxiliary import AuxiliaryClassifier
from qgan.stabilisers.base import LabelledStates, Silent, StepContext, Term, TermStep
from qgan.stabilisers.coupling import CouplingPenalty
from qgan.stabilisers.cures import FeatureMatching, InstanceNoise, PurityMatching
from qgan.stabilisers.distances import EnergyDistance, MeanDiscrepancy, PauliWasserstein
from qgan.stabilisers.penalties import R1, GradientPenalty, WeightClipping

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
