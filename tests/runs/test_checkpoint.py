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
from qgan.runs import checkpoint
from qgan.runs.checkpoint import MAGIC

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
    checkpoint.save_checkpoint(tmp_path / "a.pt", STATE)
    state = checkpoint.read_checkpoint(tmp_path / "a.pt")
    assert torch.equal(state["generator"]["weights"], STATE["generator"]["weights"])
    assert {k: v for k, v in state.items() if k != "generator"} == {
        k: v for k, v in STATE.items() if k != "generator"
    }
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.02, 0.5, 0.999])
def test_a_truncated_checkpoint_is_refused(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save_checkpoint(path, STATE)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(QganError, match=r"`checkpoint` must (be a checkpoint|match its SHA-256)"):
        checkpoint.read_checkpoint(path)


@pytest.mark.parametrize("place", [0, 18, 30, 100, -1000, -1])
def test_a_flipped_bit_is_seen(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save_checkpoint(path, STATE)
    data = bytearray(path.read_bytes())
    data[place] ^= 4
    path.write_bytes(data)
    with pytest.raises(QganError, match=r"`checkpoint` must (be a checkpoint|match its SHA-256)"):
        checkpoint.read_checkpoint(path)


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
        checkpoint.read_checkpoint(tmp_path / "a.pt")


@pytest.mark.parametrize("name", ["absent.pt", "."])
def test_what_cannot_be_read_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(QganError, match=r"`checkpoint` must be readable, but got"):
        checkpoint.read_checkpoint(tmp_path / name)


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
    stream = io.BytesIO(body)
    if write is plain_pickle:  # it can run: else the test could not fail
        pickle.load(stream)
    else:
        torch.load(stream, weights_only=False)
    assert mark.exists()
    mark.unlink()
    path.write_bytes(sealed(body))
    with pytest.raises(QganError, match="must hold tensors and plain data only"):
        checkpoint.read_checkpoint(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"garbage", b"PK\x03\x04 cut short", plain_pickle([])[:3], plain_torch([torch.ones(2)])],
)
def test_a_sealed_body_that_is_no_state_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.pt").write_bytes(sealed(body))
    with pytest.raises(QganError, match="must hold tensors and plain data only"):
        checkpoint.read_checkpoint(tmp_path / "a.pt")


def test_an_interrupted_write_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save_checkpoint(path, STATE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qgan.files.os.fsync", full)
    with pytest.raises(QganError, match=r"^File .*a\.pt cannot be written: No space left on"):
        checkpoint.save_checkpoint(path, {**STATE, "step": 8})
    assert checkpoint.read_checkpoint(path)["step"] == 7
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


def test_a_write_that_does_not_read_back_leaves_the_old_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, read_bytes = tmp_path / "a.pt", Path.read_bytes
    checkpoint.save_checkpoint(path, STATE)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", lambda self: read_bytes(self)[:-1] + b"?")
        with pytest.raises(QganError, match="does not read back as it was written"):
            checkpoint.save_checkpoint(path, {**STATE, "step": 8}, tmp_path / "previous.pt")
    assert checkpoint.read_checkpoint(path)["step"] == 7
    assert [file.name for file in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("links", [True, False])
def test_the_checkpoint_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(*names: Path) -> None:
        raise OSError(1, "Operation not permitted")

    if not links:
        monkeypatch.setattr("qgan.files.os.link", refuse)
    path, previous = tmp_path / "a.pt", tmp_path / "b.pt"
    for step in (7, 8, 9):
        checkpoint.save_checkpoint(path, {**STATE, "step": step}, previous)
    assert (
        checkpoint.read_checkpoint(path)["step"],
        checkpoint.read_checkpoint(previous)["step"],
    ) == (9, 8)


@pytest.mark.parametrize(("number", "age"), [(1, "older"), (3, "newer"), (12, "newer")])
def test_another_format_is_named(tmp_path: Path, number: int, age: str) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save_checkpoint(path, STATE)
    path.write_bytes(path.read_bytes().replace(b"checkpoint-2", b"checkpoint-%d" % number, 1))
    with pytest.raises(QganError, match=rf"must have format 2, .* of {age} format {number}\.$"):
        checkpoint.read_checkpoint(path)


def test_what_is_left_of_writes_is_removed(tmp_path: Path) -> None:
    for name in (".last.pt.part", "last.pt", "mine.part"):
        (tmp_path / name).write_bytes(b"")
    checkpoint.remove_partial_files(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["last.pt", "mine.part"]
