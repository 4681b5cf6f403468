"""Train a task for several seeds and write the figures: a table, and a JSON file beside this one.

    python examples/benchmarks/tasks.py ising
    python examples/benchmarks/tasks.py tfim --seeds 0 1 2
    python examples/benchmarks/tasks.py --list

Every figure is of held-out states, at the checkpoint chosen on validation states.
"""

import argparse
import json
import math
import multiprocessing
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from qgan.build import SOURCES, build_trainer, load_data, settle
from qgan.cli import parse_train
from qgan.data import write_file
from qgan.data.ising_chain import IsingChain
from qgan.runs import RunFolder, Session
from qgan.runs.provenance import versions
from qgan.states import States, concatenate
from qgan.training import Trainer

RESULTS = Path(__file__).parent / "results"

# name: (flags of `qgan train`, number of seeds)
TASKS: dict[str, tuple[list[str], int]] = {
    "ising": ([], 10),
    "tfim": (["--preset", "tfim"], 10),
    "ising-register": (["--generator", "register"], 10),
    "ising-register-smooth": (["--generator", "register", "--generator.degree", "2"], 3),
    "ising-register-angles": (["--generator", "register", "--generator.n-bits", "0"], 5),
    "ising-affine": (["--generator.embedding", "affine"], 6),
    "ising-affine-6000": (["--generator.embedding", "affine", "--steps", "6000"], 2),
    "ising-network": (["--generator", "network"], 5),
    "tfim-register": (["--preset", "tfim", "--generator", "register"], 5),
    "ising-circuit": (["--discriminator", "circuit"], 5),
    "ising-information": (["--term", "gradient-penalty", "--term", "information"], 5),
    "ddk": (["--preset", "ddk"], 20),
    "gibbs": (["--preset", "gibbs"], 10),
    "gibbs-ensemble": (["--preset", "gibbs-ensemble"], 5),
    "level-crossing": (["--preset", "level-crossing"], 3),
    "file-bell": (["--data", "bell"], 3),
    "file-tfim": (["--data", "tfim"], 3),
    "file-three": (["--data", "three-phases"], 3),
    "file-bell-register": (["--data", "bell", "--generator", "register"], 3),
    "file-tfim-register": (["--data", "tfim", "--generator", "register"], 3),
    "file-three-register": (["--data", "three-phases", "--generator", "register"], 3),
}


# Tasks with one state a label: the least fidelity over so many last steps is recorded too.
HELD = {"ddk": 200, "gibbs": 200}


class Held:
    """Notes the least fidelity of the generator as it is, of each label, over the last steps."""

    def __init__(self, trainer: Trainer, n_steps: int) -> None:
        self.trainer = trainer
        self.first = trainer.config.steps - n_steps
        self.label = torch.arange(trainer.data.n_labels)
        real = trainer.data.held_out
        self.real = concatenate([real.states[real.label == k][:1] for k in self.label])
        self.least = torch.ones(len(self.label), dtype=torch.float64)

    def __call__(self, row: dict[str, float]) -> None:
        if row["step"] > self.first:
            latent = torch.zeros(len(self.label), self.trainer.generator.n_latent)
            states = self.trainer.generator.exact_states(self.label, latent)
            self.least = torch.minimum(self.least, states.fidelity(self.real))


def file_of(source: str, seed: int, folder: Path) -> Path:
    """A user's file: states of a source and their labels, without the hidden factors."""
    path = folder / f"{source}.npz"
    if source == "three-phases":
        states, label = three_phases(seed)
    else:
        part = SOURCES.find(source).make(seed=seed, n_train=700, n_validation=1, n_held_out=1).train
        states, label = part.states, part.label
    write_file(path, states, label, torch.zeros(len(states), 1))
    return path


def three_phases(seed: int, n: int = 700) -> tuple[States, torch.Tensor]:
    """Ground states of the chain in a mixed field with three labels: h low, middle, high."""
    rng = np.random.default_rng(seed)
    bounds = ((0.2, 0.6), (0.9, 1.3), (1.8, 3.0))
    h = np.concatenate([rng.uniform(low, high, n) for low, high in bounds])
    states = IsingChain(4).ground_states(np.stack([h, np.full(len(h), 0.2)], 1))
    return states, torch.arange(len(bounds)).repeat_interleave(n)


