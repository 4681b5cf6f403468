"""The command line, with one file per command: it parses, calls and prints."""

from qgan.cli.commands import COMMANDS, exit_status, main
from qgan.cli.parsing import parse_train
from qgan.cli.train import default_run

__all__ = ["COMMANDS", "default_run", "exit_status", "main", "parse_train"]
