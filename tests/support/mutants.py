"""Mutants: small faults that are put into the code one at a time, and the share the tests miss.

    python tests/support/mutants.py --n 200 --seed 0

The mutants come from `mutations.py`. Each is put into a copy of the tree, never into the tree
itself, and the tests of its module (`TESTS`) run against it until one fails. It survives if none
does.

Results are kept in a file as they come, so that a run that was interrupted goes on. A result holds
as long as its module is the same; ``--only INDEX ...`` runs some again, after a new test. The tests
that have killed a mutant must pass without one, which is checked last.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mutations import ROOT, Mutant, draw

TESTS = {
    "qgan/engines/trace.py": "engines/test_trace engines/test_kept_traces engines/test_channels",
    "qgan/metrics/distributions/f_divergences.py": "metrics/test_f_divergences",
    "qgan/metrics/distributions/wright_omega.py": "metrics/test_f_divergences",
    "qgan/metrics/distributions/_probabilities.py": "metrics/test_f_divergences",
    "qgan/metrics/distributions": "metrics/test_divergences metrics/test_gibbs_su",
    "qgan/metrics/ensembles/energy.py": "objectives/test_distances",
    "qgan/metrics/ensembles/latents.py": "metrics/test_latents",
    "qgan/metrics/ensembles": "metrics/test_ensembles metrics/test_modes",
    "qgan/metrics/samples/digit_features.py": "metrics/test_digits",
    "qgan/metrics/samples": "metrics/test_samples metrics/test_modes",
    "qgan/metrics/states/distances.py": "metrics/test_distances metrics/test_state_gradients",
    "qgan/metrics/states/quantum_wasserstein.py": "metrics/test_quantum_wasserstein",
    "qgan/metrics/states/rank.py": "metrics/test_rank",
    "qgan/metrics/states/semimetric.py": "objectives/test_semimetric",
    "qgan/metrics/states": "metrics/test_entropies metrics/test_state_gradients",
    "qgan/objectives/quantum.py": "objectives/test_values objectives/test_objectives",
    "qgan/objectives": "objectives/test_objectives objectives/test_optima",
    "qgan/records.py": "qgan/test_records data/test_records training/test_training_records",
    "qgan/runs/_differences.py": "runs/test_changed_settings",
    "qgan/runs/_stopping.py": "runs/test_session runs/test_faults runs/test_without_unix",
    "qgan/runs/_system_lock.py": "runs/test_lock runs/test_without_unix",
    "qgan/runs/checkpoint.py": "runs/test_checkpoint runs/test_schemas",
    "qgan/runs/comparison.py": "runs/test_comparison runs/test_schemas",
    "qgan/runs/data.py": "runs/test_data_of_a_run",
    "qgan/runs/folder.py": "runs/test_folder runs/test_faults runs/test_schemas",
    "qgan/runs/history.py": "runs/test_history runs/test_faults",
    "qgan/runs/lock.py": "runs/test_lock runs/test_faults runs/test_without_unix",
    "qgan/runs/loggers.py": "runs/test_loggers runs/test_session",
    "qgan/runs/opening.py": "runs/test_data_of_a_run",
    "qgan/runs/provenance.py": "runs/test_provenance",
    "qgan/runs/reporting.py": "runs/test_session",
    "qgan/runs/schemas.py": "runs/test_schemas runs/test_checkpoint runs/test_comparison",
    "qgan/runs/session.py": "runs/test_session runs/test_faults training/test_guard",
    "qgan/runs": "runs/test_folder",
    "qgan/states.py": "qgan/test_states qgan/test_states_edges qgan/test_integers",
    "qgan/training/_optimisers.py": "training/test_trainer runs/test_schemas",
    "qgan/training/cost.py": "training/test_cost",
    "qgan/training/guard.py": "training/test_guard",
    "qgan/training": "training/test_trainer training/test_guard runs/test_session",
}
"""The tests of a module, or of the other modules of its folder, the nearest first.

Some that take long, or that are about something else, might also see a mutant: they are left out.
"""

EQUIVALENT = {
    "qgan/metrics/ensembles/moments.py": {
        "room = max(1, len(b) * left.shape[2] ^ right.shape[2])": "only the size of pieces changes",
        "room = max(1, len(b) - left.shape[2] * right.shape[2])": "only the size of pieces changes",
    },
    "qgan/metrics/states/distances.py": {
        "for part, place in zip(chunks, squared.split(rows), strict=False):": (
            "both are cut into pieces of the same size"
        ),
        "torch.addcmul(real.square_(), imag, imag, out=place).clamp_( -1, 1)": (
            "a sum of squares is never below 0"
        ),
    },
    "qgan/metrics/states/entanglement.py": {
        "order = list(range(2 * n ^ 1))": "the last bit of 2 n is 0, so that the sum is the same",
    },
    "qgan/metrics/states/entropies.py": {
        "narrow = factor.shape[2] <= factor.shape[ 0]": (
            "both Gram matrices have the same eigenvalues, and only the time differs"
        ),
    },
    "qgan/runs/session.py": {
        'if self.history.rows != state["rows"]:': "the history has been cut to this number of rows",
    },
    "qgan/training/learner.py": {
        "for group, settings in zip(player.param_groups, own, strict=False):": (
            "torch has refused another number of groups in the line above"
        ),
    },
}
"""Why a mutant changes nothing that tests need, by its module and its line; it is not run."""

LIMIT = 240
"""Seconds of computing after which a mutant counts as killed; so it does if it waits four times as
long."""
PRELOADED = ("numba", "ot", "pennylane", "scipy.stats", "torch", "pydantic", "yaml", "matplotlib")
"""What takes long to import and is not ours: each run of the tests is a fork that has it."""


def no_difference(mutant: Mutant) -> str:
    """Why a mutant changes nothing that tests need; empty if it may."""
    return EQUIVALENT.get(mutant.module, {}).get(mutant.text, "")


def tests_of(module: str) -> list[str]:
    """The doctests of a module and the files of its tests, the nearest first."""
    names = TESTS.get(module) or TESTS[str(Path(module).parent)]
    return [module, *(f"tests/{name}.py" for name in names.split())]


def copy_tree(place: Path) -> None:
    """Copy what git tracks, or is about to, as it stands in the working tree."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, place / name)


