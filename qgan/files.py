"""Files that are written as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from pathlib import Path

from qgan import errors

__all__ = [
    "append",
    "check_writable",
    "read_regular",
    "regular_bytes",
    "remove_partial_files",
    "unwritable",
    "write_atomically",
]


def write_atomically(path: Path, data: bytes, previous: Path | None = None) -> None:
    """Write a file so that a reader sees the old file or the new one, but never a part.

    A temporary file in the same folder is flushed to disk, read back and renamed; then the folder
    is synced. A failure leaves the old file and removes the temporary one. Nobody can foresee the
    name of the temporary file, and it must be new, so that no link leads the bytes elsewhere.

    Args:
        path: the file.
        data: all bytes of the file.
        previous: where the old file is kept once the new one has been read back, or None.

    Raises:
        QganError: if the disk is full, the folder cannot be written, or something that is no
            regular file (a device, a pipe, a link, a folder) has the name.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_atomically(Path(folder) / "a.txt", b"whole")
        ...     [(file.name, file.read_bytes()) for file in Path(folder).iterdir()]
        [('a.txt', b'whole')]
    """
    check_writable(path)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}.part")
    try:
        with open(part, "xb", opener=_no_link) as file:  # x: what exists is refused
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
            # Drop the cached pages, so that the comparison reads the disk where this is possible.
            if hasattr(os, "posix_fadvise"):
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        if part.read_bytes() != data:
            raise OSError(errno.EIO, "does not read back as it was written")
        if previous is not None and path.exists():
            _link_previous(path, previous)
        os.replace(part, path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise unwritable(path, error) from None


def check_writable(path: Path) -> None:
    """Refuse a place that holds anything but a regular file.

    Raises:
        QganError: for a device, a pipe, a link or a folder.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise unwritable(path, error) from None
    if not stat.S_ISREG(mode):
        raise unwritable(path, OSError(errno.EINVAL, "it is no regular file"))


def append(path: Path, text: str) -> None:
    """Add a text to a regular file that exists.

    Raises:
        QganError: if it cannot be written, or is no regular file.
    """
    check_writable(path)
    try:
        with open(path, "a", newline="", encoding="utf-8", opener=_no_link) as file:
            file.write(text)
    except OSError as error:
        raise unwritable(path, error) from None


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _link_previous(path: Path, previous: Path) -> None:
    """Give the file a second name; it keeps the first one until another file takes it."""
    previous.unlink(missing_ok=True)
    try:
        os.link(path, previous)
    except OSError:  # without hard links, only the second name exists for a moment
        os.replace(path, previous)


def _sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, so that a rename survives a power cut."""
    if not hasattr(os, "O_DIRECTORY"):  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def regular_bytes(path: Path, most: int | None = None) -> bytes:
    """All bytes of a regular file: a pipe, a device or a folder is refused, without waiting for it.

    Args:
        path: the file, or a link to it.
        most: most bytes that the file may have, or None.

    Raises:
        OSError: if it cannot be read, is no regular file or is larger.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if most is not None and status.st_size > most:
            raise OSError(errno.EFBIG, f"it has {status.st_size} bytes, at most {most} are read")
        return file.read()


def read_regular(path: Path, most: int | None = None) -> bytes:
    """As :func:`regular_bytes`, but what cannot be read is a mistake of the user.

    Raises:
        QganError: with the reason.
    """
    try:
        return regular_bytes(path, most)
    except OSError as error:
        raise errors.QganError(f"File {path} cannot be read: {error.strerror or error}.") from None


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer would otherwise be waited for without end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def unwritable(path: Path, error: OSError) -> errors.QganError:
    """The error for a file that could not be written, with the reason of the system."""
    return errors.QganError(f"File {path} cannot be written: {error.strerror or error}.")


def remove_partial_files(folder: Path) -> None:
    """Remove the temporary files that interrupted writes have left in a folder."""
    for part in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            part.unlink()
