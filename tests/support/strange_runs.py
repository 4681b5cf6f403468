"""Run folders as a stranger may send them, and what opening them ends with; not a test itself.

    python strange_runs.py FOLDER SEED NUMBER

It trains one small run in the folder and changes a copy of it in NUMBER ways that the seed draws:
another value in a field, or another thing in the place of a file. Each copy is opened by
`qgan sample` and `qgan evaluate`, each in a process of its own, since the worst of them would end
it. Each line that is printed is a copy that ended otherwise than it may, as JSON.
"""

from __future__ import annotations

import copy
import json
import math
import os
import random
import resource
import shutil
import signal
import stat
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import pytest
import torch
import yaml
from cli_runs import SHORT, shrink

from qgan.cli import main as command
from qgan.runs import checkpoint

MOST_SECONDS = 10.0
MOST_BYTES = 2**30
VALUES: tuple[Any, ...] = (None, "text", -1, 10**18, [1, [2]], math.nan)
CELLS = ("", "text", "-1", "1e300", "[1]", "nan")

Change = tuple[str, Callable[[Path], None]]


def places(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every part of plain data; of a list the first and the last entry will do."""
    if way:
        yield way
    if isinstance(data, dict):
        for key in data:
            yield from places(data[key], (*way, key))
    elif isinstance(data, list):
        for key in sorted({0, len(data) - 1} if data else ()):
            yield from places(data[key], (*way, key))


def replaced(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    """The same data with another value at a path."""
    data = copy.deepcopy(data)
    part = data
    for key in way[:-1]:
        part = part[key]
    part[way[-1]] = value
    return data


def field_changes(file: Path) -> list[Change]:
    """Every field of a file with every value."""
    name = file.name
    if name.endswith(".json"):
        data, write = json.loads(file.read_text()), json.dumps
    elif name.endswith(".yaml"):
        data, write = yaml.safe_load(file.read_text()), yaml.safe_dump
    elif name.endswith(".pt"):
        state = checkpoint.read_checkpoint(file)
        return [
            (
                f"{name} {way} = {value!r:.20}",
                lambda path, way=way, value=value: checkpoint.save_checkpoint(
                    path, replaced(state, way, value)
                ),
            )
            for way in places(state)
            for value in (*VALUES, torch.tensor([math.nan]), torch.zeros(1).expand(2**40))
        ]
    else:
        rows = [line.split(",") for line in file.read_text().splitlines()]
        data, write = rows, lambda rows: "\r\n".join(map(",".join, rows)) + "\r\n"
    values = CELLS if name.endswith(".csv") else VALUES
    ways = [way for way in places(data) if not name.endswith(".csv") or len(way) == 2]
    return [
        (
            f"{name} {'.'.join(map(str, way))} = {value!r}",
            lambda path, way=way, value=value: path.write_text(write(replaced(data, way, value))),
        )
        for way in ways
        for value in values
    ]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 4
    file.write_bytes(bytes(data))


def folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def link(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.parents[2] / "outside" / "file")


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.parents[2] / "outside" / "absent")


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def endless(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


FILE_CHANGES = (cut, empty, flip, folder, link, dangling, pipe, endless, Path.unlink)


def draw(run: Path, number: int, seed: int) -> list[tuple[str, Change]]:
    """As many changes as are asked for: each file as often as the others."""
    rng = random.Random(seed)
    files = sorted(path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file())
    files = [name for name in files if name.endswith((".json", ".yaml", ".csv", ".pt"))]
    fields = {name: field_changes(run / name) for name in files}
    changes = []
    for count in range(number):
        name = files[count % len(files)]
        if rng.random() < 0.25:
            spoil = rng.choice(FILE_CHANGES)
            changes.append((name, (f"{name} {spoil.__name__}", spoil)))
        else:
            changes.append((name, rng.choice(fields[name])))
    return changes


def in_a_child(words: list[str], said: Path) -> tuple[int, float, int]:
    """The status of a command (minus a signal), its seconds, and its most bytes of memory.

    The seconds are those of the processor, since a test may share it; what waits longer for
    something else is ended by an alarm.
    """
    child = os.fork()
    if child == 0:
        status = 70
        try:
            with said.open("w") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
            signal.alarm(int(6 * MOST_SECONDS))
            status = command(words)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, code, usage = os.wait4(child, 0)
    return os.waitstatus_to_exitcode(code), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def outside(base: Path) -> dict[str, Any]:
    """Everything beside the run and what was asked for."""
    kept = {}
    for path in base.rglob("*"):
        name = path.relative_to(base).as_posix()
        if not name.startswith(("run", "out.npz", "said", "whole")):
            kept[name] = path.read_bytes() if stat.S_ISREG(os.lstat(path).st_mode) else None
    return kept


def fault(base: Path, words: list[str], limit: int) -> str | None:
    """Why a command ended otherwise than it may; None if it did not."""
    before, said, out = outside(base), base / "said", base / "out.npz"
    out.unlink(missing_ok=True)
    status, seconds, memory = in_a_child(words, said)
    lines = [line for line in said.read_text().splitlines() if not line.startswith("Note: ")]
    refused = status == 2 and len(lines) == 1 and not out.exists()
    reasons = {
        "wrote outside of the run": outside(base) != before,
        f"took {seconds:.0f} s": seconds > MOST_SECONDS,
        f"took {memory / 2**30:.1f} GiB": memory > limit,
        f"status {status}: {' | '.join(lines[-3:])[-300:]}": status != 0 and not refused,
        "wrote what is no state": status == 0 and words[0] == "sample" and not holds_states(out),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def holds_states(out: Path) -> bool:
    """Whether a file holds finite vectors of norm one."""
    return np.allclose(np.abs(np.load(out)["states"] ** 2).sum(1), 1, atol=1e-5)


def main(base: Path, seed: int, number: int) -> None:
    torch.set_num_threads(1)
    shrink(pytest.MonkeyPatch())
    (base / "outside").mkdir(parents=True)
    (base / "outside" / "file").write_bytes(b"precious")
    whole, run = base / "whole", base / "run"
    settings = ["--preset", "tfim", "--qubits", "2", *SHORT, "--steps", "2", "--loggers"]
    with open(os.devnull, "w") as null:
        kept = [os.dup(1), os.dup(2)]
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)
        assert command(["train", *settings, "--run", str(whole)]) == 0
        for place, copied in enumerate(kept, 1):
            os.dup2(copied, place)
    limit = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + MOST_BYTES
    for name, (words, change) in draw(whole, number, seed):
        shutil.rmtree(run, ignore_errors=True)
        shutil.copytree(whole, run)
        change(run / name)
        for sentence in (
            ["sample", str(run), "--out", str(base / "out.npz")],
            ["evaluate", str(run)],
        ):
            reason = fault(base, sentence, limit)
            if reason is not None:
                print(json.dumps([sentence[0], words, reason]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
