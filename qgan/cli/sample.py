"""The command `qgan sample`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgan.cli.parsing import Run, parse_command
from qgan.text import visible

__all__ = ["command_sample"]


def command_sample(argv: Sequence[str]) -> int:
    """`qgan sample DIR --out FILE`: generated states as a file that `--data` reads."""
    from qgan.data import write_file
    from qgan.runs import load

    def sample(
        run: Run,
        out: Path,
        n: int | None = None,
        seed: int = 0,
        label: str | None = None,
        latent: tuple[float, ...] | None = None,
        checkpoint: str = "best",
    ) -> dict[str, Any]:
        return dict(locals())

    text = "Write generated states: n of each label, unless one is named."
    arguments = parse_command(sample, argv, "qgan sample", text)
    model = load(arguments["run"], arguments["checkpoint"])
    batch = model.draw(arguments["label"], arguments["n"], arguments["seed"], arguments["latent"])
    values = [model.label_values[k] for k in batch.label.tolist()]
    write_file(arguments["out"], batch.states, values, batch.latent)
    origin = f"checkpoint {model.checkpoint}, step {model.step}"
    print(f"{visible(str(arguments['out']))}: {len(batch)} states from {origin}")
    return 0
