"""What learns, circuit or network: repeat a training with a part of the generator frozen.

    python examples/what_learns.py
    python examples/what_learns.py --generator register --steps 3000
    python examples/what_learns.py --preset tfim --qubits 6 --seed 1

The flags are those of `qgan train`. The rows of the table have the same data, discriminator,
steps and seed: the generator as it is asked for; with the parameters of its circuit frozen at
random; with its embedding frozen at random; and its classical twin, in which a network writes the
state and there is no circuit. Where a row leaves nothing to train, the untrained generator is
judged. The skill is that of the running average of the generator at the last step, on held-out
states. The results are written to what-learns.json.
"""

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qgan import build
from qgan.cli import exit_status, parse_train
from qgan.config import Experiment
from qgan.embedding import Embedding
from qgan.evaluation import Judge
from qgan.generator import Generator
from qgan.sampler import Sampler
from qgan.training import Trainer

ROWS = ("as asked", "circuit frozen", "embedding frozen", "classical twin")


def freeze(generator: Generator, part: str) -> None:
    """Keep the parameters of a generator's circuit, or of its embedding, as they are."""
    of_gates = isinstance(generator.embedding, Embedding) and generator.embedding.of_gates
    if part == "circuit frozen":
        generator.weights.requires_grad_(False)
    if part == ("circuit frozen" if of_gates else "embedding frozen"):
        generator.embedding.requires_grad_(False)


def twin(settings: Experiment) -> Experiment:
    """The same experiment with a network in the place of the circuit."""
    generator = settings.generator.model_copy(update={"kind": "network", "embedding": "tanh"})
    return settings.model_copy(update={"generator": generator})


def play(row: str, settings: Experiment, judge: Judge) -> dict[str, Any]:
    """Train one row of the table, and judge it."""
    start = time.process_time()
    trainer = build.build_trainer(judge.data, twin(settings) if row == ROWS[3] else settings)
    freeze(trainer.generator, row)
    generator, game = trainer.generator, trainer.game
    trained = sum(p.numel() for p in generator.parameters() if p.requires_grad)
    model: Sampler = generator
    if trained and any(not p.requires_grad for p in generator.parameters()):
        trainer = Trainer(  # its optimisers hold what is not frozen when it is made
            generator,
            game.discriminator,
            judge.data,
            game.objective,
            game.terms,
            trainer.config,
            settings.seed,
            mismatched_share=game.mismatched_share,
        )
    if trained:
        trainer.fit()
        model = trainer.model
    report = judge.report(model)
    return {
        "generator": row,
        "parameters": asdict(generator.parameter_counts()),
        "trained": trained,
        "skill": [entry.skill for entry in report.labels],
        "label_recovered": [entry.label_recovered for entry in report.labels],
        "purity": [entry.purity for entry in report.labels],
        "roughness": [entry.roughness for entry in report.labels],
        "seconds": round(time.process_time() - start, 1),
    }


def table(results: list[dict[str, Any]], names: tuple[str, ...]) -> str:
    """One row per generator: its parameters, how many of them were trained, and its skills."""
    heads = "".join(f"{'skill ' + name[:12]:>19}" for name in names)
    lines = [
        f"{'generator':18}{'circuit':>9}{'embedding':>11}{'elsewhere':>11}{'trained':>9}{heads}"
    ]
    for row in results:
        counts = row["parameters"]
        places = f"{counts['circuit']:9,}{counts['embedding']:11,}{counts['elsewhere']:11,}"
        skills = "".join(f"{skill:19.3f}" for skill in row["skill"])
        lines.append(f"{row['generator']:18}{places}{row['trained']:9,}{skills}")
    return "\n".join(lines)


def main() -> int:
    settings, _, _ = parse_train(sys.argv[1:], "python examples/what_learns.py")
    data = build.load_data(settings)
    settings = build.settle(settings, data)
    judge = Judge(data, "held_out", settings.seed)
    results = []
    for row in ROWS:
        results.append(play(row, settings, judge))
        print(f"{row}: skill {', '.join(f'{s:.3f}' for s in results[-1]['skill'])}", flush=True)
    print(f"\n{table(results, data.label_names)}")
    path = Path("what-learns.json")
    path.write_text(json.dumps({"flags": sys.argv[1:], "results": results}, indent=1) + "\n")
    print(f"\nWritten: {path}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_status(main))
