"""The batched engine: ours, in torch."""

from qgan.engines.batched.engine import BatchedEngine

__all__ = ["BatchedEngine"]
