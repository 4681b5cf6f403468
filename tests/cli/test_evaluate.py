"""`qgan evaluate` on two files: the same judge for anybody's states."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runs import tree

from qgan import data
from qgan.cli import main

NAMES = np.array(["ordered", "disordered"])


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with real states, an honest draw, frozen ones, and files with one mistake each."""
    monkeypatch.chdir(tmp_path)
    real = data.tfim(2, n_train=60, n_validation=1, n_held_out=1, seed=0).train
    fresh = data.tfim(2, n_train=40, n_validation=1, n_held_out=1, seed=1).train
    few = np.concatenate([np.arange(3).repeat(14), 40 + np.arange(3).repeat(14)])
    states, label = fresh.states.numpy(), NAMES[fresh.label]
    np.savez(
        "real.npz", states=real.states.numpy(), label=NAMES[real.label],
        factors=real.factors.numpy(), factor_names=np.array(["h"]),
    )  # fmt: skip
    np.savez("honest.npz", states=states, label=label, latent=fresh.factors.numpy())
    np.savez("frozen.npz", states=states[few], label=label[few])
    np.savez("strange.npz", states=states, label=np.char.upper(label))
    np.savez("half.npz", states=states[:40], label=label[:40])
    np.savez("wide.npz", states=np.kron(states, [1, 0]), label=label)
    np.savez("latent.npz", states=states, label=label, latent=np.zeros(3))
    return tmp_path


def judge(generated: str, *more: str) -> int:
    return main(["evaluate", "--real", "real.npz", "--generated", generated, *more])


def test_honest_states_pass(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert judge("honest.npz") == 0
    output = capsys.readouterr().out
    assert "ordered" in output and "skill" in output and "Written: honest-judged" in output
    assert "Judged with 30 held-out and 40 generated states per label, in draws of 30." in output
    assert "30 held-out states of labels disordered and ordered" in output
    folder = files / "honest-judged"
    assert set(tree(folder)) == {"report.html", "report.json", "coverage.png", "average.png"}
    report = json.loads((folder / "report.json").read_text())
    assert report["label_values"] == ["disordered", "ordered"]
    held_out = report["held_out"]
    assert (held_out["label_collapse"], held_out["mode_collapse"]) == (False, False)
    assert held_out["latent_ignored"] is False
    for entry in held_out["labels"]:
        assert entry["n_generated"] == 40 and entry["n_held_out"] == 30
        assert entry["multiple_rank"]["h"] > 0.8


def test_frozen_states_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge("frozen.npz", "--out", "deep/down") == 0
    held_out = json.loads(Path("deep/down/report.json").read_text())["held_out"]
    assert held_out["mode_collapse"] is True and held_out["latent_ignored"] is None
    assert "modes collapsed" in capsys.readouterr().out


def test_full_prints_every_measure(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge("frozen.npz", "--out", "out", "--full") == 0
    output = capsys.readouterr().out
    assert "K_eq" in output and "YES" in output


REFUSED = {
    "nothing": ("evaluate", "`DIR` must be given, or --real and --generated"),
    "one file": ("evaluate --real real.npz", "`DIR` must be given, or --real and --generated"),
    "both": ("evaluate run --real real.npz", "`DIR` must not be given with --real"),
    "no file": ("evaluate --real real.npz --generated none.npz", "--generated none.npz: Argument"),
    "no real file": ("evaluate --real none.npz --generated real.npz", "--real none.npz: Argument"),
    "labels": (
        "evaluate --real real.npz --generated strange.npz",
        "`label` must be labels of the real states, ['disordered', 'ordered'], but got 'ORDERED'",
    ),
    "a label": (
        "evaluate --real real.npz --generated half.npz",
        "`label` must hold each label of the real states, but got no ['disordered']",
    ),
    "qubits": ("evaluate --real real.npz --generated wide.npz", "`states` must be of 2 qubits"),
    "latent": (
        "evaluate --real real.npz --generated latent.npz",
        "`latent` must have shape (80, n_latent), but got (3,)",
    ),
    "out": (
        "evaluate --real real.npz --generated honest.npz --out real.npz",
        "`out` must be a folder, but got real.npz",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_mistakes_are_one_line_and_write_nothing(
    name: str, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, message = REFUSED[name]
    before = tree(files)
    assert main(command.split()) == 2
    output = capsys.readouterr()
    assert message in output.err and output.err.count("\n") == 1 and not output.out
    assert tree(files) == before
