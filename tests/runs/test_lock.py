"""The lock of a run folder: two processes are kept apart, the dead are not waited for."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder
from qgan.runs.lock import Lock, check_unlocked

HOLDER = """import sys, time
from pathlib import Path
from qgan.runs.lock import Lock
lock = Lock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(name="holder")
def _holder(tmp_path: Path) -> object:
    """Another process that holds the lock of the folder."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused_and_a_dead_one_is_followed(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    who = f"process {holder.pid} on {socket.gethostname()}"
    with pytest.raises(QganError, match=rf"`run` must not be in use by .*, used by {who}\.$"):
        Lock(tmp_path).acquire()
    with pytest.raises(QganError, match=who):
        check_unlocked(tmp_path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert json.loads((tmp_path / ".lock").read_text())["pid"] == holder.pid
    lock = Lock(tmp_path)
    lock.acquire()
    assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()
    lock.release()
    assert list(tmp_path.iterdir()) == []


def test_two_sessions_of_one_process_are_kept_apart_too(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    first.acquire()
    first.acquire()
    with pytest.raises(QganError, match=f"process {os.getpid()} "):
        second.acquire()
    first.release()
    first.release()
    second.acquire()
    second.release()


def after_next_opening(monkeypatch: pytest.MonkeyPatch, action: Callable[[], None]) -> None:
    """Let an action of another process fall between the next opening of a lock and its locking."""
    open_file = os.open

    def open_and_wait(path: Path, flags: int, mode: int) -> int:
        file = open_file(path, flags, mode)
        monkeypatch.undo()
        action()
        return file

    monkeypatch.setattr("qgan.runs.lock.os.open", open_and_wait)


def test_a_file_that_is_removed_before_it_is_locked_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, slow, other = Lock(tmp_path), Lock(tmp_path), Lock(tmp_path)
    former.acquire()
    after_next_opening(monkeypatch, former.release)
    slow.acquire()
    with pytest.raises(QganError, match="must not be in use"):
        other.acquire()
    slow.release()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_replaced_before_it_is_locked_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former, slow, other = Lock(tmp_path), Lock(tmp_path), Lock(tmp_path)

    def replace() -> None:
        former.release()
        other.acquire()

    former.acquire()
    after_next_opening(monkeypatch, replace)
    with pytest.raises(QganError, match="must not be in use"):
        slow.acquire()
    other.release()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_removed_names_nobody_after_the_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise PermissionError(13, "The file is used by another process")

    monkeypatch.setattr(Path, "unlink", refuse)
    lock = Lock(tmp_path)
    lock.acquire()
    lock.release()
    assert (tmp_path / ".lock").read_bytes() == b""


def test_another_machine_is_believed(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text('{"pid": 7, "host": "elsewhere"}')
    message = r"process 7 on elsewhere; if that one is dead, remove .*\.lock\.$"
    with pytest.raises(QganError, match=message):
        Lock(tmp_path).acquire()
    assert json.loads((tmp_path / ".lock").read_text())["pid"] == 7


@pytest.mark.parametrize("content", ["", "?", "[1]"])
def test_a_lock_that_says_nothing_holds_nobody_back(tmp_path: Path, content: str) -> None:
    (tmp_path / ".lock").write_text(content)
    check_unlocked(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_use_is_not_overwritten(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment(seed=1))
    lock = run.lock()
    lock.acquire()
    with pytest.raises(QganError, match="must not be in use"):
        RunFolder.create(run.path, Experiment(seed=2), overwrite=True)
    lock.release()
    assert run.experiment().seed == 1


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QganError, match=r"`run` must be a folder that can be written"):
        Lock(tmp_path / "absent").acquire()
