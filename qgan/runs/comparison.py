"""Runs side by side: the settings they differ in, and what they reached."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from qgan import errors
from qgan.evaluation.bootstrap import Interval
from qgan.runs import history
from qgan.runs.differences import flat
from qgan.runs.folder import RunFolder

MEASURES = ("skill", "coverage", "precision")
CONFIDENCE = 0.95
FREE = {"seed", "loggers"}
"""Settings that do not part runs into different experiments."""


@dataclass(frozen=True)
class Group:
    """Runs of the same settings but for the seed.

    Args:
        runs: their folders.
        settings: the settings that they share, flat, by path.
        versions: versions of packages and the commit, where their report has them.
        reports: ``report.json`` of those that have one.
        steps: steps of the history of each.
    """

    runs: tuple[Path, ...]
    settings: dict[str, Any]
    versions: dict[str, Any]
    reports: tuple[dict[str, Any], ...]
    steps: tuple[int, ...]

    @property
    def name(self) -> str:
        """The name of its first run, and how many more there are."""
        more = f" +{len(self.runs) - 1}" if len(self.runs) > 1 else ""
        return self.runs[0].name + more

    def labels(self) -> list[str]:
        """Names of the labels; none without a report."""
        return [str(name) for name in self.reports[0]["label_names"]] if self.reports else []

    def estimate(self, label: int, measure: str) -> Interval:
        """A measure of a label, with its interval over seeds, or else the report's own.

        Over n seeds ``mean +- t(0.975, n - 1) s / sqrt(n)``, Student's interval.
        """
        rows = [report["held_out"]["labels"][label] for report in self.reports]
        values = [row[measure] for row in rows if row.get(measure) is not None]
        if not values:
            return Interval(math.nan)
        if len(values) > 1:
            return over_seeds(values, least=-math.inf if measure == "skill" else 0.0)
        own = rows[0].get("intervals", {}).get(measure)
        return Interval(values[0], *own) if own else Interval(values[0])


def over_seeds(values: Sequence[float], least: float = -math.inf) -> Interval:
    """Mean and Student's confidence interval of independent figures, two at least.

    Args:
        values: one a seed.
        least: 0 for a fidelity, whose interval is then cut to [0, 1].

    Example:
        >>> print(over_seeds([0.9, 1.0, 0.95]), over_seeds([0.9, 1.0, 0.95], least=0.0))
        0.9500 [0.8258, 1.0742] 0.9500 [0.8258, 1.0000]
    """
    from scipy.stats import t

    half = float(t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * stdev(values) / len(values) ** 0.5
    low, high = fmean(values) - half, fmean(values) + half
    return Interval(fmean(values), max(low, least), high if least < 0 else min(high, 1.0))


def find_runs(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The runs among the paths, each once, and what is there but no run.

    Raises:
        QganError: if a path does not exist, or none is a run.
    """
    unique = {path.resolve(): path for path in reversed(paths)}
    ordered = [path for path in paths if unique.get(path.resolve()) is path]
    for path in ordered:
        if not path.exists():
            raise errors.argument("runs", "must be existing run folders", path)
    runs = [path for path in ordered if (path / "config.yaml").exists()]
    if not runs:
        raise errors.argument("runs", "must hold a run", " ".join(map(str, paths)) or "nothing")
    return runs, [path for path in ordered if path not in runs]


def group_runs(paths: Sequence[Path]) -> list[Group]:
    """Runs by their settings, in the order in which they come."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        settings = _settings(path)
        key = json.dumps({k: v for k, v in settings.items() if k not in FREE}, sort_keys=True)
        found.setdefault(key, []).append(path)
    return [_group(tuple(runs)) for runs in found.values()]


def _settings(path: Path) -> dict[str, Any]:
    return flat(RunFolder(path).experiment(known=False).model_dump(mode="json"))


def _group(runs: tuple[Path, ...]) -> Group:
    settings = _settings(runs[0])
    seeds = sorted({_settings(run)["seed"] for run in runs})
    settings["seed"] = seeds[0] if len(seeds) == 1 else seeds
    reports = tuple(report for run in runs for report in _reports(run))
    versions = {} if not reports else {"commit": reports[0].get("commit")}
    versions |= {} if not reports else reports[0].get("versions", {})
    return Group(runs, settings, versions, reports, tuple(_steps(run) for run in runs))


def _reports(run: Path) -> Iterator[dict[str, Any]]:
    """The report, if there is one."""
    file = RunFolder(run).report_file
    if not file.exists():
        return
    try:
        yield json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise errors.argument("report.json", "must be readable JSON", f"{file} ({error})") from None


def _steps(run: Path) -> int:
    file = RunFolder(run).history_file
    steps = history.read(file)["step"] if file.exists() else []
    return int(steps[-1]) if steps else 0


def differing(groups: Sequence[Group]) -> dict[str, list[Any]]:
    """Settings, versions and commit in which the groups differ: for each key a value a group."""
    tables = [{**group.settings, **group.versions} for group in groups]
    keys = dict.fromkeys(key for table in tables for key in table)
    rows = {key: [table.get(key) for table in tables] for key in keys}
    return {k: row for k, row in rows.items() if any(value != row[0] for value in row)}
