"""Checkpoints, which are written as a whole or not at all, and read without running code."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import torch

from qgan import errors
from qgan.engines.memory import available
from qgan.files import regular_bytes, remove_partial_files, unwritable, write_atomically

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
        data = regular_bytes(path, available(torch.device("cpu")))
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise errors.argument("checkpoint", "must be readable", f"{path} ({reason})") from None
    if not data.startswith(MAGIC):
        raise _foreign(path, data)
    digest, _, body = data[len(MAGIC) :].partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise errors.argument("checkpoint", "must match its SHA-256 (it is damaged)", path)
    try:
        _check_archive(body)
        state = torch.load(io.BytesIO(body), weights_only=True)
    except Exception:  # of any kind: it is raised by what a stranger may have written
        state = None
    if not isinstance(state, dict):
        raise errors.argument("checkpoint", "must hold tensors and plain data only", path)
    return state


def _check_archive(body: bytes) -> None:
    """Refuse an archive that would grow as it is read."""
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("compressed")


def _foreign(path: Path, data: bytes) -> errors.QganError:
    """The error for a file that does not start as a checkpoint of this format does."""
    other = re.match(rb"qgan-checkpoint-(\d{1,9})\n", data)
    if other is None:
        return errors.argument("checkpoint", "must be a checkpoint of this program", path)
    age = "newer" if int(other[1]) > FORMAT else "older"
    rule = f"must have format {FORMAT}, which this version of qgan reads"
    return errors.argument("checkpoint", rule, f"{path} of {age} format {int(other[1])}")
