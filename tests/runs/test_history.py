"""The history: a CSV that anything reads, exact to the last bit, cut where a run resumes."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from qgan.errors import QganError
from qgan.runs.history import COLUMNS, History, read_history


def rows(*steps: int) -> list[dict[str, float]]:
    return [
        {"step": float(s), "seconds": s / 3, "generator_loss": -math.pi / (s + 1)} for s in steps
    ]


def test_rows_come_back_exactly_and_gaps_stay_empty(tmp_path: Path) -> None:
    history = History(tmp_path / "h.csv")
    for row in rows(1, 2):
        history.append(row)
    history.append({"step": 3.0, "wasserstein": 0.1, "unknown": 5.0})
    columns = read_history(tmp_path / "h.csv")
    assert tuple(columns) == COLUMNS
    assert columns["step"] == [1, 2, 3]
    assert columns["generator_loss"][:2] == [-math.pi / 2, -math.pi / 3]
    assert math.isnan(columns["generator_loss"][2]) and math.isnan(columns["wasserstein"][0])
    assert columns["wasserstein"][2] == 0.1
    with (tmp_path / "h.csv").open(newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == list(COLUMNS)
    expected = {"step": "3.0", "wasserstein": "0.1"}
    assert lines[3] == [expected.get(name, "") for name in COLUMNS]


def test_an_empty_history_has_its_header(tmp_path: Path) -> None:
    History(tmp_path / "h.csv")
    assert read_history(tmp_path / "h.csv") == {name: [] for name in COLUMNS}


def test_later_rows_are_dropped_on_resuming(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    history = History(path)
    for row in rows(1, 2, 3, 4):
        history.append(row)
    before = read_history(path)
    assert History(path, until=4).path.read_text()
    assert all(str(read_history(path)[name]) == str(before[name]) for name in COLUMNS)
    History(path, until=2).append(rows(5)[0])
    columns = read_history(path)
    assert columns["step"] == [1, 2, 5]
    assert columns["seconds"] == [1 / 3, 2 / 3, 5 / 3]
    History(path, until=-1)
    assert read_history(path)["step"] == []


def test_rows_that_the_checkpoint_does_not_know_are_dropped_on_resuming(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    history = History(path)
    for row in rows(1, 2, 3, 3):
        history.append(row)
    assert History(path, until=3, most_rows=3).rows == 3
    assert read_history(path)["step"] == [1, 2, 3]
    assert History(path, until=3, most_rows=0).rows == 0
    assert read_history(path)["step"] == []


@pytest.mark.parametrize(
    "torn", ["3", "3.0,0.5", "3.0,1.0,-0.1,,,,,,,", "\0" * 40 + "\n", "3.0,?,1\n"]
)
def test_a_torn_last_row_is_left_out(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "h.csv"
    history = History(path)
    for row in rows(1, 2):
        history.append(row)
    whole = path.read_bytes()
    with path.open("a", newline="") as file:
        file.write(torn)
    assert read_history(path)["step"] == [1, 2]
    assert History(path).rows == 2
    assert path.read_bytes() == whole


def test_a_history_that_cannot_be_written_says_so_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = History(tmp_path / "h.csv")

    def full(*place: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qgan.files.os.open", full)
    with pytest.raises(QganError, match=r"^File .*h\.csv cannot be written: No space left"):
        history.append(rows(1)[0])
    assert history.rows == 0
