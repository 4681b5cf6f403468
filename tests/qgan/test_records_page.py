"""The page about records keeps its word: its Python runs, one block after the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "records.md"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_blocks_run_and_say_what_stands_beside_them() -> None:
    names: dict[str, Any] = {}
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 3
    for block in blocks:
        exec(block, names)
    assert names["records"].counts.tolist() == [3, 1]
    compared = names["compare_records"](names["part"].of(1).states, names["held_out"])
    assert compared.chi_squared > 100
