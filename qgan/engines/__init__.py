"""Engines: how a circuit is executed. One contract, and one folder for each engine."""

from qgan.engines.base import Circuit, Engine
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine

__all__ = ["BatchedEngine", "Circuit", "Engine", "PennyLaneEngine"]
