"""A run on disk: its folder with checkpoints and history, and the session that trains in it."""

from qgan.runs.folder import RunFolder, load
from qgan.runs.reporting import report
from qgan.runs.session import Session

__all__ = ["RunFolder", "Session", "load", "report"]
