"""The report of a run: its checkpoints judged on held-out states."""

from __future__ import annotations

from typing import Any

from qgan.evaluation import Report
from qgan.evaluation.judge import Judge
from qgan.model import Model
from qgan.runs import history as history_file
from qgan.runs.folder import RunFolder, load
from qgan.runs.provenance import commit, versions
from qgan.training.cost import reached

CRITERION = "mean over labels of (W - W0) / (W1 - W0), 1 - skill, on validation states"


def report(run: RunFolder, data: Any, seconds: float | None = None) -> tuple[Model, Report]:
    """Judge a run's checkpoints on held-out states and write ``report.json``.

    Args:
        run: the run.
        data: its data set.
        seconds: training time, if known.

    Returns:
        The best checkpoint's model and its report.
    """
    judge = Judge(data, "held_out")
    best, last = load(run.path, "best"), load(run.path, "last")
    judged = judge.report(best.generator)
    run.save_report(
        {
            "criterion": CRITERION,
            "checkpoint": "best",
            "step": best.step,
            "held_out": judged.to_dict(),
            "last": {"step": last.step, "held_out": judge.report(last.generator).to_dict()},
            "label_values": list(data.label_values),
            "label_names": list(data.label_names),
            "factor_names": list(data.factor_names),
            "reached": reached(history_file.read(run.history_file)),
            "training_seconds": seconds,
            "versions": versions(),
            "commit": commit(),
        }
    )
    return best, judged
