"""The command `qgan list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qgan.cli.parsing import flag_of, parse_command

__all__ = ["command_list"]

if TYPE_CHECKING:
    from qgan.build.registry import Entry


def command_list(argv: Sequence[str]) -> int:
    """`qgan list`: every choice that a configuration can name, one line each."""
    from qgan import build
    from qgan.build.plugins import load_entry_points

    def read(compatibility: bool = False, markdown: bool = False) -> tuple[bool, bool]:
        return compatibility, markdown

    text = "What there is; --compatibility: what goes together; --markdown: both as one page."
    only_table, as_page = parse_command(read, argv, "qgan list", text)
    load_entry_points()
    if only_table or as_page:
        print(build.compatibility() if only_table else build.reference(), end="\n" * only_table)
        return 0
    for family in build.FAMILIES.values():
        _section(f"{family.title} ({flag_of(family.setting)})", family.entries())
    return 0


def _section(title: str, entries: Sequence[Entry]) -> None:
    from qgan.build.registry import OURS

    width = max(18, *(len(entry.name) for entry in entries))
    print(title)
    for entry in entries:
        number = f" (or NAME:{entry.number})" if entry.number else ""
        paper = f" [{entry.paper}]" if entry.paper else ""
        origin = "" if entry.origin == OURS else f" (plug-in {entry.origin})"
        print(f"  {entry.name:{width}} {entry.line}{number}{paper}{origin}")
