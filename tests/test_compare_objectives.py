"""The example that compares objectives runs at a small size and leaves its table and picture."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from qgan import build
from qgan.evaluation import judge

EXAMPLE = Path(__file__).parents[1] / "examples" / "compare_objectives.py"
SOME = ["wasserstein", "wasserstein:clip", "linear", "f-gan:kl", "quantum-semimetric", "energy"]


def loaded() -> Any:
    spec = importlib.util.spec_from_file_location("compare_objectives", EXAMPLE)
    assert spec is not None and spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    return example


def test_the_verdict_names_the_better_side() -> None:
    rows = [
        {"objective": name, "skill": [skill, skill], "seconds": 1.0}
        for name, skill in (("hinge", 0.8), ("mmd", 0.7), ("minimax", 0.3), ("energy", 0.1))
    ]
    example = loaded()
    assert "mmd (mean skill 0.700, 1 s), does not win on this task" in example.verdict(rows)
    assert "mmd (mean skill 0.700, 1 s), wins on" in example.verdict(rows[1:])
    assert "best game, minimax (mean skill 0.300, 1 s)" in example.verdict(rows[1:])
    rows[0]["skill"] = [0.72, 0.7]
    assert "neither wins nor loses on this task" in example.verdict(rows)
    assert example.verdict(rows[::2]).startswith("No comparison")


def test_a_game_that_stops_comes_last(tmp_path: Path) -> None:
    example = loaded()
    stopped = {"skill": [None, None], "coverage": [None, None], "stopped": "loss is inf"}
    played = {"skill": [0.1, 0.2], "coverage": [0.9, 0.9]}
    results = [
        {"objective": "hinge", "seed": 0, "seconds": 1.0, **stopped},
        {"objective": "energy", "seed": 0, "seconds": 1.0, **played},
    ]
    rows = example.summary(results)
    assert [row["objective"] for row in rows] == ["energy", "hinge"]
    assert "nan" in example.table(rows, ("a", "b")).splitlines()[-1]
    example.draw(rows, ("a", "b"), "title", tmp_path / "compare.png")
    assert (tmp_path / "compare.png").stat().st_size > 0


def test_it_compares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example = loaded()
    monkeypatch.setitem(judge.N_JUDGED, "pure", {"validation": 64, "held_out": 64})
    small = ["--qubits", "2", "--states", "16", "--steps", "3", "--batch", "8"]
    out = tmp_path / "compared"
    monkeypatch.setattr(sys, "argv", ["", *small, "--out", str(out), "--objectives", *SOME])
    assert example.main() == 0
    told = capsys.readouterr().out
    written = json.loads((out / "compare.json").read_text())
    assert {row["objective"] for row in written["rows"]} == set(SOME)
    for row in written["rows"]:
        assert row["objective"] in told and len(row["coverage"]) == 2
        assert 0 < min(row["coverage"]) <= max(row["coverage"]) <= 1
    means = [example.mean(row["skill"]) for row in written["rows"]]
    assert means == sorted(means, reverse=True)
    assert written["verdict"] in told and "energy (mean skill " in written["verdict"]
    assert (out / "compare.png").read_bytes().startswith(b"\x89PNG")
    assert set(SOME) < set(build.OBJECTIVES)  # by default: all
