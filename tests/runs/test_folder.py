"""The folder of a run: its files, what may be overwritten and what is no run."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from qgan.cli import main
from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder, load


def names(path: Path) -> list[str]:
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*"))


def test_a_new_run_has_its_settings_and_empty_folders(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "deep" / "run", Experiment())
    assert names(run.path) == ["checkpoints", "config.yaml", "plots"]
    assert yaml.safe_load(run.config_file.read_text())["trainer"]["n_critic"] == 5


def test_a_folder_that_exists_is_refused_and_left_alone(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment(seed=1))
    with pytest.raises(
        QganError, match=r"`run` must not exist without option overwrite, but got .*run"
    ):
        RunFolder.create(run.path, Experiment(seed=2))
    assert run.experiment().seed == 1


def test_a_run_is_overwritten_whole(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment(seed=1))
    (run.path / "checkpoints" / "best.pt").write_bytes(b"old")
    run.report_file.write_text("{}")
    again = RunFolder.create(run.path, Experiment(seed=2), overwrite=True)
    assert again.experiment().seed == 2
    assert names(run.path) == ["checkpoints", "config.yaml", "plots"]


class Killed(BaseException):
    """What stands for SIGKILL: nothing after it runs."""


@pytest.mark.parametrize("call", range(8))
def test_a_kill_while_a_run_is_made_leaves_the_old_run_or_the_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Whatever it leaves can be overwritten, and is a run or is not there."""
    RunFolder.create(tmp_path / "run", Experiment(seed=1))
    calls = 0

    def counted(function: Any) -> Any:
        def wrapped(*args: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls > call:
                raise Killed
            return function(*args, **options)

        return wrapped

    with monkeypatch.context() as patch:
        for owner, name in ((Path, "mkdir"), (Path, "rename"), (os, "replace"), (os, "rmdir")):
            patch.setattr(owner, name, counted(getattr(owner, name)))
        with pytest.raises(Killed):
            RunFolder.create(tmp_path / "run", Experiment(seed=2), overwrite=True)
    if (tmp_path / "run").exists():
        assert RunFolder.open(tmp_path / "run").experiment().seed in (1, 2)
    again = RunFolder.create(tmp_path / "run", Experiment(seed=3), overwrite=True)
    assert again.experiment().seed == 3


def test_only_runs_are_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for name in ("thesis", "file"):
        with pytest.raises(QganError, match=r"`run` must be a run folder to be overwritten"):
            RunFolder.create(tmp_path / name, Experiment(), overwrite=True)
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "precious"
    assert (tmp_path / "file").read_text() == "precious"
    (tmp_path / "empty").mkdir()
    assert RunFolder.create(tmp_path / "empty", Experiment(), overwrite=True).config_file.exists()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(QganError, match=r"`run` must be a folder that can be made") as caught:
        RunFolder.create(tmp_path / "file" / "run", Experiment())
    assert "\n" not in str(caught.value)


def test_what_is_no_run_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(QganError, match=r"`run` must be an existing run folder, but got .*absent"):
        RunFolder.open(tmp_path / "absent")
    with pytest.raises(QganError, match=r"`run` must hold config\.yaml"):
        RunFolder.open(tmp_path)
    run = RunFolder.create(tmp_path / "run", Experiment())
    with pytest.raises(QganError, match=r"`run` must hold circuit\.json"):
        load(run.path)
    assert RunFolder.open(run.path).experiment() == Experiment()


def test_a_report_is_strict_json(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment())
    nan: Any = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.save_report({"skill": nan})
    assert not run.report_file.exists()


@pytest.mark.parametrize("command", ["resume", "sample", "explore", "evaluate"])
def test_a_run_of_format_one_is_told_what_to_do(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the version before wrote is named in one line, and nothing in it is touched."""
    run = tmp_path / "old"
    (run / "checkpoints").mkdir(parents=True)
    (run / "config.yaml").write_text("seed: 3\ncure: [r1]\n")
    (run / "circuit.json").write_text(json.dumps({"format": 1, "label_values": [0, 1]}))
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    more = {"sample": ["--out", str(tmp_path / "s.npz")], "explore": ["--no-browser"]}
    assert main([command, str(run), *more.get(command, [])]) == 2
    message = capsys.readouterr().err
    assert message.count("\n") == 1 and "format 1" in message
    assert f"qgan train --config {run / 'config.yaml'}" in message and "`cure`" in message
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
