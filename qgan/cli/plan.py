"""The command `qgan plan`."""

from __future__ import annotations

from collections.abc import Sequence

from qgan.cli.parsing import parse_train

__all__ = ["command_plan"]


def command_plan(argv: Sequence[str]) -> int:
    """`qgan plan`: time each engine on an experiment's circuit and batch."""
    from qgan import build
    from qgan.cli.engine_table import engine_table
    from qgan.cli.tables import TextConsole

    experiment, _, _ = parse_train(argv, "qgan plan")
    data = build.load_data(experiment)
    timings = build.time_candidates(experiment, data)
    TextConsole().print(engine_table(timings))
    return 0
