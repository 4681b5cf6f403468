"""The batched engine, our own: README.md in this folder says what its words mean."""

from qgan.engines.batched.engine import BatchedEngine

__all__ = ["BatchedEngine"]
