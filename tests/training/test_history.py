"""The history: a CSV that anything reads, exact to the last bit, cut where a run resumes."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from qgan.training.history import COLUMNS, History, read


def rows(*steps: int) -> list[dict[str, float]]:
    return [
        {"step": float(s), "seconds": s / 3, "generator_loss": -math.pi / (s + 1)} for s in steps
    ]


def test_rows_come_back_exactly_and_gaps_stay_empty(tmp_path: Path) -> None:
    history = History(tmp_path / "h.csv")
    for row in rows(1, 2):
        history.append(row)
    history.append({"step": 3.0, "wasserstein": 0.1, "unknown": 5.0})
    found = read(tmp_path / "h.csv")
    assert tuple(found) == COLUMNS
    assert found["step"] == [1, 2, 3]
    assert found["generator_loss"][:2] == [-math.pi / 2, -math.pi / 3]
    assert math.isnan(found["generator_loss"][2]) and math.isnan(found["wasserstein"][0])
    assert found["wasserstein"][2] == 0.1
    with (tmp_path / "h.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == list(COLUMNS)
    assert lines[3] == ["3.0", "", "", "", "", "0.1", ""]


def test_an_empty_history_has_its_header(tmp_path: Path) -> None:
    History(tmp_path / "h.csv")
    assert read(tmp_path / "h.csv") == {name: [] for name in COLUMNS}


def test_later_rows_are_dropped_on_resuming(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    history = History(path)
    for row in rows(1, 2, 3, 4):
        history.append(row)
    before = read(path)
    assert History(path, until=4).path.read_text()
    assert all(str(read(path)[name]) == str(before[name]) for name in COLUMNS)
    History(path, until=2).append(rows(5)[0])
    found = read(path)
    assert found["step"] == [1, 2, 5]
    assert found["seconds"] == [1 / 3, 2 / 3, 5 / 3]
    History(path, until=-1)
    assert read(path)["step"] == []
