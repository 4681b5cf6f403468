"""Runs side by side: the settings in which they differ, and the measures that they reached."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from qgan import errors
from qgan.evaluation.bootstrap import Interval
from qgan.runs._differences import flat
from qgan.runs.folder import RunFolder
from qgan.runs.history import read_history
from qgan.runs.schemas import StoredReport

__all__ = [
    "CONFIDENCE",
    "MEASURES",
    "Group",
    "differing_settings",
    "find_runs",
    "group_runs",
    "over_seeds",
]

MEASURES = ("skill", "coverage", "precision")
NUMBERS = ("n_held_out", "n_generated", "n_draw")
CONFIDENCE = 0.95
FREE = {"seed", "loggers"}
"""Settings in which the runs of one group may differ."""


@dataclass(frozen=True)
class Group:
    """Runs whose settings differ in nothing but the seed and the loggers.

    Args:
        runs: the folders of the runs.
        settings: the settings that they share, by path.
        versions: the versions of packages and the commit, if a report has them.
        reports: the contents of ``report.json`` of each run that has one.
        steps: the last step in the history of each run.
    """

    runs: tuple[Path, ...]
    settings: dict[str, Any]
    versions: dict[str, Any]
    reports: tuple[StoredReport, ...]
    steps: tuple[int, ...]

    @property
    def name(self) -> str:
        """The name of the first run, and the number of further ones."""
        more = f" +{len(self.runs) - 1}" if len(self.runs) > 1 else ""
        return self.runs[0].name + more

    def labels(self) -> list[str]:
        """The names of the labels; empty without a report."""
        return [str(name) for name in self.reports[0].label_names] if self.reports else []

    def numbers(self, label: int) -> tuple[list[int], ...]:
        """The numbers of states that a label was judged with, over the reports that tell them.

        Returns:
            The held-out states, the generated states, and the states in each draw.
        """
        entries = [report.held_out.labels[label] for report in self.reports]
        columns = ([getattr(entry, name) for entry in entries] for name in NUMBERS)
        return tuple([number for number in column if number is not None] for column in columns)

    def estimate(self, label: int, measure: str) -> Interval:
        """A measure of one label with its confidence interval.

        With n seeds it is Student's interval ``mean +- t(0.975, n - 1) s / sqrt(n)``. With a single
        run it is the interval of its report, if that has one.
        """
        rows = [report.held_out.labels[label].model_dump() for report in self.reports]
        values = [row[measure] for row in rows if row[measure] is not None]
        if not values:
            return Interval(math.nan)
        if len(values) > 1:
            return over_seeds(values, least=-math.inf if measure == "skill" else 0.0)
        interval = rows[0]["intervals"].get(measure, ())
        return Interval(values[0], *(math.nan if end is None else end for end in interval))


def over_seeds(values: Sequence[float], least: float = -math.inf) -> Interval:
    """Mean and Student's confidence interval of independent figures.

    Args:
        values: one figure per seed, two at least.
        least: 0 for a fidelity, whose interval is then cut to [0, 1].

    Returns:
        The mean with its interval.

    Example:
        >>> print(over_seeds([0.9, 1.0, 0.95]), over_seeds([0.9, 1.0, 0.95], least=0.0))
        0.9500 [0.8258, 1.0742] 0.9500 [0.8258, 1.0000]
    """
    from scipy.stats import t

    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    low, high = fmean(values) - half, fmean(values) + half
    return Interval(fmean(values), max(low, least), high if least < 0 else min(high, 1.0))


def find_runs(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Separate the paths of runs from others.

    Args:
        paths: paths, of which some may be the same folder.

    Returns:
        The runs, each once, and the paths that exist but are no run.

    Raises:
        QganError: if a path does not exist, or none is a run.
    """
    unique = {path.resolve(): path for path in reversed(paths)}
    distinct = [path for path in paths if unique.get(path.resolve()) is path]
    for path in distinct:
        if not path.exists():
            raise errors.argument("runs", "must be existing run folders", path)
    runs = [path for path in distinct if (path / "config.yaml").exists()]
    if not runs:
        raise errors.argument("runs", "must hold a run", " ".join(map(str, paths)) or "nothing")
    return runs, [path for path in distinct if path not in runs]


def group_runs(paths: Sequence[Path]) -> list[Group]:
    """Group runs by their settings, in the order of the paths."""
    groups: dict[str, list[Path]] = {}
    for path in paths:
        settings = _settings(path)
        key = json.dumps({k: v for k, v in settings.items() if k not in FREE}, sort_keys=True)
        groups.setdefault(key, []).append(path)
    return [_group(tuple(members)) for members in groups.values()]


def _settings(path: Path) -> dict[str, Any]:
    return flat(RunFolder(path).experiment(check_choices=False).model_dump(mode="json"))


def _group(runs: tuple[Path, ...]) -> Group:
    settings = _settings(runs[0])
    seeds = sorted({_settings(run)["seed"] for run in runs})
    settings["seed"] = seeds[0] if len(seeds) == 1 else seeds
    reports = tuple(report for run in runs for report in _reports(run))
    for run, report in zip(runs, reports, strict=False):
        if report.label_names != reports[0].label_names:
            rule = f"must have the labels of run {runs[0]}, whose settings it shares"
            raise errors.argument("runs", rule, run)
    versions: dict[str, Any] = {} if not reports else {"commit": reports[0].commit}
    versions |= {} if not reports else reports[0].versions
    return Group(runs, settings, versions, reports, tuple(_steps(run) for run in runs))


def _reports(run: Path) -> Iterator[StoredReport]:
    """The report of a run, if there is one."""
    report = RunFolder(run).report()
    if report is not None:
        yield report


def _steps(run: Path) -> int:
    file = RunFolder(run).history_file
    steps = read_history(file)["step"] if os.path.lexists(file) else []
    return int(steps[-1]) if steps else 0


def differing_settings(groups: Sequence[Group]) -> dict[str, list[Any]]:
    """The settings and versions in which groups differ: for each key one value per group."""
    tables = [{**group.settings, **group.versions} for group in groups]
    keys = dict.fromkeys(key for table in tables for key in table)
    rows = {key: [table.get(key) for table in tables] for key in keys}
    return {k: row for k, row in rows.items() if any(value != row[0] for value in row)}
