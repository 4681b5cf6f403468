"""The command line, one command a file: parses, calls, prints."""

from qgan.cli.commands import COMMANDS, guarded, main
from qgan.cli.parsing import parse_train
from qgan.cli.train import default_run

__all__ = ["COMMANDS", "default_run", "guarded", "main", "parse_train"]
