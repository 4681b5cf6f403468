"""Settings that nobody means: generated for every key, each trains or is refused in one line."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli_runs import shrink
from pydantic import BaseModel

from qgan.cli import main
from qgan.config import Experiment

SMALL: dict[str, Any] = {
    "data": {"source": "tfim", "qubits": 2},
    "generator": {"n_layers": 1, "hidden": [4]},
    "discriminator": {"hidden": [4]},
    "trainer": {"steps": 2, "batch": 4, "n_critic": 1, "evaluate_every": 2},
}
"""What is not drawn: a training of two steps."""

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, 1, 2, 3, -1, 10**6, 10**9, 10**12, 10**30, -(10**30), 2**63, 2**64,
    0.0, -0.0, 0.5, 1.5, -2.5, 1e-320, 1e300, -1e300, math.nan, math.inf, -math.inf,
    "", " ", "x", "1", "nan", "[/]", "$\\frac{", "\x1b[2J", "a\nb", "../up", "/", "\0", "x" * 5000,
    "r1:nan", "linear:1e999", "f-gan:pearson", "f-gan", "wasserstein:clip", "🙂",
    [], [[]], [0], [1], [2, 2], [math.nan], [-1, 4], ["x"], [[1, 2], [3]], [10**9, 10**9],
    [4] * 100, {}, {"x": 1}, {"steps": 1}, {1: 2},
)  # fmt: skip
"""Values of every kind, most of them of another kind than the key's."""

ALSO = {
    "preset": ["ising", "no-such", "a/b"],
    "objective": ["hinge", "energy", "linear:0.6", "quantum-w1", "non-saturating:r1"],
    "term": [["r1"], ["r1:-1"], ["gradient-penalty", "r1"], ["weight-clipping:0"]],
    "data.file": ["absent.npz", ".", "c.yaml", "/dev/null"],
    "loggers": [["tensorboard", "tensorboard"], ["wandb"]],
    "plugin": [["absent.py"], ["."], ["c.yaml"]],
    "engine.device": ["default.qubit", "default.mixed", "no.such", "default.tensor"],
}
"""Further values of some keys, among them sensible ones."""


LONG = {"trainer.steps", "trainer.batch", "trainer.n_critic", "discriminator.n_circuits"}
"""Keys of which a large number within the range is a training of hours, and no fault."""


ONCE_WRONG: list[tuple[str, Any]] = [
    ("trainer.betas", [2, 2]),
    ("seed", 2**64),
    ("generator.hidden", [10**9, 10**9]),
    ("data.file", "\0"),
    ("preset", "../up"),
]
"""Pairs that ended in a traceback or outside the folder of runs."""


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of the schema with the values that its type names."""
    for name, field in model.model_fields.items():
        kind: Any = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield prefix + name, []
            yield from keys(kind, f"{prefix}{name}.")
        else:
            rules = model.model_json_schema()["properties"][name]
            any_of = rules.get("anyOf", [rules])
            yield prefix + name, [value for rule in any_of for value in rule.get("enum", [])]


def changed(key: str, value: Any) -> dict[str, Any]:
    """The small settings with another value of one key."""
    settings = {k: dict(v) for k, v in SMALL.items()}
    section, _, name = key.rpartition(".")
    place = settings.setdefault(section, {}) if section else settings
    place[name or key] = value
    return settings


def drawn(n: int, seed: int) -> list[tuple[str, Any]]:
    """``n`` pairs of a key and a value; every key comes in turn."""
    rng = random.Random(seed)
    table = list(keys(Experiment))
    rng.shuffle(table)
    pairs = []
    for place in range(n):
        key, enums = table[place % len(table)]
        value = rng.choice([*STRANGE, *(4 * [*ALSO.get(key, []), *enums])])
        pairs.append((key, 3 if key in LONG and value in (10**6, 10**9) else value))
    return pairs


def ending(folder: Path, settings: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> str:
    """What is wrong with the end of a training with these settings; empty where nothing is."""
    config, run = folder / "c.yaml", folder / "run"
    config.write_text(yaml.safe_dump(settings, allow_unicode=True), encoding="utf-8")
    capsys.readouterr()
    status = main(["train", "--config", str(config), "--run", str(run)])
    output = capsys.readouterr()
    if status not in (0, 2):
        return f"status {status}: {output.err[-300:]}"
    if "\x1b" in output.out + output.err:
        return "a control character"
    lines = [line for line in output.err.splitlines() if not line.startswith("Note: ")]
    if status == 2 and (len(lines) != 1 or len(lines[0]) > 2000):
        return f"{len(lines)} lines: {output.err[:300]}"
    return ""


def wrong(
    pairs: list[tuple[str, Any]],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    """The pairs after which a training does not end as it should."""
    shrink(monkeypatch)
    monkeypatch.setattr(
        "qgan.engines.memory.available", lambda device: 2**30
    )  # so that no draw takes the memory of a machine
    found = []
    for place, (key, value) in enumerate(pairs):
        home = folder / str(place)
        home.mkdir()
        monkeypatch.chdir(home)
        fault = ending(home, changed(key, value), capsys)
        if fault:
            found.append(f"{key}: {str(value)[:60]!r}: {fault}")
    return found


def test_some_strange_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wrong([*ONCE_WRONG, *drawn(10, seed=1)], tmp_path, monkeypatch, capsys) == []


@pytest.mark.slow
@pytest.mark.long
def test_a_hundred_strange_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wrong(drawn(100, seed=0), tmp_path, monkeypatch, capsys) == []