def run(job: tuple[str, int]) -> dict:
    """One seed of one task, on one thread."""
    torch.set_num_threads(1)
    name, seed = job
    flags = list(TASKS[name][0])
    with tempfile.TemporaryDirectory() as folder:
        if "--data" in flags:
            at = flags.index("--data") + 1
            flags[at] = str(file_of(flags[at], seed, Path(folder)))
        experiment, _, _ = parse_train([*flags, "--seed", str(seed)], "tasks")
        begun = time.monotonic()
        data = load_data(experiment)
        experiment = settle(experiment, data)
        trainer = build_trainer(data, experiment)
        held = Held(trainer, HELD[name]) if name in HELD else None
        session = Session(trainer, RunFolder.create(Path(folder) / "run", experiment), held)
        session.start()
        session.train()
        model, report = session.report()
        seconds = time.monotonic() - begun
    labels = [label.to_dict() for label in report.labels]
    told = {} if held is None else {"held": held.least.tolist(), "held_steps": HELD[name]}
    return {
        "seed": seed, "step": model.step, "seconds": round(seconds, 1), "labels": labels, **told
    }  # fmt: skip


def apart(label: dict) -> bool:
    """Whether each of two factors has a latent of its own: |Spearman| >= 0.9, the other < 0.3."""
    found = np.abs(np.array(list(label["spearman"].values()), dtype=float))
    own, other = (found[[0, 1], columns] for columns in ([0, 1], [1, 0]))
    ways = [(own, other), (other, own)]
    return any(float(a.min()) >= 0.9 and float(b.max()) < 0.3 for a, b in ways)


def row(result: dict) -> str:
    """One seed as a line: each label's figures."""
    cells = []
    for label in result["labels"]:
        skill = label["skill"]
        told = [
            "skill -" if skill is None else f"skill {skill:.3f}",
            f"cov {label['coverage']:.4f} pr {label['precision']:.4f}",
            f"spread {label['spread_ratio'] or math.nan:.2f} purity {label['purity']:.3f}",
            f"label {label['label_recovered'] / max(1e-9, label['label_recovered_real']):.3f}",
        ]
        for factor, value in label["multiple_rank"].items():
            best = max((abs(s or 0) for s in label["spearman"][factor]), default=0)
            told.append(f"{factor}: R {value or math.nan:.3f} S {best:.3f}")
        if [len(found) for found in label["spearman"].values()] == [2, 2]:
            told.append("apart" if apart(label) else "mixed")
        cells.append(" ".join(told))
    if "held" in result:
        cells.append("held " + " ".join(f"{least:.4f}" for least in result["held"]))
    return f"seed {result['seed']} step {result['step']} {result['seconds']:.0f} s | " + " | ".join(
        cells
    )


def summary(results: list[dict]) -> list[dict]:
    """For each label: mean, deviation and worst of the seeds."""
    table = []
    for k in range(len(results[0]["labels"])):
        figures = {}
        for key in ("skill", "coverage", "precision", "spread_ratio", "purity"):
            values = [r["labels"][k][key] for r in results if r["labels"][k][key] is not None]
            if values:
                deviation = statistics.stdev(values) if len(values) > 1 else 0.0
                figures[key] = {
                    "mean": statistics.fmean(values),
                    "deviation": deviation,
                    "worst": min(values),
                }
        table.append(figures)
    return table


def record(name: str, result: dict) -> None:
    """Write a seed's figures beside those of other seeds of the task."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    known = json.loads(path.read_text())["seeds"] if path.exists() else []
    others = [other for other in known if other["seed"] != result["seed"]]
    results = sorted([*others, result], key=lambda found: found["seed"])
    written = {
        "task": name,
        "command": f"python examples/benchmarks/tasks.py {name}",
        "flags": TASKS[name][0],
        "versions": versions(),
        "summary": summary(results),
        "seeds": results,
    }
    path.write_text(json.dumps(written, indent=1) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("task", nargs="*", help="names of tasks")
    parser.add_argument("--seeds", type=int, nargs="+", help="instead of the task's own")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    unknown = set(asked.task) - set(TASKS)
    if asked.list or unknown or not asked.task:
        for name, (flags, seeds) in TASKS.items():
            print(f"{name:16} {seeds} seeds: qgan train {' '.join(flags)}")
        return 2 if unknown else 0
    for name in asked.task:
        seeds = asked.seeds or range(TASKS[name][1])
        with multiprocessing.get_context("spawn").Pool(asked.processes) as pool:
            for result in pool.imap(run, [(name, seed) for seed in seeds]):
                print(name, row(result), flush=True)
                record(name, result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
