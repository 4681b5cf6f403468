"""The command line as tests call it: in a folder of their own, with little data."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from qgan import build
from qgan.cli import main

SHORT = ["--steps", "4", "--batch", "4", "--trainer.evaluate-every", "2"]
TFIM = ["--preset", "tfim", "--qubits", "2", *SHORT]


def shrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every source a few states only."""
    sizes = {"n_train": 20, "n_validation": 8, "n_held_out": 8}
    for entry in build.SOURCES.entries():
        small = dataclasses.replace(entry, make=functools.partial(entry.make, **sizes))
        monkeypatch.setitem(build.SOURCES.by_name, entry.name, small)


def unshrink(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every source its own sizes again."""
    for entry in build.SOURCES.entries():
        if isinstance(entry.make, functools.partial):
            whole = dataclasses.replace(entry, make=entry.make.func)
            monkeypatch.setitem(build.SOURCES.by_name, entry.name, whole)


@contextlib.contextmanager
def new_home(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new folder, which is the current one meanwhile; what is trained there has little data."""
    folder = factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shrink(patch)
        yield folder


def tree(path: Path) -> dict[str, bytes]:
    """Every file below a folder, with its bytes."""
    return {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}


def train(*more: str) -> None:
    """A short training that must succeed."""
    assert main(["train", *TFIM, *more]) == 0
