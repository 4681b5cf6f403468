"""The command `qgan plan`."""

from __future__ import annotations

from collections.abc import Sequence

from qgan.cli.parsing import parse_train

__all__ = ["command_plan"]


def command_plan(argv: Sequence[str]) -> int:
    """`qgan plan`: time each engine on an experiment's circuit, and a step of the whole game."""
    from qgan import build
    from qgan.build.generators import with_most_latents
    from qgan.cli.console import tell_notes, waiting
    from qgan.cli.engine_table import engine_table
    from qgan.cli.pace import game_lines
    from qgan.cli.tables import TextConsole

    experiment, _, _ = parse_train(argv, "qgan plan")
    with waiting("making the data"):
        data = build.load_data(experiment)
    tell_notes(data)
    with waiting("timing the engines"):
        timings = build.time_candidates(experiment, data)
    console = TextConsole()
    console.print(engine_table(timings))
    with waiting("timing a step of the whole game"):
        settled = build.settle(with_most_latents(experiment), data)
        projection = build.project(settled, data)
    for line in game_lines(projection, settled, data):
        console.print(line, soft_wrap=True, highlight=False)
    return 0