class FirstFailure:
    """A plug-in of pytest that writes the name of the first test that fails into a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Take the outcome of a test, or of what prepares it."""
        if report.failed and not self.file.exists():
            self.file.write_text(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


def run_tests(tree: Path, tests: Sequence[str], limit: int = LIMIT) -> str:
    """The first test that fails, or why there is none to name; empty if all pass.

    The tests run in a fork of this process, in a group of their own that ends with them.
    """
    failure = tree.parent / f"{tree.name}.failure"
    failure.unlink(missing_ok=True)
    arguments = (tree, tests, failure, limit)
    child = multiprocessing.get_context("fork").Process(target=_pytest, args=arguments)
    child.start()
    try:
        child.join(4 * limit)
        status = child.exitcode
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(int(child.pid or 0), signal.SIGKILL)
    child.join()
    if status == 0:
        return ""
    if status in (None, -signal.SIGXCPU):
        return "time limit"
    return failure.read_text() if failure.exists() else f"status {status} of pytest"


def _pytest(tree: Path, tests: Sequence[str], failure: Path, limit: int) -> None:
    """The tests of a tree in this process, which has not imported anything of ours."""
    import pytest

    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, most))
    os.setsid()
    os.chdir(tree)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    sys.path[0] = os.environ["PYTHONPATH"] = str(tree)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False  # what has not changed is compiled once
    options = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=no"]
    os._exit(int(pytest.main([*options, *tests], plugins=[FirstFailure(failure)])))


def work(mutants: Sequence[Mutant], tree: Path, results: Path) -> None:
    """Run the tests of each mutant in a tree, and add a line to the file for each."""
    for number, mutant in enumerate(mutants, start=1):
        path, start = tree / mutant.module, time.monotonic()
        before = path.read_text()
        path.write_text(mutant.code)
        os.utime(path, (number, number))  # bytecode of another mutant would pass for that of this
        killer = run_tests(tree, tests_of(mutant.module))
        path.write_text(before)
        line = {"key": mutant.key, "killer": killer, "seconds": time.monotonic() - start}
        with results.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{mutant.module}:{mutant.line}: {killer or 'survives'}", flush=True)


def killers(results: Path) -> dict[str, str]:
    """What killed each mutant that has been run, by its key; the last result counts."""
    lines = results.read_text().splitlines() if results.exists() else []
    return {line["key"]: line["killer"] for line in map(json.loads, lines)}


def table(mutants: Sequence[Mutant], killed_by: dict[str, str]) -> str:
    """A line per mutant that has been run, and the share that survives."""
    rows, counts = [], {"killed": 0, "survived": 0, "equivalent": 0}
    for index, mutant in enumerate(mutants):
        killer, reason = killed_by.get(mutant.key), no_difference(mutant)
        if killer is None and not reason:
            continue
        outcome = "equivalent" if reason else "killed" if killer else "survived"
        counts[outcome] += 1
        what = f"{mutant.text}  # {reason}" if reason else killer or mutant.text
        place = f"{mutant.module}:{mutant.line}"
        rows.append(f"{index:4} {place:45} {mutant.operator:45} {outcome:10} {what}")
    judged = counts["killed"] + counts["survived"]
    share = counts["survived"] / max(judged, 1)
    figures = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    return "\n".join([*rows, "", f"{figures}; {share:.1%} of {judged} survive"])


def main() -> None:
    """Draw, run what has no result yet, and print the table."""
    parser = argparse.ArgumentParser(description="The share of mutants that the tests miss.")
    parser.add_argument("--n", type=int, default=200, help="number of mutants")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draw")
    parser.add_argument("--workers", type=int, default=1, help="number of processes")
    parser.add_argument("--only", type=int, nargs="+", help="indices to run, or to run again")
    parser.add_argument("--results", type=Path, help="file of the results")
    options = parser.parse_args()
    home = Path(tempfile.gettempdir())
    results: Path = options.results or home / f"qgan-mutants-{options.seed}.jsonl"
    mutants, known = draw(options.n, options.seed), killers(results)
    todo = [m for m in mutants if m.key not in known and not no_difference(m)]
    if options.only:
        todo = [mutants[index] for index in options.only]
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in PRELOADED:
        __import__(name)
    with tempfile.TemporaryDirectory() as place:
        trees = [Path(place) / str(number) for number in range(options.workers)]
        jobs = []
        for number, tree in enumerate(trees):
            copy_tree(tree)
            share = todo[number :: options.workers]
            jobs.append(multiprocessing.Process(target=work, args=(share, tree, results)))
            jobs[-1].start()
        for job in jobs:
            job.join()
        known = killers(results)
        tests = sorted({test for m in todo if ".py" in (test := known.get(m.key, ""))})
        failure = run_tests(trees[0], tests, 10 * LIMIT) if tests else ""
    print(f"\n{table(mutants, known)}")
    if failure:
        sys.exit(f"{failure} fails without a mutant, too: what it killed has not been tested.")


if __name__ == "__main__":
    main()
