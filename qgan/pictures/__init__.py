"""Drawings of a run: its training, its latents, its states and its evaluation."""

from qgan.pictures.atlas import atlas

__all__ = ["atlas"]
