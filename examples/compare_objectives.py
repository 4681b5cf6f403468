"""Compare all objectives on one data set, in a table and a picture.

    python examples/compare_objectives.py
    python examples/compare_objectives.py --data tfim --qubits 4 --steps 2000 --seeds 0 1 2
    python examples/compare_objectives.py --objectives wasserstein energy f-gan:pearson

Generator, data, steps and rates are the same for all objectives; each gets the discriminator and
the settings that it needs (`qgan list --compatibility`). `mmd`, `energy` and `quantum-w1` have no
discriminator: every adversarial result is compared with them, and the line below the table says
whether one of them wins. The skill is that of the running average of the generator at the last
step, on held-out states, as a mean over seeds. The results are written to compare.json and
compare.png.
"""

import argparse
import json
import math
import statistics
import sys
import time
from pathlib import Path

import torch

from qgan import build
from qgan.build import SOURCES
from qgan.build.settings import parse
from qgan.cli import exit_status
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.evaluation import Judge
from qgan.pictures.canvas import BLUE, DARK, GREY, PALE, SMALL, VERMILLION, Canvas
from qgan.training.guard import NonFiniteError

ROW = 0.24  # inches
NOISE = 0.03  # sampling noise of the skill at 512 states: smaller differences do not count


def settings_of(objective: str, options: argparse.Namespace, seed: int) -> Experiment:
    """The settings of one game: all but the objective and the seed are the same for all games."""
    return parse(
        {
            "objective": objective,
            "seed": seed,
            "data": {"source": options.data, "qubits": options.qubits},
            "generator": {"n_latent": options.latents},
            "trainer": {"steps": options.steps, "batch": options.batch},
        }
    )


