"""The visible loop, the run folder, checkpoints and history."""

from qgan.training.judge import Judge
from qgan.training.reporting import report
from qgan.training.run_folder import RunFolder, load
from qgan.training.session import Session
from qgan.training.trainer import Trainer

__all__ = ["Judge", "RunFolder", "Session", "Trainer", "load", "report"]
