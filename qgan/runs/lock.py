"""The lock of a run folder: one process trains there at a time."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Any

from qgan import errors


class Lock:
    """Held by the process that trains in a folder, from :meth:`acquire` to :meth:`release`.

    The system's own lock on ``.lock`` ends with the process, however it dies, so what a dead
    process on this machine has left behind is taken over. The file says who holds it. A lock of
    another machine (a shared disk) cannot be tested from here and is respected as long as the file
    names its process.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            QganError: if another process holds it, with its id and machine; or if the folder
                cannot be written.
        """
        while self._file is None:
            try:
                file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            except OSError as error:
                rule = "must be a folder that can be written"
                got = f"{self.path.parent} ({error.strerror})"
                raise errors.argument("run", rule, got) from None
            try:
                self._take(file)
            except BaseException:
                os.close(file)
                raise
            if self._stands(file):  # else its last holder removed it in between
                self._file = file
            else:
                os.close(file)

    def _take(self, file: int) -> None:
        """Lock the open file and write in it who we are."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise self._refusal(_owner(file)) from None
        owner, here = _owner(file), socket.gethostname()
        if owner.get("host", here) != here:
            raise self._refusal(owner, f"; if that one is dead, remove {self.path}")
        os.ftruncate(file, 0)
        os.pwrite(file, json.dumps({"pid": os.getpid(), "host": here}).encode(), 0)

    def _stands(self, file: int) -> bool:
        """Whether the open file is the one that the path names."""
        try:
            return os.path.samestat(os.fstat(file), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _refusal(self, owner: dict[str, Any], more: str = "") -> errors.QganError:
        who = f"process {owner.get('pid', 'unknown')} on {owner.get('host', 'an unknown machine')}"
        rule = "must not be in use by another process"
        return errors.argument("run", rule, f"{self.path.parent}, used by {who}{more}")

    def release(self) -> None:
        """Let go of it; does nothing if it is not held."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # a disk that has become read-only since
                if self._stands(self._file):
                    self.path.unlink()
            os.close(self._file)
            self._file = None

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


def _owner(file: int) -> dict[str, Any]:
    """Who the file says holds it; nothing if it does not say."""
    try:
        found = json.loads(os.pread(file, 4096, 0))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def check_unlocked(folder: Path) -> None:
    """Refuse a folder in which another process trains."""
    lock = Lock(folder)
    if lock.path.exists():
        lock.acquire()
        lock.release()
