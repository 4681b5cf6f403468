"""Checkpoints, which are written as a whole or not at all, and read without running code."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import pickle
import re
from pathlib import Path
from typing import Any

import torch

from qgan import errors

__all__ = [
    "read_checkpoint",
    "remove_partial_files",
    "save_checkpoint",
    "unwritable",
    "write_atomically",
]

FORMAT = 2
"""Number of the format of a checkpoint; a file of another format is refused."""
MAGIC = b"qgan-checkpoint-%d\n" % FORMAT


def write_atomically(path: Path, data: bytes, previous: Path | None = None) -> None:
    """Write a file so that a reader sees the old file or the new one, but never a part.

    A temporary file in the same folder is flushed to disk, read back and renamed; then the folder
    is synced. A failure leaves the old file and removes the temporary one.

    Args:
        path: the file.
        data: all bytes of the file.
        previous: where the old file is kept once the new one has been read back, or None.

    Raises:
        QganError: if the disk is full, or the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
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


def _link_previous(path: Path, previous: Path) -> None:
    """Give the file a second name; it keeps the first one until another file takes it."""
    previous.unlink(missing_ok=True)
    try:
        os.link(path, previous)
    except OSError:  # without hard links, only the second name exists for a moment
        os.replace(path, previous)


def _sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(path: Path, error: OSError) -> errors.QganError:
    """The error for a file that could not be written, with the reason of the system."""
    return errors.QganError(f"File {path} cannot be written: {error.strerror or error}.")


def remove_partial_files(folder: Path) -> None:
    """Remove the temporary files that interrupted writes have left in a folder."""
    for part in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            part.unlink()


def save_checkpoint(path: Path, state: dict[str, Any], previous: Path | None = None) -> None:
    """Write a state of tensors and plain data, headed by the SHA-256 of its bytes.

    Args:
        path: the file.
        state: tensors and plain data by name.
        previous: where the old file is kept, or None.

    Raises:
        QganError: if the file cannot be written.
    """
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body = buffer.getvalue()
    data = MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    write_atomically(path, data, previous)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read what :func:`save_checkpoint` wrote; a file that would run code is refused.

    Raises:
        QganError: if the file is missing, damaged, of another format, or no checkpoint.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise errors.argument("checkpoint", "must be readable", f"{path} ({reason})") from None
    if not data.startswith(MAGIC):
        raise _foreign(path, data)
    digest, _, body = data[len(MAGIC) :].partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise errors.argument("checkpoint", "must match its SHA-256 (it is damaged)", path)
    try:
        state = torch.load(io.BytesIO(body), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        state = None
    if not isinstance(state, dict):
        raise errors.argument("checkpoint", "must hold tensors and plain data only", path)
    return state


def _foreign(path: Path, data: bytes) -> errors.QganError:
    """The error for a file that does not start as a checkpoint of this format does."""
    other = re.match(rb"qgan-checkpoint-(\d{1,9})\n", data)
    if other is None:
        return errors.argument("checkpoint", "must be a checkpoint of this program", path)
    age = "newer" if int(other[1]) > FORMAT else "older"
    rule = f"must have format {FORMAT}, which this version of qgan reads"
    return errors.argument("checkpoint", rule, f"{path} of {age} format {int(other[1])}")
