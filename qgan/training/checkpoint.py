"""Checkpoints: written whole or not at all, and read without running code."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from pathlib import Path
from typing import Any

import torch

from qgan import errors

MAGIC = b"qgan-checkpoint-1\n"


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old or the new one, never a part.

    A temporary file in the same folder is flushed to disk and renamed; then the folder is synced.
    """
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a state of tensors and plain data, with a SHA-256 of its bytes before them."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    body = buffer.getvalue()
    write_atomically(path, MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def read(path: Path) -> dict[str, Any]:
    """Read what :func:`save` wrote; a file that would run code is refused, not run.

    Raises:
        QganError: if the file is missing, foreign, truncated or changed.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise errors.argument("checkpoint", "must be readable", f"{path} ({reason})") from None
    if not data.startswith(MAGIC):
        raise errors.argument("checkpoint", "must be a checkpoint of this program", path)
    digest, _, body = data[len(MAGIC) :].partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise errors.argument("checkpoint", "must match its SHA-256 (it is damaged)", path)
    try:
        state: dict[str, Any] = torch.load(io.BytesIO(body), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        raise errors.argument("checkpoint", "must hold tensors and plain data only", path) from None
    return state
