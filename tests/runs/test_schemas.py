"""Checkpoints and reports of a stranger, whole and forged with care, are refused in one line."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import math
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
import small_games
import torch

from qgan.config import Experiment
from qgan.errors import QganError
from qgan.files import read_regular
from qgan.runs import RunFolder, Session, checkpoint, load
from qgan.runs.comparison import group_runs
from qgan.runs.history import COLUMNS, read_history


@pytest.fixture(scope="module", name="run")
def _run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run of two steps."""
    settings = small_games.SHORT.model_copy(update={"steps": 2})
    run = RunFolder.create(tmp_path_factory.mktemp("strange") / "run", Experiment(trainer=settings))
    with Session(small_games.trainer(settings), run) as session:
        session.start()
        session.train()
    return run


def into(state: dict[str, Any], path: str, value: Any) -> None:
    """Put a value at a path of keys; KeyError takes the key away."""
    *way, last = path.split(".")
    for key in way:
        state = state[key]
    if value is KeyError:
        del state[last]
    else:
        state[last] = value


HUGE = torch.zeros(1).expand(10**6, 10**6)
FORGED: list[tuple[str, Any, str]] = [
    ("step", KeyError, "`step` must be given"),
    ("step", -1, "`step` must be greater than or equal to 0"),
    ("step", "2", "`step` must be a valid integer"),
    ("step", 10**30, "`step` must be less than or equal to"),
    ("model", KeyError, "`model` must be given"),
    ("model", {}, "`model` must have at least 1 entries"),
    ("model", [1], "`model` must be a valid dictionary"),
    ("model.weights", KeyError, "`model.weights` must be given"),
    ("model.weights", 3.0, "`model.weights` must be an instance of Tensor"),
    ("model.weights", torch.tensor([math.nan]), "`model.weights` must hold finite numbers"),
    ("model.weights", torch.zeros(3, dtype=torch.int64), "must be float32 or float64"),
    ("model.weights", torch.zeros(3, dtype=torch.complex64), "must be float32 or float64"),
    ("model.weights", torch.zeros(3), "`checkpoint` must fit "),
    ("model.more", torch.zeros(3), "`checkpoint` must fit "),
    ("model.weights", HUGE, "`model.weights` must hold all of its numbers"),
    ("rng", None, "`rng` must be an instance of Tensor"),
    ("guard.factor", math.nan, "`guard.factor` must be a finite number"),
    ("guard.factor", 0.0, "`guard.factor` must be greater than 0"),
    ("rows", -1, "`rows` must be greater than or equal to 0"),
    ("seconds", -1.0, "`seconds` must be greater than or equal to 0"),
    ("best", math.nan, "`best` must be greater than or equal to"),
    ("versions", {"torch": 2}, "`versions.torch` must be a valid string"),
]  # fmt: skip


def reseal(run: RunFolder, path: Path, key: str, value: Any) -> RunFolder:
    """A copy of a run whose checkpoints are forged, with a right digest."""
    shutil.copytree(run.path, path)
    forged = RunFolder(path)
    for file in forged.checkpoints.glob("*.pt"):
        state = checkpoint.read_checkpoint(file)
        into(state, key, copy.deepcopy(value))
        checkpoint.save_checkpoint(file, state)
    return forged


@pytest.mark.parametrize(("key", "value", "message"), FORGED)
def test_a_forged_checkpoint_is_one_line(
    run: RunFolder, tmp_path: Path, key: str, value: Any, message: str
) -> None:
    forged = reseal(run, tmp_path / "run", key, value)
    with pytest.raises(QganError) as error:
        load(forged.path)
    line = str(error.value)
    assert message in line and "\n" not in line and len(line) < 400


ANOTHER_GAME: list[tuple[str, Any]] = [
    ("players.generator.state.0.exp_avg", torch.zeros(1)),
    ("players.generator.state.0.exp_avg", KeyError),
    ("players.generator.state.7", {"step": torch.tensor(1.0)}),
    ("players.generator", {}),
    ("players.generator", KeyError),
    ("data_rng", {}),
    ("data_rng.state", {"state": -1, "inc": 10**60}),
    ("data_rng.bit_generator", "MT19937"),
    ("rng", torch.zeros(3, dtype=torch.uint8)),
    ("rng", torch.zeros(3)),
    ("generator", {}),
    ("generator", KeyError),
    ("stateful", [1, 2, 3, 4, 5]),
    ("experiment", {"seed": 5}),
]


@pytest.mark.parametrize(("key", "value"), ANOTHER_GAME)
def test_resume_refuses_what_does_not_fit_in_one_line(
    run: RunFolder, tmp_path: Path, key: str, value: Any
) -> None:
    copied = tmp_path / "run"
    shutil.copytree(run.path, copied)
    forged = RunFolder(copied)
    for file in forged.checkpoints.glob("*.pt"):
        state = checkpoint.read_checkpoint(file)
        numbered = state["players"]["generator"]["state"]
        if not numbered:  # before the first step
            file.unlink()
            continue
        state["players"]["generator"]["state"] = {str(k): v for k, v in numbered.items()}
        into(state, key, value)
        numbered = state["players"].get("generator", {}).get("state", {})
        if numbered:
            state["players"]["generator"]["state"] = {int(k): v for k, v in numbered.items()}
        checkpoint.save_checkpoint(file, state)
    before = forged.history_file.read_bytes()
    settings = small_games.SHORT.model_copy(update={"steps": 4})
    session = Session(small_games.trainer(settings), forged, tell=lambda line: None)
    with pytest.raises(QganError, match=r"checkpoint|File") as error, session:
        session.resume()
    assert "\n" not in str(error.value)
    assert forged.history_file.read_bytes() == before


