"""Stopping on request: SIGINT, SIGTERM and SIGHUP end a training after the current step."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import threading
from types import FrameType, TracebackType
from typing import Any

__all__ = ["StopRequest"]

HANGUP = getattr(signal, "SIGHUP", None)
"""What a terminal sends when it is closed; Windows has no such signal."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, *(() if HANGUP is None else (HANGUP,)))


class StopRequest:
    """A context manager that notes the first signal; a second SIGINT interrupts at once.

    A second SIGTERM does not interrupt: schedulers send it to a process and, within a moment, to
    its group.

    Attributes:
        number: the signal that asked to stop, or None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if (
            threading.current_thread() is threading.main_thread()
        ):  # other threads cannot handle signals
            for number in SIGNALS:
                if number == HANGUP and signal.getsignal(number) == signal.SIG_IGN:
                    continue  # `nohup` asks for that
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.number = self.number or number
        if number == HANGUP:
            _forget_terminal()


def _forget_terminal() -> None:
    """Let what is printed go nowhere: writing to a terminal that is closed is an error."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with contextlib.suppress(OSError):
            if stat.S_ISCHR(os.fstat(stream).st_mode):
                os.dup2(nowhere, stream)
    os.close(nowhere)
