"""Run folders that a stranger may send: no change of any file does more than end in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "support" / "strange_runs.py"


def faults(folder: Path, seed: int, number: int) -> list[str]:
    """What opening so many changed folders ended with where it may not."""
    command = [sys.executable, str(SCRIPT), str(folder / "base"), str(seed), str(number)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


@pytest.mark.slow
def test_a_few_changed_folders_end_in_a_state_or_in_a_line(tmp_path: Path) -> None:
    assert faults(tmp_path, 0, 5) == []


@pytest.mark.slow
@pytest.mark.long
def test_changed_folders_end_in_a_state_or_in_a_line(tmp_path: Path) -> None:
    assert faults(tmp_path, 1, 200) == []
