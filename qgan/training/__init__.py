"""Training: the visible loop, and what every loop shares."""

from qgan.training.learner import Learner
from qgan.training.trainer import Trainer

__all__ = ["Learner", "Trainer"]
