"""Settings as YAML: complete, with comments, read back the same; mistakes in one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from qgan.build import PRESETS, preset
from qgan.build.settings import from_yaml, parse, to_yaml
from qgan.config import DataConfig, Experiment, TrainerConfig
from qgan.errors import QganError
from qgan.runs import RunFolder, provenance


@pytest.mark.parametrize("name", PRESETS)
def test_settings_survive_the_file(tmp_path: Path, name: str) -> None:
    settings = preset(name)
    assert RunFolder.create(tmp_path / "run", settings).experiment() == settings


@pytest.mark.parametrize(
    ("section", "values", "message"),
    [
        (TrainerConfig, {"steps": 0}, "`steps` must be greater than or equal to 1, but got 0."),
        (TrainerConfig, {"stepz": 3}, "`stepz` must be a key of the schema (perhaps `steps`)"),
        (TrainerConfig, {"betas": (0.5, 2.0)}, "`betas.1` must be less than 1, but got 2.0."),
        (DataConfig, {"shots": "9"}, "`shots` must be a valid integer, but got '9'."),
        (Experiment, {"trainer": {"steps": 0}}, "`trainer.steps` must be greater than or equal"),
    ],
)
def test_a_wrong_setting_from_python_is_one_line(
    section: type[BaseModel], values: dict[str, Any], message: str
) -> None:
    with pytest.raises(QganError) as caught:
        section(**values)
    assert str(caught.value).startswith(f"Argument {message}") and "\n" not in str(caught.value)


def test_odd_settings_survive_the_file(tmp_path: Path) -> None:
    settings = parse(
        {
            "preset": "ising",
            "seed": 2**40,
            "data": {"file": "a folder/é: #1.npz"},
            "term": ["r1:0.5", "instance-noise"],
            "engine": {"device": "lightning.qubit", "diff_method": "adjoint"},
            "trainer": {"betas": [0.0, 0.999], "generator_rate": 1e-5},
        }
    )
    (tmp_path / "c.yaml").write_text(to_yaml(settings))
    assert from_yaml(tmp_path / "c.yaml") == settings
    assert settings.term == ("r1:0.5", "instance-noise")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed: [1", r"`config` must be YAML"),
        ("- 1", r"`config` must be a mapping of the keys"),
        ("", r"`config` must be a mapping of the keys"),
        ("seed: 1\nseed: 2", r"`config` must give a key once, but got seed again in line 2"),
        ("steps: 5", r"`steps` must be a key of the schema \(perhaps `trainer\.steps`\)"),
        ("sed: 1", r"`sed` must be a key of the schema \(perhaps `seed`\), but got 1"),
        ("trainer: {n_critics: 3}", r"`trainer\.n_critics` .*\(perhaps `trainer\.n_critic`\)"),
        ("trainer: {batch: 0}", r"`trainer\.batch` must be greater than or equal to 1, but got 0"),
        (
            "generator: {kind: dense}",
            r"`generator\.kind` must be one of reuploading, register, network, but got 'dense'",
        ),
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


def described(model: type[BaseModel]) -> list[str]:
    """What the docstrings of the schema say, all the way down."""
    found = []
    for field in model.model_fields.values():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += [kind.__doc__ or "", *described(kind)]
        else:
            found.append(field.description or "")
    return found


def test_every_setting_stands_in_the_file_under_its_docstring() -> None:
    text = to_yaml(Experiment())
    assert yaml.safe_load(text) == Experiment().model_dump(mode="json")
    said = " ".join(line.strip().removeprefix("# ") for line in text.splitlines() if "#" in line)
    docstrings = described(Experiment)
    assert len(docstrings) > 40 and all(docstrings)
    for docstring in docstrings:
        assert " ".join(docstring.replace("None", "null").split()) in said
    assert "(one of stop, skip, halve-rate)" in said and "(at least 0, below 1)" in said
    assert max(map(len, text.splitlines())) <= 100


def test_a_run_says_what_it_was_made_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "commit", lambda: "c" * 40)
    settings = Experiment(seed=5)
    run = RunFolder.create(tmp_path / "run", settings)
    lines = run.config_file.read_text().splitlines()
    assert re.match(r"# Made with python 3\.\d+\.\d+, qgan 0\.\d.*, torch 2\.", lines[0])
    assert lines[1] == f"# Commit of qgan: {'c' * 40}."
    assert from_yaml(run.config_file) == settings


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trainer: {steps: true}", r"`trainer\.steps` must be a valid integer, but got True"),
        ("trainer: {steps: '5'}", r"`trainer\.steps` must be a valid integer, but got '5'"),
        ("trainer: {steps: 5.0}", r"`trainer\.steps` must be a valid integer, but got 5.0"),
        ("trainer: {generator_rate: '1e-3'}", r"rate` must be a valid number, but got '1e-3'"),
        ("trainer: {generator_rate: true}", r"rate` must be a valid number, but got True"),
        ("trainer: {betas: 0.9}", r"`trainer\.betas` must be a list, but got 0.9"),
        ("discriminator: {spectral: 'yes'}", r"`discriminator\.spectral` .* but got 'yes'"),
        ("discriminator: {spectral: 1}", r"`discriminator\.spectral` .* but got 1"),
        ("generator: {hidden: [3, '4']}", r"`generator\.hidden\.1` .* but got '4'"),
        ("data: {file: 3}", r"`data\.file` must be a path, but got 3"),
        ("data: null", r"`data` must be a mapping of the keys of DataConfig, but got None"),
    ],
)
def test_a_value_must_have_the_type_of_its_key(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(text)
    with pytest.raises(QganError, match=message):
        from_yaml(file)


@pytest.mark.parametrize("number", ["1e-3", "1.e-3", ".1e-2", "+1E-3", "0.001", "1.0e-3"])
def test_numbers_with_exponents_are_numbers(tmp_path: Path, number: str) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(f"trainer: {{generator_rate: {number}, final_rate: 1}}")
    trainer = from_yaml(file).trainer
    assert (trainer.generator_rate, trainer.final_rate) == (0.001, 1.0)
