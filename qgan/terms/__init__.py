"""Terms beside an objective: penalties, cures for collapse, distances of states."""

from qgan.terms.auxiliary import AuxiliaryClassifier
from qgan.terms.base import Moment, StepContext, Term
from qgan.terms.coupling import CouplingPenalty
from qgan.terms.distances import EnergyDistance, MeanDiscrepancy, PauliWasserstein
from qgan.terms.information import Information
from qgan.terms.matching import FeatureMatching, PurityMatching
from qgan.terms.noise import InstanceNoise
from qgan.terms.penalties import R1, GradientPenalty, SlopePenalty, WeightClipping

__all__ = [
    "R1",
    "AuxiliaryClassifier",
    "CouplingPenalty",
    "EnergyDistance",
    "FeatureMatching",
    "GradientPenalty",
    "Information",
    "InstanceNoise",
    "MeanDiscrepancy",
    "Moment",
    "PauliWasserstein",
    "PurityMatching",
    "SlopePenalty",
    "StepContext",
    "Term",
    "WeightClipping",
]
