"""Discriminator = view + head, and the heads."""

from qgan.discriminator.base import Discriminator, Head
from qgan.discriminator.linear import BoundedLinearHead, IdentityHead, LinearHead
from qgan.discriminator.minibatch import MinibatchHead
from qgan.discriminator.mlp import AuxiliaryHead, MLPHead, ProjectionHead

__all__ = [
    "AuxiliaryHead",
    "BoundedLinearHead",
    "Discriminator",
    "Head",
    "IdentityHead",
    "LinearHead",
    "MLPHead",
    "MinibatchHead",
    "ProjectionHead",
]
