"""qgan: a simulator for quantum conditional GANs."""

from qgan.discriminator import Discriminator
from qgan.game import Game
from qgan.generator import Generator
from qgan.model import Model
from qgan.runs import load
from qgan.states import States
from qgan.training import Trainer

__all__ = [
    "Discriminator",
    "Game",
    "Generator",
    "Model",
    "States",
    "Trainer",
    "__version__",
    "load",
]

__version__ = "0.1.0"
