"""The engine for PennyLane devices, named by their short names."""

from qgan.engines.pennylane.engine import PennyLaneEngine

__all__ = ["PennyLaneEngine"]
