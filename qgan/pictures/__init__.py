"""Pictures of a run: of its training, its latents, its states and its evaluation."""

from qgan.pictures.atlas import atlas

__all__ = ["atlas"]
