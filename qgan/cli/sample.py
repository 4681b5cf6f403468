"""`qgan sample`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgan.cli.parsing import Run, parse


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
    asked = parse(sample, argv, "qgan sample", text)
    model = load(asked["run"], asked["checkpoint"])
    drawn = model.draw(asked["label"], asked["n"], asked["seed"], asked["latent"])
    values = [model.label_values[k] for k in drawn.label.tolist()]
    write_file(asked["out"], drawn.states, values, drawn.latent)
    print(
        f"{asked['out']}: {len(drawn)} states from checkpoint {model.checkpoint}, step {model.step}"
    )
    return 0
