"""How far the estimator of skill strays, for generators whose error is known.

    python examples/benchmarks/skill_study.py --out docs/skill_study
    python examples/benchmarks/skill_study.py --families tfim-disordered --repetitions 20

Real states are drawn anew in every repetition, from pure and mixed families whose labels are wide
or narrow; generators are functions that draw states and never change. The reference is the mean of
16 estimates, each from 4096 fresh held-out states. For each number of held-out states the table
says how far the mean estimate is from the reference (bias), how far single estimates stray
(deviation), half the length of the stated interval, and the share of intervals that hold the
reference. The former estimator stands beside it: all held-out states against 512 generated ones,
and one training set for the floor. Written are OUT.json, OUT.md and OUT.png.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qgan.data.ising_chain import IsingChain
from qgan.evaluation.skill import Scale
from qgan.metrics import fidelity_matrix, skill
from qgan.metrics.ensembles.covering import top_eigenstate
from qgan.metrics.ensembles.modes import best_frozen
from qgan.metrics.ensembles.transport import transport
from qgan.states import States

Draw = Callable[[int, np.random.Generator], States]

N_TRAIN, N_GENERATED = 2048, 4096
N_REFERENCE, N_REFERENCE_STATES = 16, 4096
SIZES = (77, 256, 512, 1024, 4096)
FIELDS = {
    "ising-ordered": ((0.3, 0.9), (-0.5, 0.5)),
    "ising-disordered": ((1.1, 2.0), (-1.0, 1.0)),
    "tfim-ordered": ((0.1, 0.95), (1e-3, 1e-3)),
    "tfim-disordered": ((1.05, 3.0), (1e-3, 1e-3)),
}
"""Ranges of the fields h and g. The first two vary in two factors, the last one is narrow."""
FAMILIES = (*FIELDS, "mixed-arc")


def draws_of(family: str) -> dict[str, Draw]:
    """The generators of a family by name; the first one draws real states."""
    if family == "mixed-arc":
        ranges, states = ((0.0, 1.5), (0.05, 0.25)), mixed_arc

    else:
        ranges, chain = FIELDS[family], IsingChain(4)

        def states(first: np.ndarray, second: np.ndarray) -> States:
            return chain.ground_states(np.stack([first, second], axis=1))

    low, high = ranges[0]

    def on(first: Callable[[np.random.Generator, int], np.ndarray], part: float = 1.0) -> Draw:
        """States whose first factor is a function on [0, 1], the second a part of its range."""

        def draw(n: int, rng: np.random.Generator) -> States:
            x = low + (high - low) * first(rng, n)
            return states(x, part * rng.uniform(*ranges[1], n))

        return draw

    real = on(lambda rng, n: rng.uniform(0, 1, n))
    wrong = on(lambda rng, n: rng.uniform(0, 1, n) * np.where(rng.uniform(size=n) < 0.15, 0.25, 1))
    source = np.random.default_rng(99)
    train = real(512, source)
    best, _ = best_frozen(fidelity_matrix(train, train))
    _, top = top_eigenstate(train)
    return {
        "real states": real,
        "15 % from a quarter of the range": wrong,
        "shifted density": on(lambda rng, n: rng.uniform(0, 1, n) ** 1.3),
        "5 % of the range": on(lambda rng, n: rng.uniform(0.475, 0.525, n), 0.05),
        "eight frozen states": frozen(train[:8]),
        "the best eight frozen": frozen(train[best[:8]]),
        "one state": frozen(top),
    }


def mixed_arc(angle: np.ndarray, share: np.ndarray) -> States:
    """States ``(1 - p) |a><a| + p |b><b|`` of one qubit, a at an angle and b orthogonal to it."""
    cosine, sine = np.cos(angle / 2), np.sin(angle / 2)
    columns = np.array([[cosine, -sine], [sine, cosine]])
    factor = columns * np.sqrt(np.array([1 - share, share]))
    return States(torch.as_tensor(factor.transpose(2, 0, 1).copy()).cdouble())


def frozen(states: States) -> Draw:
    """A generator that repeats some states."""
    return lambda n, rng: states[torch.as_tensor(rng.integers(len(states), size=n))]


def estimates(draws: dict[str, Draw], n_held_out: int, seed: int) -> list[tuple[float, ...]]:
    """Skill and the ends of its interval for each generator, on the same fresh real states."""
    rng, real = np.random.default_rng([seed, n_held_out]), draws["real states"]
    scale = Scale.of(real(N_TRAIN, rng), real(n_held_out, rng), N_GENERATED, seed)
    judged = [scale.judge(generator(N_GENERATED, rng)).skill for generator in draws.values()]
    return [(one.value, one.low, one.high) for one in judged]


def former(draws: dict[str, Draw], n_held_out: int, seed: int) -> list[float]:
    """Skill as it was: all held-out states in one transport problem, one training set for W0."""
    rng, real = np.random.default_rng([seed, n_held_out]), draws["real states"]
    train, held_out = real(512, rng), real(n_held_out, rng)
    w0 = transport(fidelity_matrix(held_out, train))
    w1 = transport(fidelity_matrix(held_out, top_eigenstate(held_out)[1]))
    generated = [generator(512, rng) for generator in draws.values()]
    return [skill(transport(fidelity_matrix(held_out, one)), w0, w1) for one in generated]


def figures_of(family: str, n_repetitions: int) -> list[dict[str, Any]]:
    """All figures of each generator of a family."""
    torch.set_num_threads(1)
    draws = draws_of(family)
    seeds = range(10_000, 10_000 + N_REFERENCE)
    references = np.array([estimates(draws, N_REFERENCE_STATES, seed) for seed in seeds])[:, :, 0]
    cells = [
        {
            "family": family,
            "generator": name,
            "reference": float(references[:, k].mean()),
            "reference_error": float(references[:, k].std(ddof=1)) / len(references) ** 0.5,
            "sizes": [],
        }
        for k, name in enumerate(draws)
    ]
    for size in SIZES:
        n = n_repetitions if size < 1024 else max(2, n_repetitions // 4)  # these take longer
        values = np.array([estimates(draws, size, seed) for seed in range(n)])
        n_former = min(n, 10) if size <= 1024 else 0
        old = np.array([former(draws, size, seed) for seed in range(n_former)])
        for k, entry in enumerate(cells):
            value, low, high = values[:, k].T
            reference = entry["reference"]
            entry["sizes"].append(
                {
                    "held_out": size,
                    "repetitions": n,
                    "bias": float(value.mean()) - reference,
                    "bias_error": float(value.std(ddof=1)) / n**0.5,
                    "deviation": float(value.std(ddof=1)),
                    "half_interval": float((high - low).mean() / 2),
                    "covers": float(((low <= reference) & (reference <= high)).mean()),
                    "former_bias": float(old[:, k].mean()) - reference if n_former else None,
                }
            )
    return cells


def table(cells: list[dict[str, Any]]) -> str:
    """The figures as Markdown."""
    lines = [
        "| family | generator | reference | held-out states | bias | deviation | half interval "
        "| intervals that hold it | bias of the former estimator |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for entry in cells:
        for row in entry["sizes"]:
            old = "" if row["former_bias"] is None else f"{row['former_bias']:+.3f}"
            figures = (
                f"{row['held_out']} | {row['bias']:+.3f} ± {row['bias_error']:.3f} | "
                f"{row['deviation']:.3f} | {row['half_interval']:.3f} | "
                f"{row['covers']:.0%} of {row['repetitions']} | {old}"
            )
            name = f"{entry['family']} | {entry['generator']} | {entry['reference']:.3f}"
            lines.append(f"| {name} | {figures} |")
    return "\n".join(lines) + "\n"


def draw(cells: list[dict[str, Any]], path: Path) -> None:
    """A panel for each family: mean estimates against the number of held-out states."""
    import matplotlib.pyplot as plt

    families = list(dict.fromkeys(entry["family"] for entry in cells))
    figure, axes = plt.subplots(
        1, len(families), figsize=(4 * len(families), 4.2), squeeze=False, layout="constrained"
    )
    for axis, family in zip(axes[0], families, strict=True):
        for k, entry in enumerate(e for e in cells if e["family"] == family):
            colour, rows = f"C{k}", entry["sizes"]
            sizes = [row["held_out"] for row in rows]
            means = [entry["reference"] + row["bias"] for row in rows]
            bars = [row["deviation"] for row in rows]
            axis.errorbar(sizes, means, bars, color=colour, label=entry["generator"], capsize=2)
            old = [(r["held_out"], r["former_bias"]) for r in rows if r["former_bias"] is not None]
            points = [(size, entry["reference"] + bias) for size, bias in old]
            axis.plot(*zip(*points, strict=True), ":", color=colour) if points else None
        axis.set(xscale="log", title=family, xlabel="held-out states", ylim=(-0.15, 1.15))
        axis.set_xticks(SIZES, [str(size) for size in SIZES])
        axis.minorticks_off()
    axes[0, 0].set_ylabel("skill (dotted: the former estimator)")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncols=2 * len(families), frameon=False
    )
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--families", nargs="+", choices=FAMILIES, default=FAMILIES)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("skill_study"))
    options = parser.parse_args()
    measure = functools.partial(figures_of, n_repetitions=options.repetitions)
    cells = []
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        for entries in pool.map(measure, options.families):
            cells += entries
            print(table(entries).split("\n", 2)[2], end="", flush=True)
    options.out.with_suffix(".json").write_text(json.dumps(cells, indent=1))
    options.out.with_suffix(".md").write_text(table(cells))
    draw(cells, options.out.with_suffix(".png"))


if __name__ == "__main__":
    main()
