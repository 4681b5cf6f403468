"""Terms beside an objective: penalties, cures, distances, none known to the loop by name."""

from qgan.stabilisers.auxiliary import AuxiliaryClassifier
from qgan.stabilisers.base import LabelledStates, Silent, StepContext, Term, TermStep
from qgan.stabilisers.cures import FeatureMatching, InstanceNoise, PurityMatching
from qgan.stabilisers.penalties import R1, GradientPenalty, WeightClipping

__all__ = [
    "R1",
    "AuxiliaryClassifier",
    "FeatureMatching",
    "GradientPenalty",
    "InstanceNoise",
    "LabelledStates",
    "PurityMatching",
    "Silent",
    "StepContext",
    "Term",
    "TermStep",
    "WeightClipping",
]
