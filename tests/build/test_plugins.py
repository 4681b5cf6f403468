"""Choices from outside: a file of one's own, an installed package, and what a run needs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import pytest
import torch
import yaml
from cli_runs import TFIM, shrink, train

from qgan import build, load
from qgan.build import plugins
from qgan.cli import main
from qgan.errors import QganError, QganWarning
from qgan.training import Trainer

TERM = """
    from dataclasses import dataclass

    from qgan.build import register
    from qgan.terms import Term


    @dataclass(frozen=True)
    class ScoreDrift(Term):
        weight: float = 0.001

        def discriminator_term(self, context):
            return self.weight * context.real_scores.mean() ** 2


    register("term", "score-drift", ScoreDrift, "real scores near zero", number="WEIGHT")
"""
COUNTED = """
    from pathlib import Path

    log = Path("ran")
    log.write_text((log.read_text() if log.exists() else "") + "once ")
"""
HEAD_AND_SOURCE = """
    from torch import nn

    from qgan.build import register
    from qgan.data import tfim
    from qgan.discriminator import LinearHead


    def two_sites(n_qubits=2, seed=0):
        return tfim(n_qubits, n_train=12, n_validation=4, n_held_out=4, seed=seed)


    register("head", "plain", LinearHead, "an observable per label")
    register("source", "two-sites", two_sites, "a short chain")
"""


@pytest.fixture(autouse=True)
def _open_registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A folder of its own, and a registry that is as it was afterwards."""
    monkeypatch.chdir(tmp_path)
    shrink(monkeypatch)
    monkeypatch.setattr(plugins, "_loaded", {})
    before = {kind: dict(family.by_name) for kind, family in build.FAMILIES.items()}
    yield
    for kind, entries in before.items():
        build.FAMILIES[kind].by_name = entries


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(textwrap.dedent(text))
    return path


def forget() -> None:
    """As in a process that has not run the plug-in."""
    plugins._loaded.clear()
    del build.TERMS.by_name["score-drift"]


def test_a_term_of_a_file_is_trained_named_and_not_needed_to_open_the_run(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("drift.py", TERM)
    flags = ["--plugin", "drift.py", "--term", "gradient-penalty", "--term", "score-drift:0.5"]
    train(*flags, "--run", "r")
    settings = yaml.safe_load(Path("r/config.yaml").read_text())
    assert settings["plugin"] == ["drift.py"]
    assert settings["term"] == ["gradient-penalty", "score-drift:0.5"]
    assert main(["list"]) == 0
    assert "real scores near zero (or NAME:WEIGHT) (plug-in drift.py)" in capsys.readouterr().out
    forget()
    assert len(load("r").sample(n=2)) == 4
    assert main(["sample", "r", "--out", "s.npz"]) == 0
    assert main(["compare", "r"]) == 0
    assert main(["evaluate", "r"]) == 0
    capsys.readouterr()
    assert main(["resume", "r"]) == 2
    assert "use --plugin drift.py." in capsys.readouterr().err
    assert main(["resume", "r", "--plugin", "drift.py"]) == 0


def test_a_configuration_that_names_a_plugin_runs_nothing_by_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("drift.py", TERM + COUNTED)
    write("mine.yaml", "plugin: [drift.py]\nterm: [gradient-penalty, score-drift]\n")
    assert main(["train", "--config", "mine.yaml", "--run", "r"]) == 2
    assert "made with the plug-in drift.py" in capsys.readouterr().err
    assert not Path("ran").exists() and not Path("r").exists()
    assert main(["train", *TFIM, "--plugin", "drift.py", "--print-config"]) == 0
    assert Path("ran").read_text() == "once "  # a file that is named twice runs once
    assert "plugin: [drift.py]" in capsys.readouterr().out


def test_a_head_and_a_source_of_a_file_are_built_from_the_sizes_at_hand() -> None:
    plugins.load_file(write("own.py", HEAD_AND_SOURCE))
    settings = build.parse(
        {"data": {"source": "two-sites"}, "discriminator": {"head": "plain"}, "seed": 3}
    )
    data = build.load_data(settings)
    trainer = build.build_trainer(data, settings)
    assert type(trainer.discriminator.head).__name__ == "LinearHead"
    assert (data.n_qubits, len(data.train)) == (2, 24)
    assert build.HEADS.find("plain").origin == "own.py"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", r"`plugin` must be a Python file that can be run, but .* \(ZeroDivisionError"),
        ("import no_such_module_at_all", "must be a Python file that can be run"),
        (
            "from qgan.build import register\nregister('term', 'r1', int, 'again')",
            "`name` must not be the name of another term, but got 'r1'",
        ),
        (
            "from qgan.build import register\nregister('cure', 'r2', int, 'again')",
            "`kind` must be one of view, head, term, ",
        ),
    ],
)
def test_a_file_that_fails_is_one_line(
    text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(QganError, match=message):
        plugins.load_file(write("bad.py", text))
    assert main(["list", "--plugin", "bad.py"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["list", "--plugin", "absent.py"]) == 2
    assert "`plugin` must be a file that exists" in capsys.readouterr().err


FAILING = """
    from qgan.build import register
    from qgan.discriminator import MLPHead


    def of_one(argument):
        return None


    register("head", "of-one", of_one, "takes one argument")
    register("source", "nothing", lambda n_qubits=2, seed=0: None, "gives nothing")
    register("head", "unseeded", MLPHead, "a network without a seed of its own")
"""


def test_a_plugin_that_fails_to_build_is_one_line_and_a_head_is_seeded() -> None:
    plugins.load_file(write("failing.py", FAILING))
    data = build.load_data(build.parse({"data": {"source": "tfim"}}))

    def trainer(head: str) -> Trainer:
        return build.build_trainer(data, build.parse({"discriminator": {"head": head}}))

    with pytest.raises(
        QganError, match=r"Head of-one of failing\.py: it raises TypeError: .*; mend"
    ):
        trainer("of-one")
    with pytest.raises(
        QganError, match=r"Source nothing of failing\.py: it (gives nothing|raises)"
    ):
        build.load_data(build.parse({"data": {"source": "nothing"}}))
    weights = [trainer("unseeded").discriminator.state_dict() for _ in range(2)]
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_a_plugin_that_has_changed_is_said_when_a_run_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("drift.py", TERM)
    train(
        "--plugin", "drift.py", "--term", "gradient-penalty", "--term", "score-drift", "--run", "r"
    )
    forget()
    write("drift.py", TERM.replace("** 2", "** 4"))
    assert main(["resume", "r", "--plugin", "drift.py"]) == 0
    assert "`plug-in drift.py` was " in capsys.readouterr().err


class Point(EntryPoint):
    """An entry point of a package that is not really there."""

    def load(self) -> ModuleType | None:
        if self.name == "broken":
            raise RuntimeError("no such quantum computer")
        build.register("objective", "installed", lambda: None, "of a package")
        return None


def test_installed_packages_register_and_a_broken_one_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = [Point("fine", "fine", plugins.GROUP), Point("broken", "broken", plugins.GROUP)]
    monkeypatch.setattr(plugins, "entry_points", lambda group: points)
    plugins.load_entry_points.cache_clear()
    try:
        with pytest.warns(QganWarning, match=r"plug-in broken .* left out \(no such quantum"):
            plugins.load_entry_points()
        assert build.OBJECTIVES.find("installed").origin == "fine"
        assert plugins.loaded() == {"fine": "unknown"}
    finally:
        plugins.load_entry_points.cache_clear()
