"""`qgan list`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def command_list(argv: Sequence[str]) -> int:
    """`qgan list`: presets, data, objectives and cures, one line each."""
    from qgan import presets
    from qgan.data import DESCRIPTIONS

    def first(thing: Any) -> str:
        return (thing.__doc__ or "").partition("\n")[0]

    print("Presets (--preset)")
    for name, text in presets.DESCRIPTIONS.items():
        print(f"  {name:18} {text}")
    print("Data (--data.source)")
    for name, text in DESCRIPTIONS.items():
        print(f"  {name:18} {text}")
    for title, table in (("Objectives", presets.OBJECTIVES), ("Cures", presets.CURES)):
        print(f"{title} (--{title.lower().removesuffix('s')})")
        for name, thing in table.items():
            print(f"  {name:18} {first(thing)}")
    return 0
