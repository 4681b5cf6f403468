"""What a command writes stays where the user asked for it, and is a state."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from cli_runs import shrink, train, tree

from qgan.cli import main
from qgan.runs import checkpoint


@pytest.fixture(scope="module", name="finished")
def _finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, which nobody changes."""
    path = tmp_path_factory.mktemp("places") / "run"
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        train("--run", str(path))
    return path


@pytest.fixture(name="run")
def _run(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, beside a folder that is nobody else's business."""
    shrink(monkeypatch)
    shutil.copytree(finished, tmp_path / "run")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "file").write_bytes(b"precious")
    return tmp_path / "run"


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    """What the command said on standard error, which must be one line."""
    text = capsys.readouterr().err
    assert text.count("\n") == 1, text
    return text


@pytest.mark.parametrize("name", ["plots", "checkpoints"])
@pytest.mark.parametrize("command", ["evaluate", "resume"])
def test_a_folder_that_leads_outside_is_refused(
    run: Path, command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = run.parent / "outside"
    shutil.rmtree(outside)
    shutil.move(run / name, outside)
    (run / name).symlink_to(outside)
    before = tree(outside)
    assert main([command, str(run)]) == 2
    assert f"must hold its own folder {name}" in one_line(capsys)
    assert tree(outside) == before


@pytest.mark.parametrize(
    "name", ["report.json", "report.html", "plots/training.png", ".lock", "history.csv"]
)
@pytest.mark.parametrize("command", ["evaluate", "resume"])
def test_a_file_that_is_a_link_is_not_written(
    run: Path, command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if command == "resume":
        text = (run / "config.yaml").read_text()
        (run / "config.yaml").write_text(text.replace("steps: 4", "steps: 5"))
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(run.parent / "outside" / "file")
    status = main([command, str(run)])
    assert (run.parent / "outside" / "file").read_bytes() == b"precious"
    if not (command == "evaluate" and name in (".lock", "history.csv")):
        assert status == 2 and "no regular file" in capsys.readouterr().err


OUTPUTS: dict[str, Callable[[Path, Path], list[str]]] = {
    "sample": lambda run, out: ["sample", str(run), "--out", str(out)],
    "static": lambda run, out: ["explore", str(run), "--static", str(out)],
    "gif": lambda run, out: ["explore", str(run), "--gif", str(out)],
}


@pytest.mark.parametrize("place", ["pipe", "link", "device"])
@pytest.mark.parametrize("output", OUTPUTS)
def test_an_output_is_a_regular_file(
    run: Path, output: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = run.parent / "out"
    if place == "pipe":
        os.mkfifo(out)
    elif place == "link":
        out.symlink_to(run.parent / "outside" / "file")
    else:
        out = Path("/dev/null")
    assert main(OUTPUTS[output](run, out)) == 2
    assert f"{out} cannot be written: it is no regular file" in capsys.readouterr().err
    assert tree(run.parent / "outside") == {"file": b"precious"}
    assert not stat.S_ISREG(os.lstat(out).st_mode)


def change_weights(run: Path, change: Callable[[str, torch.Tensor], torch.Tensor]) -> None:
    """Forge the best checkpoint, with a right digest."""
    file = run / "checkpoints" / "best.pt"
    state: dict[str, Any] = checkpoint.read_checkpoint(file)
    state["model"] = {name: change(name, tensor) for name, tensor in state["model"].items()}
    checkpoint.save_checkpoint(file, state)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, 3e38])
@pytest.mark.parametrize("output", OUTPUTS)
def test_what_is_no_state_is_not_written(
    run: Path, output: str, value: float, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weights near the end of the range of floats are finite, but the angles are not."""
    change_weights(run, lambda name, tensor: torch.full_like(tensor, value))
    out = run.parent / "out.x"
    assert main(OUTPUTS[output](run, out)) == 2
    assert "finite" in (line := capsys.readouterr().err) or "normalised" in line
    assert not out.exists() and not list(run.parent.glob(".out*"))


def test_what_is_written_is_a_state(run: Path) -> None:
    out = run.parent / "out.npz"
    assert main(OUTPUTS["sample"](run, out)) == 0
    states = np.load(out)["states"]
    np.testing.assert_allclose((np.abs(states) ** 2).sum(1), 1, atol=1e-6)
