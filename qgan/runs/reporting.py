"""The report of a run, in which its checkpoints are judged on held-out states."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from qgan.evaluation import Report
from qgan.evaluation.judge import Judge
from qgan.model import Model
from qgan.runs.folder import RunFolder, load
from qgan.runs.history import read_history
from qgan.runs.provenance import commit, versions
from qgan.training.cost import reached

__all__ = ["report"]

CRITERION = "mean over labels of (W - W0) / (W1 - W0), 1 - skill, on validation states"


def report(run: RunFolder, data: Any, seconds: float | None = None) -> tuple[Model, Report]:
    """Judge the checkpoints of a run on held-out states and write ``report.json``.

    Args:
        run: the run.
        data: the data set of the run.
        seconds: the training time, if it is known.

    Returns:
        The model of the best checkpoint and its report.
    """
    judge = Judge(data, "held_out")
    best, last = load(run.path, "best"), load(run.path, "last")
    held_out = judge.report(best.sampler)
    of_last = held_out if last.step == best.step else judge.report(last.sampler)
    run.save_report(
        {
            "criterion": CRITERION,
            "checkpoint": "best",
            "step": best.step,
            "held_out": held_out.to_dict(),
            "last": {"step": last.step, "held_out": of_last.to_dict()},
            "label_values": list(data.label_values),
            "label_names": list(data.label_names),
            "factor_names": list(data.factor_names),
            "parameters": asdict(best.sampler.parameter_counts()),
            "reached": reached(read_history(run.history_file)),
            "training_seconds": seconds,
            "versions": versions(),
            "commit": commit(),
        }
    )
    return best, held_out
