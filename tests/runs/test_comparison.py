"""Runs side by side: grouped by settings, with Student's intervals over seeds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from qgan.build.settings import parse
from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder
from qgan.runs.comparison import Group, differing_settings, find_runs, group_runs, over_seeds


def make(path: Path, skill: float | None = None, more: Any = None, **settings: Any) -> Path:
    """A run's folder with settings and, given a skill, a report."""
    run = RunFolder.create(path, parse(settings))
    if skill is not None:
        label = {"skill": skill, "coverage": 0.99, "precision": None, **(more or {})}
        report = {
            "held_out": {"labels": [label]},
            "label_names": ["up"],
            "versions": {"torch": "2"},
        }
        run.save_report({**report, "commit": "c" * 40})
    return path


def test_runs_that_differ_in_the_seed_only_are_one_group(tmp_path: Path) -> None:
    runs = [make(tmp_path / f"a{s}", 0.9 + s / 100, seed=s) for s in range(3)]
    other = make(tmp_path / "b", 0.5, trainer={"steps": 7})
    groups = group_runs([runs[0], other, runs[1], runs[2]])
    assert [group.runs for group in groups] == [tuple(runs), (other,)]
    assert [group.name for group in groups] == ["a0 +2", "b"]
    assert differing_settings(groups) == {"seed": [[0, 1, 2], 0], "trainer.steps": [3000, 7]}


def test_the_interval_over_seeds_is_students(tmp_path: Path) -> None:
    # Mean 0.91, deviation 0.01, t(0.975, 2) = 4.302653.
    runs = [make(tmp_path / f"a{s}", 0.9 + s / 100, seed=s) for s in range(3)]
    (group,) = group_runs(runs)
    interval = group.estimate(0, "skill")
    assert interval.value == pytest.approx(0.91)
    assert interval.high - interval.value == pytest.approx(4.302653 * 0.01 / math.sqrt(3), rel=1e-6)
    assert interval.value - interval.low == pytest.approx(interval.high - interval.value)
    assert group.estimate(0, "coverage").high <= 1
    assert str(group.estimate(0, "precision")) == "-"
    assert over_seeds([1.0, 0.98], least=0.0).high == 1.0


def test_one_run_has_the_interval_of_its_report_or_none(tmp_path: Path) -> None:
    plain = make(tmp_path / "a", 0.9)
    with_interval = make(
        tmp_path / "b", 0.9, {"intervals": {"skill": [0.8, 0.95]}}, seed=1, preset="x"
    )
    first, second = group_runs([plain, with_interval])
    assert str(first.estimate(0, "skill")) == "0.9000"
    assert str(second.estimate(0, "skill")) == "0.9000 [0.8000, 0.9500]"


def test_the_numbers_of_states_are_those_of_all_reports(tmp_path: Path) -> None:
    sizes = {"n_held_out": 77, "n_generated": 4096, "n_draw": 77}
    runs = [make(tmp_path / "a0", 0.9, sizes, seed=0), make(tmp_path / "a1", 0.9, seed=1)]
    runs.append(make(tmp_path / "a2", 0.9, {**sizes, "n_held_out": 80}, seed=2))
    (group,) = group_runs(runs)
    assert group.numbers(0) == ([77, 80], [4096, 4096], [77, 77])
    assert group_runs(runs[1:2])[0].numbers(0) == ([], [], [])


def test_an_unfinished_run_has_no_figures(tmp_path: Path) -> None:
    (group,) = group_runs([make(tmp_path / "a")])
    assert (group.labels(), group.reports, group.steps) == ([], (), (0,))
    assert differing_settings([group]) == {}


def test_a_run_counts_once_and_what_is_no_run_is_left_out(tmp_path: Path) -> None:
    run = make(tmp_path / "a", 0.9)
    (tmp_path / "notes").mkdir()
    runs, others = find_runs([run, tmp_path / "notes", tmp_path / "." / "a"])
    assert (runs, others) == ([run], [tmp_path / "notes"])
    with pytest.raises(QganError, match=r"`runs` must be existing run folders, but got .*absent"):
        find_runs([run, tmp_path / "absent"])
    with pytest.raises(QganError, match=r"`runs` must hold a run, but got .*notes"):
        find_runs([tmp_path / "notes"])
    with pytest.raises(QganError, match=r"`runs` must hold a run, but got nothing"):
        find_runs([])


def test_versions_that_differ_are_shown() -> None:
    groups = [Group((Path(n),), {"seed": 0}, {"torch": n}, (), (0,)) for n in ("2.4", "2.13")]
    assert differing_settings(groups) == {"torch": ["2.4", "2.13"]}


def test_a_report_that_is_no_json_is_refused(tmp_path: Path) -> None:
    run = make(tmp_path / "a")
    (run / "report.json").write_text("{")
    with pytest.raises(QganError, match=r"^File .*report\.json cannot be read as JSON"):
        group_runs([run])
    assert Experiment() == RunFolder(run).experiment()
