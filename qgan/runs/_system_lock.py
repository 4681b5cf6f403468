"""The lock of the operating system on an open file, which ends with the process that holds it."""

from __future__ import annotations

import os
from typing import Any

__all__ = ["EXISTS", "lock_file"]

fcntl: Any
msvcrt: Any
try:
    import fcntl
except ImportError:  # Windows has none
    fcntl = None
try:
    import msvcrt
except ImportError:  # only Windows has it
    msvcrt = None

EXISTS = fcntl is not None or msvcrt is not None
"""Whether this system has such locks."""

FAR = 2**30
"""The byte that Windows locks: what comes before it stays readable for others."""


def lock_file(file: int) -> bool:
    """Lock an open file, unless another handle holds its lock.

    Args:
        file: a descriptor.

    Returns:
        Whether the lock was taken; always True on a system without such locks.
    """
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            os.lseek(file, FAR, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        return False
    return True
