"""Parameters and skill of three generators at growing size: circuit only, hybrid, network only.

    python examples/benchmarks/scaling.py
    python examples/benchmarks/scaling.py --qubits 4 6 --steps 3000

Each row is one training of the preset tfim with the same steps, batch and seed; the table and the
JSON file beside the other results say how much processor time each took. The skill is of held-out
states, at the checkpoint chosen on validation states. A row whose first steps say that it would
take longer than the limit is left out, and the file says so.
"""

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tasks import RESULTS

from qgan.build import build_trainer, load_data, settle
from qgan.cli import parse_train
from qgan.runs import RunFolder, Session
from qgan.runs.provenance import versions

GENERATORS = {
    "circuit only": ["--generator", "register"],
    "hybrid": ["--generator", "reuploading"],
    "network only": ["--generator", "network"],
}
N_TIMED = 10
"""Steps that say how long a training will take; the first of all is not timed."""


def play(name: str, n_qubits: int, asked: argparse.Namespace) -> dict[str, Any]:
    """Train one generator at one size, unless its first steps say that it takes too long."""
    torch.set_num_threads(1)
    sizes = {"--qubits": n_qubits, "--steps": asked.steps, "--batch": asked.batch}
    flags = ["--preset", "tfim", *GENERATORS[name], "--seed", str(asked.seed)]
    flags += [str(word) for pair in sizes.items() for word in pair]
    experiment, _, _ = parse_train(flags, "scaling")
    data = load_data(experiment)
    experiment = settle(experiment, data)
    trainer = build_trainer(data, experiment)
    counts = asdict(trainer.generator.parameter_counts())
    result = {"generator": name, "qubits": n_qubits, "flags": flags, "parameters": counts}
    estimate = seconds_of(build_trainer(data, experiment)) * asked.steps
    if estimate > asked.limit:
        return {**result, "left_out": f"about {estimate:.0f} s of processor time"}
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(trainer, RunFolder.create(Path(folder) / "run", experiment))
        session.start()
        session.train()
        model, report = session.report()
    return {
        **result,
        "seed": asked.seed,
        "step": model.step,
        "seconds": round(time.process_time() - begun, 1),
        "skill": [label.skill for label in report.labels],
        "label_recovered": [label.label_recovered for label in report.labels],
    }


def seconds_of(trainer: Any) -> float:
    """Processor time of one step in seconds."""
    trainer.train_step()
    begun = time.process_time()
    for _ in range(N_TIMED):
        trainer.train_step()
    return (time.process_time() - begun) / N_TIMED


def row(result: dict[str, Any]) -> str:
    """One training as a row of a table of Markdown."""
    counts = result["parameters"]
    places = f"{counts['circuit']:,} / {counts['embedding']:,} / {counts['elsewhere']:,}"
    cells = [str(result["qubits"]), result["generator"], places]
    if "left_out" in result:
        return "| " + " | ".join([*cells, "left out", "left out", result["left_out"]]) + " |"
    skills = [f"{skill:.3f}" for skill in result["skill"]]
    return "| " + " | ".join([*cells, *skills, f"{result['seconds']:.0f} s"]) + " |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 6, 8])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limit", type=float, default=300, help="most seconds of a row")
    parser.add_argument("--out", type=Path, default=RESULTS / "scaling.json")
    asked = parser.parse_args()
    results = []
    for n_qubits in asked.qubits:
        for name in GENERATORS:
            results.append(play(name, n_qubits, asked))
            print(row(results[-1]), flush=True)
            written = {"limit": asked.limit, "versions": versions(), "results": results}
            asked.out.write_text(json.dumps(written, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
