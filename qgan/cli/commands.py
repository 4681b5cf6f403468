"""The entry point: finds the command, runs it, answers mistakes in one line."""

from __future__ import annotations

import errno
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from qgan import errors
from qgan.cli.compare import command_compare
from qgan.cli.evaluate import command_evaluate
from qgan.cli.explore import command_explore
from qgan.cli.listing import command_list
from qgan.cli.plan import command_plan
from qgan.cli.sample import command_sample
from qgan.cli.train import command_resume, command_train

COMMANDS = {
    "train": command_train,
    "resume": command_resume,
    "evaluate": command_evaluate,
    "sample": command_sample,
    "compare": command_compare,
    "explore": command_explore,
    "list": command_list,
    "plan": command_plan,
}


FLAGS = {
    "view": "--discriminator {}",
    "head": "--discriminator.head {}",
    "objective": "--objective {}",
    "term": "--term {}",
    "device": "--device {}",
    "readout": "--engine.readout {}",
    "plugin": "--plugin {}",
    "option": "--{}",
}
"""By what an error offers to choose, the flags that choose it."""

DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EIO}
"""What is wrong with a disk, not with the program."""


def _usage() -> str:
    lines = [f"  {name:10} {(f.__doc__ or '').rstrip('.')}" for name, f in COMMANDS.items()]
    return "usage: qgan COMMAND ...\n\n" + "\n".join(lines) + "\n\nqgan COMMAND --help tells more."


def _in_one_line(usual: Callable[..., None]) -> Callable[..., None]:
    """Our own warnings as a line of text; others as usual."""

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, errors.QganWarning):
            print(f"Note: {message}", file=sys.stderr)
        else:
            usual(message, category, *place, **more)

    return show


def in_flags(error: errors.QganError) -> str:
    """The message of an error, with flags in the place of the choices that it offers."""
    message = str(error)
    for kind, name in error.choices:
        message = message.replace(f"{kind} {name}", FLAGS[kind].format(name))
    return message


def guarded(function: Callable[[], int]) -> int:
    """Run a command; a user's mistake becomes one line on standard error and status 2."""
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _in_one_line(warnings.showwarning)
            return function()
    except errors.QganError as error:
        print(" ".join(in_flags(error).split()), file=sys.stderr)
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # `qgan list | head`: nobody reads on, and nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in DISK:
            raise
        place = f" for {error.filename}" if error.filename else ""
        print(f"Argument `disk` must take files, but got {error.strerror}{place}.", file=sys.stderr)
        return 2


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
