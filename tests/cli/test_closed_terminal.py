"""A training whose terminal is closed ends as one that is asked to stop: with a checkpoint."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_runs import TFIM

from qgan.runs import load

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_a_closed_terminal_leaves_a_checkpoint(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    arguments = [*TFIM[:4], "--steps", "100000", "--batch", "4", "--run", "r"]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *arguments],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=tmp_path,
        start_new_session=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(slave)
    history = tmp_path / "r" / "history.csv"
    for _ in range(1200):
        # Below the header there is first the row of step 0, which is judged before any training.
        if history.exists() and len(history.read_text().splitlines()) > 2:
            break
        time.sleep(0.1)
    os.close(master)
    assert process.wait(60) == 128 + signal.SIGHUP
    assert load(tmp_path / "r", "last").step > 0
    assert not (tmp_path / "r" / ".lock").exists()


SCRIPT = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the terminal is that of this process
from qgan.cli import main
sys.exit(main(["train", *sys.argv[1:]]))
"""
