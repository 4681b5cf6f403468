"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

from qgan import errors

__all__ = ["clean", "unwritable", "write_atomically"]


def write_atomically(
    path: Path, data: bytes, previous: Path | None = None, argument: str | None = None
) -> None:
    """Write a file so that a reader sees the old or the new one, never a part.

    A temporary file in the same folder is flushed to disk, read back and renamed; then the folder
    is synced. A failure leaves the old file, and no temporary one.

    Args:
        path: the file.
        data: all of it.
        previous: where the old file is kept, by the time the new one has read back.
        argument: the argument that an error is about; by default the name of the file.

    Raises:
        QganError: if the disk is full, or the folder cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_atomically(Path(folder) / "a.txt", b"whole")
        ...     [(file.name, file.read_bytes()) for file in Path(folder).iterdir()]
        [('a.txt', b'whole')]
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # Forget the pages, so that what is compared comes from the disk where it can.
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if part.read_bytes() != data:
            raise OSError(errno.EIO, "does not read back as it was written")
        if previous is not None and path.exists():
            _keep(path, previous)
        os.replace(part, path)
        _sync(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, error, argument) from None


def _keep(path: Path, previous: Path) -> None:
    """Give the file a second name; it keeps its own until another takes it."""
    previous.unlink(missing_ok=True)
    try:
        os.link(path, previous)
    except OSError:  # a file system without hard links: for a moment only the second name exists
        os.replace(path, previous)


def _sync(folder: Path) -> None:
    """Flush a folder's entries to disk: a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, error: OSError, argument: str | None = None) -> errors.QganError:
    """The error for a file that could not be written, with the system's reason.

    Args:
        path: the file.
        error: what the system said.
        argument: the argument that the error is about; by default the name of the file.
    """
    got = f"{error.strerror or error} for {path}"
    return errors.argument(argument or path.name, "must be writable", got)


def clean(folder: Path) -> None:
    """Remove what writes that were cut short have left in a folder."""
    for part in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            part.unlink()
