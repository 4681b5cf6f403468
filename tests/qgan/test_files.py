"""Files are written to regular files only, and never through a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from qgan import files
from qgan.errors import QganError


def test_a_link_in_the_place_of_the_temporary_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even by somebody who knows its name."""
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    monkeypatch.setattr(files.secrets, "token_hex", lambda n: "0" * n)
    (tmp_path / f".a.txt.{'0' * 8}.part").symlink_to(outside)
    with pytest.raises(QganError, match=r"a\.txt cannot be written: File exists"):
        files.write_atomically(tmp_path / "a.txt", b"new")
    assert outside.read_bytes() == b"precious"


def test_the_name_of_the_temporary_file_cannot_be_foreseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, replace = [], os.replace
    monkeypatch.setattr(files.os, "replace", lambda a, b: (names.append(a), replace(a, b)))
    for _ in range(3):
        files.write_atomically(tmp_path / "a.txt", b"new")
    assert len({name.name for name in names}) == 3
    assert {name.parent for name in names} == {tmp_path}


@pytest.mark.parametrize("kind", ["link", "dangling", "pipe", "device", "folder"])
def test_only_regular_files_are_written(tmp_path: Path, kind: str) -> None:
    place, outside = tmp_path / "a.txt", tmp_path / "outside"
    if kind == "link":
        outside.write_bytes(b"precious")
    if kind in ("link", "dangling"):
        place.symlink_to(outside)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "device":
        place = Path("/dev/null")
    else:
        place.mkdir()
    before = sorted(tmp_path.iterdir())
    for write in (lambda: files.write_atomically(place, b"new"), lambda: files.append(place, "x")):
        with pytest.raises(QganError, match="cannot be written: it is no regular file"):
            write()
    assert sorted(tmp_path.iterdir()) == before
    if kind == "link":
        assert outside.read_bytes() == b"precious" and place.is_symlink()


def test_a_text_is_added_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"1\r\n")
    files.append(tmp_path / "a.txt", "2\r\n")
    assert (tmp_path / "a.txt").read_bytes() == b"1\r\n2\r\n"
