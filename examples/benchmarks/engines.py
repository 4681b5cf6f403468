"""The engines beside their peers: one run, one table of ratios.

    python examples/benchmarks/engines.py
    python examples/benchmarks/engines.py --tables peers --sizes 4,4,64 8,6,64
    python examples/benchmarks/engines.py --tables growth step seam --out figures.json
    python examples/benchmarks/engines.py --tables kinds --kinds bricks --sizes 8,4,64

`peers`: every simulator that is installed (pip install -e ".[peers]") on the workload W of
`workload.py`, each in a process of its own, checked to give the same loss and gradients first.
`kinds`: the batched engine on the circuits of `kinds.py`, and how many times as long default.qubit,
lightning.qubit, DeepQuantum and MindQuantum take. `growth`, `step`, `seam`: engines against
themselves. All times are process time of one core, medians (the least for `kinds`), taken in turns;
figures of one table are comparable, those of two runs are not.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

RESULTS = Path(__file__).parent / "results" / "engines.json"
ALWAYS = ("torch", "pennylane", "pennylane-lightning", "numpy")
DEVICES = ("default.qubit", "lightning.qubit")
Rows = list[dict[str, Any]]


def peers(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """W, its modes and sizes, for all peers; a line is printed as it is measured."""
    from contest import Runner, contest
    from peers import PEERS
    from workload import MODES

    wanted = [tuple(int(v) for v in s.split(",")) for s in asked.sizes or ()]
    runners = {}
    for name, peer in PEERS.items():
        if peer.installed and (asked.slow_compile or not peer.slow_compile):
            runners[name] = Runner(name)
        else:
            how = peer.command if not peer.installed else "--slow-compile"
            print(f"left out: {name} ({how})", flush=True)
    jobs = [(*size, mode) for mode in asked.modes or MODES for size in wanted or MODES[mode]]
    for n, n_layers, batch, mode in sorted(jobs, key=lambda job: job[0]):
        fits = [runner for p, runner in runners.items() if asked.all_peers or PEERS[p].fits(n)]
        found = contest((n, n_layers, batch, mode), fits, asked.patience)
        first = next(iter(found.values())).ms
        rows = []
        for peer, result in found.items():
            row = {"size": (n, n_layers, batch), "mode": mode, "peer": peer}
            speed = first / result.ms if first and result.ms else None
            rows.append({**row, "speed": speed, **result._asdict()})
        show_peers(rows)
        yield from rows
    for runner in runners.values():
        runner.close()


def show_peers(rows: Rows) -> None:
    """One workload: a line a peer."""
    print(f"\n| W{rows[0]['size']} {rows[0]['mode']} | speed | ms | first call, s | MiB | calls |")
    print("| --- | --: | --: | --: | --: | --: |")
    for r in rows:
        if r["ms"] is None:
            print(f"| {r['peer']} | {r['why_not']} | | | | |")
        else:
            calls, speed = r["calls"] or "", "" if r["speed"] is None else f"{r['speed']:.2f}"
            print(
                f"| {r['peer']} | {speed} | {r['ms']:.2f} | {r['first_s']:.2f} "
                f"| {r['mib']:.0f} | {calls} |"
            )
    sys.stdout.flush()


def growth(asked: argparse.Namespace) -> Rows:
    """How a step of `batched` grows."""
    from against_itself import growth as measured

    rows = measured()
    for row in rows:
        if row["axis"] == "first call":
            print(f"trace and plan of {row['sizes'][0]}: {row['s']:.3f} s")
            continue
        times = ", ".join(f"{ms:.2f}" for ms in row["ms"])
        if row["axis"] == "qubits":
            told = "over 2^n " + ", ".join(f"{r:.2f}" for r in row["over 2^n"])
        else:
            told = f"off a line {row['off a line']:.0%}; over linear {row['over linear']:.2f}"
        print(f"{row['axis']} {row['sizes']}: {times} ms; {told}")
    return rows


def step(asked: argparse.Namespace) -> Rows:
    """A training step of the default run."""
    from against_itself import training_step

    rows = training_step()
    for row in rows:
        print(f"training step, {row['engine']}: {row['ms']:.1f} ms ({row['speed']:.2f}x)")
    return rows


def seam(asked: argparse.Namespace) -> Rows:
    """lightning.qubit through our engine beside a direct call."""
    from against_itself import seam as measured

    rows = measured()
    for row in rows:
        told = f"direct {row['direct']:.1f} ms, ours {row['ours']:.1f} ms, {row['cost']:.2f}"
        print(f"lightning.qubit {row['size']}: {told}")
    return rows


def kinds(asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Circuits of other kinds than W, beside PennyLane's devices."""
    from kinds import KINDS, SIZES, WITH_GATES, table
    from peers import PEERS

    names = [*DEVICES, *(name for name in WITH_GATES if PEERS[name].installed)]
    for name in WITH_GATES:
        if name not in names:
            print(f"left out: {name} ({PEERS[name].command})")
    sizes = [tuple(int(v) for v in s.split(",")) for s in asked.sizes or ()] or SIZES
    print(f"| circuit | (n, L, B) | gates | ms | {' | '.join(names)} |")
    print(f"| --- | --- | --: | --: | {' | '.join('--:' for _ in names)} |")
    for row in table(asked.kinds or list(KINDS), sizes):
        ms = row["ms"]
        ratios = [ms[name] / ms["batched"] if name in ms else None for name in names]
        told = " | ".join("too large" if r is None else f"{r:.1f}" for r in ratios)
        line = f"| {row['kind']} | {row['size']} | {row['gates']} | {ms['batched']:.2f} | {told} |"
        print(line, flush=True)
        yield row


TABLES: dict[str, Callable[[argparse.Namespace], Iterable[dict[str, Any]]]] = {
    "step": step,
    "seam": seam,
    "growth": growth,
    "kinds": kinds,
    "peers": peers,
}


def machine() -> dict[str, Any]:
    """Where and with what a table was measured."""
    from peers import PEERS

    found = {"machine": cpu(), "python": platform.python_version(), "date": time.strftime("%F")}
    for name in dict.fromkeys((*ALWAYS, *(p.package for p in PEERS.values()))):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cpu() -> str:
    """The processor by name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]}, {len(names)} cores" if names else platform.machine()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", nargs="+", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--sizes", nargs="+", help="n,L,B of the tables peers and kinds; all")
    parser.add_argument("--kinds", nargs="+", help="circuits of the table of kinds; all")
    parser.add_argument("--modes", nargs="+", choices=["a", "b", "a per sample"])
    parser.add_argument("--all-peers", action="store_true", help="slow ones at large sizes too")
    parser.add_argument(
        "--slow-compile", action="store_true", help="peers that compile for minutes"
    )
    parser.add_argument("--patience", type=float, default=300, help="seconds for a first call")
    parser.add_argument("--out", type=Path, help="JSON; a whole table goes to results/ by itself")
    asked = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    partial = asked.sizes or asked.modes or asked.kinds
    out = asked.out or (None if partial else RESULTS)
    written = json.loads(out.read_text()) if out is not None and out.exists() else {}
    for name in asked.tables:
        print(f"\n== {name}", flush=True)
        written[name] = {**machine(), "rows": []}
        for row in TABLES[name](asked):
            written[name]["rows"].append(row)
            if out is not None:  # as far as it has come: the large sizes take long
                out.write_text(json.dumps(written, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
