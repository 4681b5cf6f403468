"""`qgan list`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from qgan.cli.parsing import parse


def command_list(argv: Sequence[str]) -> int:
    """`qgan list`: presets, data, discriminators, objectives and cures, one line each."""
    from qgan import build
    from qgan.data import DESCRIPTIONS

    def read(compatibility: bool = False) -> bool:
        return compatibility

    if parse(read, argv, "qgan list", "What there is, or (--compatibility) what goes together."):
        print(build.compatibility())
        return 0
    _section("Presets (--preset)", build.DESCRIPTIONS.items())
    _section("Data (--data.source)", DESCRIPTIONS.items())
    for title, table in (
        ("Discriminators: views (--discriminator)", build.VIEWS),
        ("Discriminators: heads (--discriminator.head)", build.HEADS),
    ):
        _section(title, ((name, f"{line} [{paper}]") for name, (line, paper) in table.items()))
    objectives = (
        (name, f"{c.line}{f' (or NAME:{c.number})' if c.number else ''} [{c.paper}]")
        for name, c in build.OBJECTIVES.items()
    )
    _section("Objectives (--objective)", objectives)
    cures = ((name, f"{line} [{paper}]") for name, (line, paper) in build.CURE_LINES.items())
    _section("Cures (--cure)", cures)
    return 0


def _section(title: str, rows: Iterable[tuple[str, str]]) -> None:
    rows = list(rows)
    width = max(18, *(len(name) for name, _ in rows))
    print(title)
    for name, line in rows:
        print(f"  {name:{width}} {line}")
