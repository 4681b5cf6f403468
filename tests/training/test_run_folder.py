"""The folder of a run: its files, its settings, what may be overwritten and what is no run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from qgan.config import Experiment
from qgan.errors import QganError
from qgan.presets import PRESETS, preset
from qgan.training import RunFolder
from qgan.training.run_folder import from_yaml, parse, to_yaml


def names(path: Path) -> list[str]:
    return sorted(p.relative_to(path).as_posix() for p in path.rglob("*"))


def test_a_new_run_has_its_settings_and_empty_folders(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "deep" / "run", Experiment())
    assert names(run.path) == ["checkpoints", "config.yaml", "plots"]
    assert yaml.safe_load(run.config_file.read_text())["trainer"]["n_critic"] == 5


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_the_file(tmp_path: Path, name: str) -> None:
    settings = preset(name)
    assert RunFolder.create(tmp_path / "run", settings).experiment() == settings


def test_odd_settings_survive_the_file(tmp_path: Path) -> None:
    settings = parse(
        {
            "preset": "ising",
            "seed": 2**40,
            "data": {"file": "a folder/é: #1.npz"},
            "cure": ["r1:0.5", "instance-noise"],
            "engine": {"device": "lightning.qubit", "diff_method": "adjoint"},
            "trainer": {"betas": [0.0, 0.999], "generator_rate": 1e-5},
        }
    )
    (tmp_path / "c.yaml").write_text(to_yaml(settings))
    assert from_yaml(tmp_path / "c.yaml") == settings
    assert settings.cure == ("r1:0.5", "instance-noise")


def test_a_folder_that_exists_is_refused_and_left_alone(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment(seed=1))
    with pytest.raises(QganError, match=r"`run` must not exist without --overwrite, but got .*run"):
        RunFolder.create(run.path, Experiment(seed=2))
    assert run.experiment().seed == 1


def test_a_run_is_overwritten_whole(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment(seed=1))
    (run.path / "checkpoints" / "best.pt").write_bytes(b"old")
    run.report_file.write_text("{}")
    again = RunFolder.create(run.path, Experiment(seed=2), overwrite=True)
    assert again.experiment().seed == 2
    assert names(run.path) == ["checkpoints", "config.yaml", "plots"]


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
        RunFolder.open(run.path)
    run.save_circuit({"format": 1})
    assert RunFolder.open(run.path).experiment() == Experiment()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: [1", r"`config` must be YAML"),
        ("- 1", r"`config` must be a valid dictionary"),
        ("", r"`config` must be a valid dictionary"),
        ("sed: 1", r"`sed` must be a key of the schema \(perhaps `seed`\), but got 1"),
        ("trainer: {n_critics: 3}", r"`trainer\.n_critics` .*\(perhaps `trainer\.n_critic`\)"),
        ("trainer: {batch: 0}", r"`trainer\.batch` must be greater than or equal to 1, but got 0"),
        ("generator: {kind: dense}", r"`generator\.kind` must be 'reuploading' or 'register'"),
        ("seed: minus", r"`seed` must be a valid integer.*but got 'minus'"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(QganError, match=message) as caught:
        from_yaml(tmp_path / "c.yaml")
    assert "\n" not in str(caught.value)


def test_a_config_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("absent", "binary", "."):
        with pytest.raises(QganError, match=r"`config` must be"):
            from_yaml(tmp_path / name)


def test_a_report_is_strict_json(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment())
    nan: Any = float("nan")
    with pytest.raises(ValueError, match="not JSON compliant"):
        run.save_report({"skill": nan})
    assert not run.report_file.exists()
