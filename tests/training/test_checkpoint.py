"""Checkpoints: what was saved comes back; what is damaged, foreign or would run code does not."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from qgan.errors import QganError
from qgan.training import checkpoint
from qgan.training.checkpoint import MAGIC

STATE: dict[str, Any] = {
    "step": 7,
    "generator": {"weights": torch.linspace(0, 1, 50, dtype=torch.float64)},
    "order": {"state": {"state": 2**127 + 1, "inc": 3}, "bit_generator": "PCG64"},
    "best": 0.1,
}


def sealed(body: bytes) -> bytes:
    """A body with the digest that belongs to it."""
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def test_what_was_saved_comes_back_bit_for_bit(tmp_path: Path) -> None:
    checkpoint.save(tmp_path / "a.pt", STATE)
    found = checkpoint.read(tmp_path / "a.pt")
    assert torch.equal(found["generator"]["weights"], STATE["generator"]["weights"])
    assert {k: v for k, v in found.items() if k != "generator"} == {
        k: v for k, v in STATE.items() if k != "generator"
    }
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.999])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(QganError, match=r"`checkpoint` must (be a checkpoint|match its SHA-256)"):
        checkpoint.read(path)


@pytest.mark.parametrize("place", [0, 17, 30, 100, -1000, -1])
def test_a_flipped_bit_is_seen(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    with pytest.raises(QganError, match=r"`checkpoint` must (be a checkpoint|match its SHA-256)"):
        checkpoint.read(path)


def plain_pickle(state: Any) -> bytes:
    return pickle.dumps(state, protocol=2)  # the one that torch writes


def plain_torch(state: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("content", [b"", b"hello", plain_torch({"step": 1}), plain_pickle({})])
def test_a_foreign_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(content)
    with pytest.raises(QganError, match=r"must be a checkpoint of this program, but got .*a\.pt"):
        checkpoint.read(tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["absent.pt", "."])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(QganError, match=r"`checkpoint` must be readable, but got"):
        checkpoint.read(tmp_path / name)


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("write", [plain_torch, plain_pickle])
def test_code_in_a_checkpoint_is_refused_and_not_run(
    tmp_path: Path, write: Callable[[Any], bytes]
) -> None:
    mark, path = tmp_path / "ran", tmp_path / "a.pt"
    body = write({"step": Evil(mark)})
    pickled = io.BytesIO(body)
    if write is plain_pickle:  # it can run: else the test could not fail
        pickle.load(pickled)
    else:
        torch.load(pickled, weights_only=False)
    assert mark.exists()
    mark.unlink()
    path.write_bytes(sealed(body))
    with pytest.raises(QganError, match="must hold tensors and plain data only"):
        checkpoint.read(path)
    assert not mark.exists()


@pytest.mark.parametrize("body", [b"", b"garbage", b"PK\x03\x04 cut short", plain_pickle([])[:3]])
def test_a_sealed_body_that_is_no_state_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(sealed(body))
    with pytest.raises(QganError, match="must hold tensors and plain data only"):
        checkpoint.read(tmp_path / "a.pt")


def test_an_interrupted_write_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save(path, STATE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qgan.training.checkpoint.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        checkpoint.save(path, {**STATE, "step": 8})
    assert checkpoint.read(path)["step"] == 7
