"""`qgan evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qgan.cli.parsing import Run, parse


def command_evaluate(argv: Sequence[str]) -> int:
    """`qgan evaluate DIR`: judge a run's checkpoints on held-out states."""
    from qgan import presets
    from qgan.explore.console import show_report, waiting
    from qgan.training import RunFolder, report

    def evaluate(run: Run) -> Path:
        return run

    text = "Judge a run on held-out states."
    folder = RunFolder.open(parse(evaluate, argv, "qgan evaluate", text))
    with waiting("judging on held-out states"):
        data = presets.load_data(folder.experiment())
        model, judged = report(folder, data)
    show_report(folder, data, model, judged)
    return 0