def data_of(options: argparse.Namespace, seed: int) -> Dataset:
    n = options.states
    sizes = {"n_train": n, "n_validation": max(1, n // 4), "n_held_out": max(2, n // 2)}
    return SOURCES.find(options.data).make(n_qubits=options.qubits, seed=seed, **sizes)


def play(objective: str, options: argparse.Namespace, judge: Judge, seed: int) -> dict:
    """Train one game and judge the generator on held-out states."""
    trainer = build.build_trainer(judge.data, settings_of(objective, options, seed))
    start = time.process_time()
    origin = {"objective": objective, "seed": seed}
    try:
        trainer.fit()
    except NonFiniteError as error:  # this is a result too: not every game is stable at these rates
        unknown = [None] * judge.data.n_labels
        seconds = round(time.process_time() - start, 2)
        figures = {"seconds": seconds, "skill": unknown, "coverage": unknown}
        return {**origin, **figures, "stopped": str(error)}
    seconds = time.process_time() - start
    labels = judge.report(trainer.model).labels
    return {
        **origin,
        "seconds": round(seconds, 2),
        "skill": [None if math.isnan(label.skill) else label.skill for label in labels],
        "coverage": [label.coverage for label in labels],
    }


def mean(values: list) -> float:
    """The mean of the values that are known, or nan."""
    numbers = [value for value in values if value is not None]
    return statistics.fmean(numbers) if numbers else math.nan


def summary(results: list[dict]) -> list[dict]:
    """One row per objective with means over seeds; the best mean skill comes first."""
    rows = []
    for name in dict.fromkeys(result["objective"] for result in results):
        runs = [result for result in results if result["objective"] == name]
        skills = [mean(list(column)) for column in zip(*(r["skill"] for r in runs), strict=True)]
        rows.append(
            {
                "objective": name,
                "skill": skills,
                "worst": min((s for r in runs for s in r["skill"] if s is not None), default=None),
                "coverage": [
                    mean(list(c)) for c in zip(*(r["coverage"] for r in runs), strict=True)
                ],
                "seconds": mean([r["seconds"] for r in runs]),
            }
        )
    return sorted(rows, key=lambda row: (math.isnan(mean(row["skill"])), -mean(row["skill"])))


def table(rows: list[dict], names: tuple[str, ...]) -> str:
    """The table as text: one row per objective, one column of skills per label."""
    head = "".join(f"{'skill ' + name:>20}" for name in names)
    lines = [f"{'objective':32}{head}{'coverage':>11}{'CPU s':>8}"]
    for row in rows:
        cells = "".join(f"{skill:20.3f}" for skill in row["skill"])
        figures = f"{min(row['coverage']):11.4f}{row['seconds']:8.1f}"
        lines.append(f"{row['objective']:32}{cells}{figures}")
    return "\n".join(lines)


def verdict(rows: list[dict]) -> str:
    """One sentence: whether a distance without a discriminator beats every game by mean skill."""
    distances = [row for row in rows if row["objective"] not in build.adversarial()]
    games = [row for row in rows if row not in distances]
    if not distances or not games:
        return "No comparison of games with distances: only one kind was asked for."

    def figures(row: dict) -> str:
        return f"{row['objective']} (mean skill {mean(row['skill']):.3f}, {row['seconds']:.0f} s)"

    lead = mean(distances[0]["skill"]) - mean(games[0]["skill"])
    outcome = "wins" if lead > 0 else "does not win"
    result = "neither wins nor loses" if abs(lead) < NOISE else outcome
    return (
        f"The best distance without a discriminator, {figures(distances[0])}, {result} on this "
        f"task against the best game, {figures(games[0])}."
    )


def draw(rows: list[dict], names: tuple[str, ...], title: str, path: Path) -> None:
    """Draw one row per objective with one dot per label, and the time that it took."""
    height = ROW * len(rows)
    canvas = Canvas(7.4, height + 1.25)
    axes = canvas.axes(2.3, 0.65, 4.2, height)
    for place, row in enumerate(rows):
        is_distance = row["objective"] not in build.adversarial()
        if math.isnan(mean(row["skill"])):
            axes.text(0, place, "loss not finite: stopped", va="center", fontsize=SMALL, color=GREY)
        skills = [max(-0.05, skill) for skill in row["skill"] if not math.isnan(skill)]
        if skills:
            axes.plot([min(skills), max(skills)], [place, place], color=PALE, lw=2, zorder=1)
        for skill, colour in zip(row["skill"], (BLUE, VERMILLION), strict=False):
            if not math.isnan(skill):
                marker = "<" if skill < -0.05 else "D" if is_distance else "o"
                axes.plot(max(-0.05, skill), place, marker, color=colour, ms=5, zorder=2)
        axes.text(1.08, place, f"{row['seconds']:.0f} s", va="center", fontsize=SMALL, color=GREY)
    axes.text(1.08, -0.9, "CPU", va="center", fontsize=SMALL, color=GREY)
    axes.set_yticks(range(len(rows)), [row["objective"] for row in rows], fontsize=SMALL)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(-0.08, 1.05)
    axes.axvline(0, color=GREY, lw=0.6)
    axes.axvline(1, color=GREY, lw=0.6)
    axes.tick_params(length=0, labelcolor=DARK)
    axes.set_xlabel(
        "skill (0: one state per label; 1: as good as more real data; < below -0.05)",
        fontsize=SMALL,
    )
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    handles = [
        axes.plot([], [], "o", color=colour, ms=5, label=name)[0]
        for name, colour in zip(names, (BLUE, VERMILLION), strict=False)
    ]
    handles.append(axes.plot([], [], "D", color=GREY, ms=5, label="no discriminator")[0])
    canvas.figure.legend(handles=handles, loc="upper right", ncols=3, fontsize=SMALL, frameon=False)
    canvas.figure.text(0.02, 1 - 0.2 / canvas.height, title, fontsize=SMALL + 1, va="center")
    canvas.figure.savefig(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", choices=["ising", "tfim"], default="tfim")
    parser.add_argument("--qubits", type=int, default=3)
    parser.add_argument("--latents", type=int, default=1)
    parser.add_argument("--states", type=int, default=512, help="training states of each label")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--objectives", nargs="+", default=list(build.OBJECTIVES))
    parser.add_argument("--out", type=Path, default=Path("runs/compare_objectives"))
    options = parser.parse_args()

    torch.set_num_threads(1)  # a step is thousands of small operations
    results = []
    for seed in options.seeds:
        judge = Judge(data_of(options, seed), "held_out")
        for objective in options.objectives:
            results.append(play(objective, options, judge, seed))
            reason = results[-1].get("stopped", "")
            print(f"{objective} seed {seed}: {results[-1]['seconds']:.1f} s {reason}", flush=True)
    rows = summary(results)
    names = judge.data.label_names
    print(table(rows, names))
    print(verdict(rows))
    options.out.mkdir(parents=True, exist_ok=True)
    settings = {k: str(v) for k, v in vars(options).items()}
    contents = {"asked": settings, "verdict": verdict(rows), "runs": results, "rows": rows}
    (options.out / "compare.json").write_text(json.dumps(contents, indent=1) + "\n")
    title = f"{options.data}, {options.qubits} qubits, {options.steps} steps"
    draw(rows, names, title, options.out / "compare.png")
    print(f"Picture: {options.out / 'compare.png'}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
