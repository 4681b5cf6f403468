"""Engines: how a circuit is executed. One contract, one folder or file an engine."""

from qgan.engines.base import Circuit, Engine
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine

__all__ = ["BatchedEngine", "Circuit", "Engine", "PennyLaneEngine"]
