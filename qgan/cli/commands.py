"""The entry point: it finds and runs the command, and reports a mistake of the user in one line."""

from __future__ import annotations

import errno
import os
import secrets
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qgan import errors
from qgan.cli.characters import tolerant_streams
from qgan.cli.compare import command_compare
from qgan.cli.data import command_data
from qgan.cli.evaluate import command_evaluate
from qgan.cli.explore import command_explore
from qgan.cli.listing import command_list
from qgan.cli.plan import command_plan
from qgan.cli.sample import command_sample
from qgan.cli.train import command_resume, command_train
from qgan.files import write_atomically
from qgan.text import shortened, visible

__all__ = ["COMMANDS", "exit_status", "main"]

COMMANDS = {
    "train": command_train,
    "resume": command_resume,
    "evaluate": command_evaluate,
    "sample": command_sample,
    "compare": command_compare,
    "explore": command_explore,
    "data": command_data,
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
    "gradient": "--trainer.gradient {}",
    "option": "--{}",
}
"""The flags that choose what an error offers, by the kind of the choice."""

DISK = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
    errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP,
}  # fmt: skip
"""Error numbers for which the file system is to blame and not the program."""

DEFECT = 70
"""The exit status after an exception that nobody expected; ``sysexits.h`` calls it EX_SOFTWARE."""


HELP = """qgan COMMAND --help tells more.
--debug shows the traceback of a defect of the program, which is written to a file without it."""


def _usage() -> str:
    lines = [f"  {name:10} {(f.__doc__ or '').rstrip('.')}" for name, f in COMMANDS.items()]
    return "usage: qgan COMMAND ...\n\n" + "\n".join(lines) + "\n\n" + HELP


def _in_one_line(show_warning: Callable[..., None]) -> Callable[..., None]:
    """A way to show warnings: those of this program as a line of text, others as usual."""

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, errors.QganWarning):
            print(f"Note: {visible(str(message))}", file=sys.stderr)
        else:
            show_warning(message, category, *place, **more)

    return show


def in_flags(error: errors.QganError) -> str:
    """The message of an error, with flags in the place of the choices that it offers."""
    message = str(error)
    for kind, name in error.choices:
        message = message.replace(f"{kind} {name}", FLAGS[kind].format(name))
    return message


def exit_status(function: Callable[[], int], debug: bool = False) -> int:
    """Run a command and return its exit status.

    A mistake of the user becomes one line on standard error and status 2. An exception that nobody
    expected is a defect: it becomes one line and status 70.

    Args:
        function: the command.
        debug: whether the traceback of a defect is shown; if not, it is written to a file.
    """
    with tolerant_streams():
        try:
            return _guarded(function)
        except Exception as error:
            _report_defect(error, debug)
            return DEFECT


def _report_defect(error: Exception, debug: bool) -> None:
    """Say in one line that the program is to blame, and keep the traceback."""
    text = "".join(traceback.format_exception(error))
    place = "above"
    if debug:
        print(text, file=sys.stderr, end="")
    else:
        try:
            file = Path(tempfile.gettempdir()) / f"qgan-defect-{secrets.token_hex(4)}.txt"
            write_atomically(file, text.encode("utf-8", "backslashreplace"))
            place = str(file)
        except (OSError, errors.QganError):
            place = "shown by --debug"
    what = f"{type(error).__name__}: {shortened(error)}".rstrip(": .")
    line = f"This is a defect of qgan, not of your input ({what}); please report it"
    print(f"{line}. The traceback is {place}.", file=sys.stderr)


def _guarded(function: Callable[[], int]) -> int:
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _in_one_line(warnings.showwarning)
            return function()
    except errors.QganError as error:
        print(visible(" ".join(in_flags(error).split())), file=sys.stderr)
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 128 + signal.SIGINT
    except BrokenPipeError:  # the reader has stopped, as in `qgan list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in DISK:
            raise
        file = shortened(error.filename or "a file")
        print(f"The file system refused {file}: {error.strerror}.", file=sys.stderr)
        return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``qgan`` and ``python -m qgan``; returns the exit status."""
    with tolerant_streams():
        return _run(argv)


def _run(argv: Sequence[str] | None) -> int:
    words = list(sys.argv[1:] if argv is None else argv)
    arguments = [word for word in words if word != "--debug"]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        print(
            errors.argument("command", f"must be one of {', '.join(COMMANDS)}", repr(name)),
            file=sys.stderr,
        )
        return 2
    return exit_status(lambda: COMMANDS[name](rest), debug="--debug" in words)
