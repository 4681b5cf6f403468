"""The lock of a run folder, in which only one process trains at a time."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from pathlib import Path
from typing import Any

from qgan import errors
from qgan.files import check_writable
from qgan.runs import _system_lock

__all__ = ["Lock", "check_unlocked"]


class Lock:
    """The lock that a process holds while it trains in a folder.

    The lock of the system on the file ``.lock`` ends with its process, however that dies, so that
    a file which a dead process on this machine has left behind is no obstacle. The file names the
    process that holds the lock. On a shared disk this may be a process of another machine, which
    cannot be tested from here: it is respected as long as the file names it. On a system without
    such locks (neither Unix nor Windows) that holds for every other process.

    Args:
        folder: the run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / ".lock"
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            QganError: if another process holds the lock (the message names its id and its machine),
                or if the folder cannot be written.
        """
        while self._file is None:
            try:
                check_writable(self.path)
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
                file = os.open(self.path, flags, 0o644)
            except OSError as error:
                rule = "must be a folder that can be written"
                got = f"{self.path.parent} ({error.strerror})"
                raise errors.argument("run", rule, got) from None
            try:
                self._lock(file)
            except BaseException:
                os.close(file)
                raise
            if self._is_current(file):  # otherwise its last holder has removed it in the meantime
                self._file = file
            else:
                os.close(file)

    def _lock(self, file: int) -> None:
        """Lock the open file and write into it the id and the machine of this process."""
        if not _system_lock.lock_file(file):
            raise self._refusal(_owner(file))
        owner, host = _owner(file), socket.gethostname()
        if owner.get("host", host) != host or (owner and not _system_lock.EXISTS):
            raise self._refusal(owner, f"; if that one is dead, remove {self.path}")
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, json.dumps({"pid": os.getpid(), "host": host}).encode())

    def _is_current(self, file: int) -> bool:
        """Whether the open file is still the one at the path."""
        try:
            return os.path.samestat(os.fstat(file), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _refusal(self, owner: dict[str, Any], more: str = "") -> errors.QganError:
        who = f"process {owner.get('pid', 'unknown')} on {owner.get('host', 'an unknown machine')}"
        rule = "must not be in use by another process"
        return errors.argument("run", rule, f"{self.path.parent}, used by {who}{more}")

    def release(self) -> None:
        """Release the lock; does nothing if it is not held."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # the disk may have become read-only
                if self._is_current(self._file):
                    self._remove(self._file)
            os.close(self._file)
            self._file = None

    def _remove(self, file: int) -> None:
        try:
            self.path.unlink()
        except PermissionError:  # Windows removes no file that is open: one that is empty will do
            os.ftruncate(file, 0)

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)


def _owner(file: int) -> dict[str, Any]:
    """The holder of the lock that the file names; empty if it names none."""
    try:
        os.lseek(file, 0, os.SEEK_SET)
        owner = json.loads(os.read(file, 4096))
    except ValueError:
        return {}
    return owner if isinstance(owner, dict) else {}


def check_unlocked(folder: Path) -> None:
    """Refuse a folder in which another process trains.

    Raises:
        QganError: if another process holds the lock of the folder.
    """
    lock = Lock(folder)
    if os.path.lexists(lock.path):
        lock.acquire()
        lock.release()
