"""The page that explains the batched engine's words names the files that there are."""

from __future__ import annotations

import re
from pathlib import Path

from qgan.engines import batched

HOME = Path(batched.__file__).parent
PAGE = (HOME / "README.md").read_text()
TWINS = set(re.findall(r"^\| `(\w+\.py)` \|", PAGE, re.MULTILINE))


def files_of(folder: str) -> set[str]:
    return {path.name for path in (HOME / folder).glob("*.py")} - {"__init__.py"}


def test_files_of_one_name_are_in_both_back_ends() -> None:
    assert files_of("numba_loops") & files_of("torch_ops") == TWINS


def test_every_file_is_explained() -> None:
    for folder in ("numba_loops", "torch_ops", "."):
        assert {name for name in files_of(folder) if name not in PAGE} == set()


def test_no_file_is_explained_that_is_not_there() -> None:
    known = {path.name for path in HOME.parent.rglob("*.py")}
    assert set(re.findall(r"\w+\.py", PAGE)) <= known
