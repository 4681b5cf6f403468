"""Runs of a small game that kill themselves at given moments, and are resumed; not a test itself.

    python killed_run.py ENGINE FOLDER [MOMENT ...] [-- FOLDER [MOMENT ...]] ...

Each run goes to a folder. With moments it is killed by SIGKILL at the first, resumed, killed at the
second, and so on, each time in a process of its own; at last it is resumed to its end. Moments are

    created, described           before the first checkpoint
    last N STAGE, best N STAGE   inside the N-th write of that checkpoint, see STAGES
    step K PLACE                 in step K: `between` its two players, at its `end` before anything
                                 is written, or in its row of the history, `torn`
"""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import small_games
import torch

from qgan import files
from qgan.config import Experiment, TrainerConfig
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.runs import RunFolder, Session, checkpoint, history
from qgan.training import Trainer

CONFIG = TrainerConfig(
    steps=12,
    batch=4,
    n_critic=2,
    average=0.9,
    evaluate_every=3,
    checkpoint_every=2,
    log_every=1,
)
ENGINES: dict[str, Callable[[], Any]] = {
    "batched": lambda: BatchedEngine(precision="double"),
    "backprop": lambda: PennyLaneEngine("default.qubit", "backprop"),
    "adjoint": lambda: PennyLaneEngine("lightning.qubit", "adjoint"),
    "shots": lambda: PennyLaneEngine("default.qubit", "parameter-shift", 5, seed=3),
    "lightning-shots": lambda: PennyLaneEngine("lightning.qubit", "parameter-shift", 5, seed=3),
}
STAGES = ("half", "unsynced", "synced", "keeping", "kept", "renamed")


def die(*args: Any, **options: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class HalfWritten:
    """A file that takes half of what it is given, and then the process is gone."""

    def __init__(self, file: Any) -> None:
        self.file = file

    def __enter__(self) -> HalfWritten:
        return self

    def __exit__(self, *error: object) -> None:
        raise AssertionError("this process should be dead")

    def write(self, data: bytes) -> None:
        self.file.write(data[: len(data) // 2])
        self.file.flush()
        die()


def before(function: Callable[..., Any]) -> Callable[..., Any]:
    return die


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **options: Any) -> None:
        function(*args, **options)
        die()

    return wrapped


def arm_write(stage: str) -> None:
    """From now on the next write of a file dies at a stage."""
    if stage == "half":
        files.open = lambda *place, **how: HalfWritten(io.open(*place, **how))  # type: ignore  # noqa: SIM115, UP020
        return
    name, wrap = {
        "unsynced": ("fsync", before),
        "synced": ("fsync", after),
        "keeping": ("link", before),
        "kept": ("link", after),
        "renamed": ("replace", after),
    }[stage]
    setattr(os, name, wrap(getattr(os, name)))


def arm(moment: str) -> None:
    """Die at this moment."""
    kind, *rest = moment.split()
    if kind == "created":
        RunFolder.save_circuit = die  # type: ignore
    elif kind == "described":
        RunFolder.save_circuit = after(RunFolder.save_circuit)  # type: ignore
    elif kind == "step":
        arm_step(int(rest[0]), rest[1])
    else:
        count, save = 0, checkpoint.save_checkpoint

        def counted(path: Path, state: Any, previous: Path | None = None) -> None:
            nonlocal count
            count += path.stem == kind
            if path.stem == kind and count == int(rest[0]):
                arm_write(rest[1])
            save(path, state, previous)

        checkpoint.save_checkpoint = counted


def arm_step(step: int, place: str) -> None:
    generator_batch, train_step = Trainer.generator_batch, Trainer.train_step
    append = history.History.append

    def between(self: Trainer) -> Any:
        if self.step == step - 1:
            die()
        return generator_batch(self)

    def end(self: Trainer) -> dict[str, float]:
        losses = train_step(self)
        if self.step == step:
            die()
        return losses

    def torn(self: history.History, row: Any) -> None:
        if row["step"] != step:
            return append(self, row)
        with self.path.open("a", newline="") as file:
            file.write(history._line(row)[:20])
        return die()

    if place == "between":
        Trainer.generator_batch = between  # type: ignore
    elif place == "end":
        Trainer.train_step = end  # type: ignore
    else:
        history.History.append = torn  # type: ignore


def run(engine: str, folder: Path) -> None:
    """Start the run, or resume it, and train to the end."""
    torch.set_num_threads(1)
    made = ENGINES[engine]()
    fresh = not folder.exists()
    run = RunFolder.create(folder, Experiment(trainer=CONFIG)) if fresh else RunFolder.open(folder)
    view = None if engine == "batched" else small_games.circuit_view(made)
    # Another seed than the checkpoint's shows that everything comes from there.
    seed = 9 if (folder / "checkpoints" / "last.pt").exists() else 0
    session = Session(small_games.trainer(CONFIG, seed, engine=made, view=view), run)
    if fresh:
        session.start()
    else:
        session.resume()
    assert session.train()


def in_a_process(engine: str, folder: Path, moment: str | None) -> int:
    """Train in a child, killed at a moment; returns its exit status, or minus a signal."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if moment is not None:
                arm(moment)
            run(engine, folder)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(engine: str, words: list[str]) -> None:
    jobs: list[list[str]] = [[]]
    for word in words:
        if word == "--":
            jobs.append([])
        else:
            jobs[-1].append(word)
    for folder, *moments in jobs:
        for moment in moments:
            found = in_a_process(engine, Path(folder), moment)
            assert found == -signal.SIGKILL, f"{moment}: exit status {found}"
        assert in_a_process(engine, Path(folder), None) == 0, f"{moments}: not resumed"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
