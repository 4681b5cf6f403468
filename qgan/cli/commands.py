"""The entry point: finds the command, runs it, answers mistakes in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from qgan import errors
from qgan.cli.evaluate import command_evaluate
from qgan.cli.explore import command_explore
from qgan.cli.listing import command_list
from qgan.cli.sample import command_sample
from qgan.cli.train import command_resume, command_train

COMMANDS = {
    "train": command_train,
    "resume": command_resume,
    "evaluate": command_evaluate,
    "sample": command_sample,
    "explore": command_explore,
    "list": command_list,
}


def _usage() -> str:
    lines = [f"  {name:10} {(f.__doc__ or '').rstrip('.')}" for name, f in COMMANDS.items()]
    return "usage: qgan COMMAND ...\n\n" + "\n".join(lines) + "\n\nqgan COMMAND --help tells more."


def guarded(function: Callable[[], int]) -> int:
    """Run a command; a user's mistake becomes one line on standard error and status 2."""
    try:
        return function()
    except errors.QganError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except BrokenPipeError:  # `qgan list | head`: nobody reads on, and nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``qgan`` and ``python -m qgan``; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        print(
            f"Argument `command` must be one of {', '.join(COMMANDS)}, but got {name!r}.",
            file=sys.stderr,
        )
        return 2
    return guarded(lambda: COMMANDS[name](rest))
