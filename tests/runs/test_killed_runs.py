"""A run killed by SIGKILL at any moment and resumed ends as one that nobody disturbed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from same_runs import assert_same_run

SCRIPT = Path(__file__).parents[1] / "support" / "killed_run.py"

FEW = ["last 2 unsynced", "last 3 half", "step 5 torn"]
MANY = [
    "created",
    "described",
    "last 1 half",
    "last 2 unsynced",
    "last 3 half",
    "last 4 synced",
    "last 5 keeping",
    "last 6 kept",
    "last 7 renamed",
    "best 1 half",
    "step 1 between",
    "step 2 end",
    "step 3 between",
    "step 4 end",
    "step 5 torn",
    "step 7 between",
    "step 8 torn",
    "step 9 end",
    "step 11 between",
    "step 12 end",
]


def play(folder: Path, engine: str, runs: list[list[str]]) -> None:
    """An undisturbed run, and others killed at their moments: all end alike."""
    words = [str(folder / "whole")]
    for number, moments in enumerate(runs):
        words += ["--", str(folder / str(number)), *moments]
    command = [sys.executable, str(SCRIPT), engine, *words]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    for number in range(len(runs)):
        assert_same_run(folder / str(number), folder / "whole")
        left = [path.name for path in (folder / str(number)).rglob(".*")]
        assert left == [], runs[number]


def test_killed_and_resumed_equals_undisturbed(tmp_path: Path) -> None:
    play(tmp_path, "batched", [[moment] for moment in FEW])


@pytest.mark.slow
def test_killed_at_any_moment_and_resumed_equals_undisturbed(tmp_path: Path) -> None:
    assert len(MANY) == 20
    assert sum(moment.startswith(("last", "best")) for moment in MANY) >= 5
    play(tmp_path, "batched", [[moment] for moment in MANY])


@pytest.mark.slow
def test_killed_again_and_again(tmp_path: Path) -> None:
    play(
        tmp_path, "batched", [[*MANY[:2], *FEW[1:], "step 6 between", "last 2 half", "step 9 end"]]
    )


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["backprop", "adjoint", "shots", "lightning-shots"])
def test_every_engine_that_repeats_itself_resumes_bit_for_bit(tmp_path: Path, engine: str) -> None:
    play(tmp_path, engine, [["step 3 between"], ["last 4 half", "step 8 end"]])
