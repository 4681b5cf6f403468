"""Time the whole evaluation, 1000 generated states against 1000 held-out ones, and its memory.

    python examples/benchmarks/evaluation.py
    python examples/benchmarks/evaluation.py --qubits 4 8 --states 1000 --labels 2

Each line is a process of its own: random real-valued families with one hidden factor, as many
training states, all measures, intervals and floors. Seconds of wall clock and of the process.
"""

import argparse
import json
import resource
import subprocess
import sys
import time

import numpy as np
import torch

from qgan import evaluation
from qgan.batch import Batch
from qgan.data import Dataset
from qgan.states import States

PROMISED = {4: 3.0, 8: 20.0}
"""Seconds for 1000 against 1000 pure states, by qubits."""
MOST_MEMORY = 2.0
"""GiB."""


def family(n: int, n_qubits: int, rank: int, seed: int) -> tuple[States, torch.Tensor]:
    """States that turn with a hidden factor, and the factor."""
    rng = np.random.default_rng(0)
    generator = rng.normal(size=(2**n_qubits, 2**n_qubits)) / 2 ** (n_qubits / 2)
    values, vectors = np.linalg.eigh(1j * (generator - generator.T))
    factor = np.random.default_rng(seed).uniform(0, 2, (n, 1))
    phases = np.exp(1j * factor * values)
    columns = np.einsum("ij,nj,jk->nik", vectors, phases, vectors.conj().T[:, :rank])
    return States(torch.as_tensor(columns / rank**0.5)), torch.as_tensor(factor)


def time_evaluation(n_qubits: int, n_states: int, n_labels: int, rank: int) -> dict:
    """Seconds and memory of one evaluation in this process."""
    label = torch.arange(n_states) % n_labels
    train, held_out, generated = (
        Batch(states, label, factor)
        for states, factor in (family(n_states, n_qubits, rank, seed) for seed in (1, 2, 3))
    )
    labels, names = tuple(range(n_labels)), tuple(map(str, range(n_labels)))
    real = Dataset(train, held_out[:0], held_out, labels, names, ("factor",), "family")
    latent = generated.factors
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    references = evaluation.label_references(real, n_generated=n_states // n_labels)
    middle = time.perf_counter()
    report = evaluation.evaluate(generated, latent, real, references=references)
    end = time.perf_counter()
    return {
        "reference": middle - start,
        "evaluation": end - middle,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "before": before / 2**20,
        "skill": report.labels[0].skill,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 8])
    parser.add_argument("--states", type=int, default=1000)
    parser.add_argument("--labels", type=int, default=1)
    parser.add_argument("--ranks", type=int, nargs="+", default=[1])
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(time_evaluation(args.one[0], args.states, args.labels, args.one[1])))
        return 0
    print(f"{args.states} generated against {args.states} held-out states, {args.labels} label(s)")
    print("qubits  rank  reference s  evaluation s  all s  CPU s  peak GiB  skill  promised")
    all_kept = True
    for n_qubits in args.qubits:
        for rank in args.ranks:
            command = [sys.executable, __file__, "--one", str(n_qubits), str(rank)]
            command += ["--states", str(args.states), "--labels", str(args.labels)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            row = json.loads(done.stdout.splitlines()[-1])
            total = row["reference"] + row["evaluation"]
            limit = PROMISED.get(n_qubits) if rank == 1 and args.states <= 1000 else None
            words = "" if limit is None else f"< {limit:.0f} s, < {MOST_MEMORY:.0f} GiB"
            all_kept &= limit is None or (total < limit and row["peak"] < MOST_MEMORY)
            print(
                f"{n_qubits:6}  {rank:4}  {row['reference']:11.2f}  {row['evaluation']:12.2f}  "
                f"{total:5.2f}  {row['cpu']:5.2f}  {row['peak']:8.2f}  {row['skill']:5.3f}  {words}"
            )
    print("promises kept" if all_kept else "PROMISES BROKEN")
    return 0 if all_kept else 1


if __name__ == "__main__":
    sys.exit(main())
