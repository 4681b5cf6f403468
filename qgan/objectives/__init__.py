"""Objectives: pure functions of scores."""

from qgan.objectives.base import Objective
from qgan.objectives.minimax import Minimax, NonSaturating
from qgan.objectives.quantum import LinearValue
from qgan.objectives.wasserstein import Wasserstein

__all__ = ["LinearValue", "Minimax", "NonSaturating", "Objective", "Wasserstein"]
