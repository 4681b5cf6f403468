"""Discriminator = view + head, and the heads."""

from qgan.discriminator.base import Discriminator, Head
from qgan.discriminator.linear import IdentityHead, LinearHead
from qgan.discriminator.mlp import MLPHead

__all__ = ["Discriminator", "Head", "IdentityHead", "LinearHead", "MLPHead"]