def test_a_packed_checkpoint_is_not_unpacked(run: RunFolder, tmp_path: Path) -> None:
    """Zeros of any size take a thousandth of it in a packed archive."""
    body = (run.checkpoints / "best.pt").read_bytes().split(b"\n", 2)[2]
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name), zipfile.ZIP_DEFLATED)
    data = packed.getvalue()
    file = tmp_path / "a.pt"
    file.write_bytes(checkpoint.MAGIC + hashlib.sha256(data).hexdigest().encode() + b"\n" + data)
    assert isinstance(torch.load(io.BytesIO(data), weights_only=True), dict)
    with pytest.raises(QganError, match="must hold tensors and plain data only"):
        checkpoint.read_checkpoint(file)


REPORT: dict[str, Any] = {
    "held_out": {"labels": [{"skill": 0.9, "coverage": 0.9, "intervals": {"skill": [0.8, 1.0]}}]},
    "label_names": ["up"],
    "versions": {"torch": "2"},
    "commit": None,
}
BROKEN_REPORTS: list[tuple[str, Any, str]] = [
    ("held_out", KeyError, "`held_out` must be given"),
    ("held_out.labels", [], "`held_out.labels` must have at least 1 entries"),
    ("held_out.labels", [3], "`held_out.labels.0` must be"),
    ("held_out.labels", [{"skill": "0.9"}], "labels.0.skill` must be a valid number"),
    ("held_out.labels", [{"skill": math.nan}], "labels.0.skill` must be a finite number"),
    ("held_out.labels", [{"skill": 1e300}], "labels.0.skill` must be less than"),
    ("held_out.labels", [{"intervals": {"skill": [1.0]}}], "labels.0.intervals.skill.1"),
    ("label_names", ["a", "b"], "`label_names` must be 1, one per label"),
    ("versions", ["torch"], "`versions` must be"),
    ("versions", {"torch": 2}, "`versions.torch` must be a valid string"),
    ("commit", 5, "`commit` must be a valid string"),
]


@pytest.mark.parametrize(("key", "value", "message"), BROKEN_REPORTS)
def test_a_damaged_report_is_one_line(tmp_path: Path, key: str, value: Any, message: str) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment())
    report = copy.deepcopy(REPORT)
    into(report, key, value)
    run.report_file.write_text(json.dumps(report))
    with pytest.raises(QganError) as error:
        group_runs([run.path])
    assert str(error.value).startswith(f"File {run.report_file}: `")
    assert message in str(error.value)


def test_reports_of_one_group_have_the_same_labels(tmp_path: Path) -> None:
    for name in ("a", "b"):
        run = RunFolder.create(tmp_path / name, Experiment())
        run.report_file.write_text(json.dumps({**REPORT, "label_names": [name]}))
    with pytest.raises(QganError, match=r"`runs` must have the labels of run .*a, .* got .*b\.$"):
        group_runs([tmp_path / "a", tmp_path / "b"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must be"),
        ('{"digest": 5}', "`digest` must be a valid string"),
        ('{"digest": "x"}', "`digest` must match"),
        ('{"digest": "%s", "file": {"given": 1}}' % ("0" * 64), "`file.given` must be"),
        ('{"digest": "%s", "file": "x"}' % ("0" * 64), "`file` must be"),
    ],
)
def test_damaged_facts_about_the_data_are_one_line(tmp_path: Path, text: str, message: str) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment())
    run.data_file.write_text(text)
    with pytest.raises(QganError) as error:
        run.data_description()
    assert str(error.value).startswith(f"File {run.data_file}: ") and message in str(error.value)


@pytest.mark.parametrize("step", ["inf", "nan", "-1", "1.5", "1e300", ""])
def test_a_row_without_a_whole_step_is_left_out(tmp_path: Path, step: str) -> None:
    file = tmp_path / "h.csv"
    rest = "," * (len(COLUMNS) - 1) + "\n"
    file.write_text(",".join(COLUMNS) + f"\n1.0{rest}{step}{rest}")
    assert read_history(file)["step"] == [1.0]


def test_a_field_without_end_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "h.csv"
    file.write_text("step\n" + "1" * 200_000 + "\n")
    with pytest.raises(QganError, match=r"^File .*h\.csv cannot be read as CSV: field larger"):
        read_history(file)


def test_only_regular_files_are_read_and_nothing_is_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/zero")
    (tmp_path / "large").write_bytes(b"12345")
    for name in ("pipe", "link"):
        with pytest.raises(QganError, match="it is no regular file"):
            read_regular(tmp_path / name)
    for name in (".", "absent"):
        with pytest.raises(QganError, match="cannot be read"):
            read_regular(tmp_path / name)
    with pytest.raises(QganError, match="it has 5 bytes, at most 4 are read"):
        read_regular(tmp_path / "large", 4)
