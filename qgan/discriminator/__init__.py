"""Discriminators, which are a view and a head, and the heads."""

from qgan.discriminator.base import Discriminator, Head, PlainHead
from qgan.discriminator.linear import BoundedLinearHead, IdentityHead, LinearHead
from qgan.discriminator.minibatch import MinibatchHead
from qgan.discriminator.mlp import AuxiliaryHead, MLPHead, ProjectionHead
from qgan.discriminator.none import BlindView, ZeroHead, no_discriminator
from qgan.discriminator.perceptron import Perceptron
from qgan.discriminator.potentials import PotentialsHead
from qgan.discriminator.roots import RootHead

__all__ = [
    "AuxiliaryHead",
    "BlindView",
    "BoundedLinearHead",
    "Discriminator",
    "Head",
    "IdentityHead",
    "LinearHead",
    "MLPHead",
    "MinibatchHead",
    "Perceptron",
    "PlainHead",
    "PotentialsHead",
    "ProjectionHead",
    "RootHead",
    "ZeroHead",
    "no_discriminator",
]
