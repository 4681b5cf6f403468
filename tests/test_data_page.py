"""The page on one's own data keeps its word: its Python and its commands run, in their order."""

import re
import shlex
from pathlib import Path

import pytest
from page_blocks import blocks_of, commands_of, run_qgan

from qgan.data.arrays import ARRAYS
from qgan.data.formats import FORMATS
from qgan.training import Trainer

PAGE = (Path(__file__).parents[1] / "docs/data.md").read_text()
SHORT = ["--steps", "2", "--batch", "4", "--trainer.evaluate-every", "2"]
SHORT += ["--generator.n-latent", "1"]


def one_step(trainer: Trainer, folder: object) -> int:
    """In place of a training with its report: one step."""
    trainer.train_step()
    return 0


def test_all_of_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    n_commands = 0
    for block in blocks_of(PAGE):
        if block.language == "python":
            exec(compile(block.text, f"docs/data.md:{block.line}", "exec"), names)
        for command in commands_of([block]):
            more = SHORT if command[1] == "train" else []
            assert run_qgan([*command, *more]) == 0, shlex.join(command)
            n_commands += 1
            if command[1] == "train":  # the first goes through to the report, others take a step
                monkeypatch.setattr("qgan.cli.progress.train_and_report", one_step)
    assert n_commands == 14
    output = capsys.readouterr()
    assert "Wire 0 is the MOST significant bit" in output.err
    assert "Qubit 0 was read as the LEAST significant bit" in output.err
    assert "skill" in output.out


def test_it_names_every_array_and_every_ending() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert rows == set(ARRAYS)
    assert {ending for form in FORMATS for ending in form.endings} <= set(
        re.findall(r"`(\.\w+)`", PAGE)
    )
