"""qgan: a simulator for quantum conditional GANs."""

from qgan.discriminator import Discriminator
from qgan.generator import Generator
from qgan.model import Model
from qgan.runs import load
from qgan.states import States
from qgan.training import Trainer

__all__ = ["Discriminator", "Generator", "Model", "States", "Trainer", "load"]
