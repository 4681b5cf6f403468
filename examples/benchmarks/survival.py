"""What keeping a run whole costs: checkpoints, resuming, and all that surrounds the two updates.

    python examples/benchmarks/survival.py
    python examples/benchmarks/survival.py --steps 100

Figures are of the default run (`ising`). Overhead is the share of a step's time that is not spent
in the two players' steps: averaging, history, TensorBoard, the bar, the guard of the updates, and
evaluations and checkpoints spread over the steps between them. The machine's load cancels out in
it; resuming is given in seconds of the processor, and as they pass on the wall.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from qgan import build
from qgan.cli.progress import Bar
from qgan.runs import RunFolder, Session, checkpoint
from qgan.training import Trainer, learner

LIMITS = {
    "overhead": 0.15,
    "checkpoint_seconds": 0.05,
    "checkpoint_megabytes": 2.0,
    "resume_seconds": 5.0,
}


class Clock:
    """Adds up the time spent in a function that it stands in for."""

    def __init__(self, function: object) -> None:
        self.function, self.spans = function, []

    def __call__(self, *args: object, **options: object) -> object:
        begun = time.perf_counter()
        try:
            return self.function(*args, **options)
        finally:
            self.spans.append(time.perf_counter() - begun)


def make(settings, folder: Path) -> tuple[Trainer, RunFolder]:
    """The run as `qgan train` makes it."""
    return build.build_trainer(build.load_data(settings), settings), RunFolder(folder)


def measure(steps: int, folder: Path) -> dict[str, float]:
    """Train the default run for some steps, then resume it for one."""
    settings = build.preset("ising")
    RunFolder.create(folder, settings)
    made, run = make(settings, folder)
    bar = Bar(steps)
    session = Session(made, run, bar, print, logs=True)
    session.start()
    players = [Clock(made.apply)]
    (made.apply,) = players
    guard, saves, judged = (
        Clock(learner.broken),
        Clock(checkpoint.save_checkpoint),
        Clock(session.validation.criterion),
    )
    learner.broken, checkpoint.save_checkpoint, session.validation.criterion = guard, saves, judged
    made.config = settings.trainer.model_copy(update={"steps": steps})
    begun = time.perf_counter()
    session.train()
    total = time.perf_counter() - begun
    learner.broken, checkpoint.save_checkpoint = guard.function, saves.function
    updates = sum(sum(clock.spans) for clock in players) - sum(guard.spans)
    # Evaluations and checkpoints of this short run are replaced by those of a run of its length.
    every = settings.trainer.evaluate_every
    rest = total - updates - sum(saves.spans) - sum(judged.spans)
    spread = (statistics.median(judged.spans) + 2 * statistics.median(saves.spans)) / every
    around = rest / steps + spread
    figures = {
        "step_seconds": updates / steps + around,
        "players_seconds": updates / steps,
        "overhead": around / (updates / steps + around),
        "of_it_evaluation": statistics.median(judged.spans) / every,
        "checkpoint_seconds": statistics.median(saves.spans),
        "checkpoint_megabytes": (run.checkpoints / "last.pt").stat().st_size / 1e6,
    }
    begun, begun_cpu = time.perf_counter(), time.process_time()
    made, run = make(settings, folder)
    session = Session(made, run)
    session.resume()
    made.train_step()
    session.lock.release()
    figures["resume_seconds"] = time.process_time() - begun_cpu
    figures["resume_wall_seconds"] = time.perf_counter() - begun
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(asked.steps, Path(folder) / "run")
    if asked.json:
        print(json.dumps(figures, indent=1))
        return 0
    for name, value in figures.items():
        limit = f"limit {LIMITS[name]:g}" if name in LIMITS else ""
        print(f"{name:22} {value:10.4f}  {limit}")
    return int(any(figures[name] > limit for name, limit in LIMITS.items()))


if __name__ == "__main__":
    sys.exit(main())
