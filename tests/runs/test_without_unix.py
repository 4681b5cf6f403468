"""A system without fcntl and the rest of what only Unix has, as it can be imitated on one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NO_UNIX = """import builtins, os, sys
for name in ("fcntl", "resource", "termios", "pwd", "grp"):
    sys.modules[name] = None
for name in ("pread", "pwrite", "posix_fadvise", "O_DIRECTORY", "fork", "register_at_fork"):
    if name != "register_at_fork":  # the standard library itself calls it here
        delattr(os, name)
system_open = os.open
def open_file(path, *more, **options):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return system_open(path, *more, **options)
os.open = open_file
"""

TRAINING = """
import small_games
from pathlib import Path
from qgan import load
from qgan.config import Experiment, TrainerConfig
from qgan.errors import QganError
from qgan.runs import RunFolder, Session, report

path = Path(sys.argv[1])
def session(steps, make):
    config = small_games.SHORT.model_copy(update={"steps": steps})
    folder = RunFolder.create(path, Experiment(trainer=config)) if make else RunFolder.open(path)
    return Session(small_games.trainer(config), folder)
first = session(2, True)
first.start()
try:
    session(2, False).resume()
except QganError as error:
    print(error)
assert first.train()
again = session(4, False)
again.resume()
assert again.train()
report(again.run, again.learner.data)
print(load(path, "last").step, sorted(p.name for p in path.iterdir()))
"""

# What Windows has instead; the system's own lock stands for its lock of a byte.
MSVCRT = """import fcntl as unix
import types
import pennylane, torch  # they ask which system it is by what can be imported
"""
LOCKING = """
msvcrt = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK = 2
def locking(file, mode, n_bytes):
    assert mode == 2 and n_bytes == 1 and os.lseek(file, 0, os.SEEK_CUR) > 10_000
    try:
        unix.flock(file, unix.LOCK_EX | unix.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None
msvcrt.locking = locking
sys.modules["msvcrt"] = msvcrt
"""
STAYS = """
unlink = Path.unlink
def refuse(self, **options):
    if self.name == ".lock":
        raise PermissionError(13, "The file is used by another process")
    unlink(self, **options)
Path.unlink = refuse
"""


def run(program: str, path: Path) -> list[str]:
    """What a program prints in a process of its own."""
    support = str(Path(__file__).parents[1] / "support")
    program = f"import sys; sys.path.insert(0, {support!r})\n" + program
    command = [sys.executable, "-W", "error", "-c", program, str(path)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


FILES = "'checkpoints', 'circuit.json', 'config.yaml', 'data.json', 'history.csv', 'plots', "


@pytest.mark.parametrize(
    ("program", "files"),
    [
        (NO_UNIX + TRAINING, f"[{FILES}'report.json']"),
        pytest.param(
            MSVCRT + NO_UNIX + LOCKING + TRAINING,
            f"[{FILES}'report.json']",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            MSVCRT + NO_UNIX + LOCKING + TRAINING.replace("path = Path", STAYS + "path = Path"),
            f"['.lock', {FILES}'report.json']",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["no lock", "a lock as Windows has", "an open file that stays"],
)
def test_a_run_is_trained_resumed_and_judged(tmp_path: Path, program: str, files: str) -> None:
    refusal, end = run(program, tmp_path / "run")
    assert refusal.startswith("Argument `run` must not be in use by another process, but got ")
    assert "used by process " in refusal
    assert end == f"4 {files}"
    if ".lock" in files:
        assert (tmp_path / "run" / ".lock").read_bytes() == b""


@pytest.mark.slow
def test_a_process_that_died_without_the_system_s_lock_is_named(tmp_path: Path) -> None:
    holder = """
from pathlib import Path
from qgan.runs.lock import Lock
lock = Lock(Path(sys.argv[1]))
"""
    acquire = "lock.acquire(); os._exit(0)\n"
    assert run(NO_UNIX + holder + acquire, tmp_path) == []
    tries = """
try:
    lock.acquire()
except ValueError as error:
    print(error)
lock.path.unlink()
lock.acquire()
lock.release()
"""
    (refusal,) = run(NO_UNIX + holder + tries, tmp_path)
    assert refusal.endswith(f"; if that one is dead, remove {tmp_path}/.lock.")
