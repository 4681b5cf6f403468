"""`qgan data`: sources as they are listed and made, files as they are checked and converted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cli_runs import SHORT, unshrink

from qgan import build, data
from qgan.cli import main
from qgan.cli.data import COMMANDS
from qgan.config import DataConfig, Experiment

SIZES = ["--n-train", "8", "--n-validation", "7", "--n-held-out", "9"]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    unshrink(monkeypatch)  # the tests of the page have small sources as long as they go on


def test_every_source_has_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    for entry in build.SOURCES.entries():
        (line,) = [line for line in lines if line.startswith(f"{entry.name} ")]
        whole = entry.make(n_train=1, n_validation=1)
        for name in (*whole.label_names, *whole.factor_names):
            assert name in line
    (line,) = [line for line in lines if line.startswith("tfim ")]
    assert "2,048 / 512 / 4,096" in line
    assert "is turned off (QGAN_CACHE)" in lines[-1]


@pytest.mark.parametrize("name", list(build.SOURCES.by_name))
def test_every_source_can_be_made_and_trained_on(name: str) -> None:
    assert main(["data", "make", name, *SIZES, "--seed", "3", "--out", "a.h5"]) == 0
    made = build.SOURCES.find(name).make(n_train=8, n_validation=7, n_held_out=9, seed=3)
    assert data.digest(data.from_file("a.h5")) == data.digest(made)


def test_settings_of_a_source_are_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "make", "tfim", "--help"]) == 0
    text = capsys.readouterr().out
    for flag in ("--qubits", "--n-train", "--n-validation", "--n-held-out", "--seed", "--out"):
        assert flag in text
    assert "length of the open chain" in text  # from the docstring of the source
    assert main(["data", "make", "tfim", "--qubits", "3", *SIZES, "--out", "three.npz"]) == 0
    assert (
        capsys.readouterr().out
        == "three.npz: 48 pure states of 3 qubits with 2 labels (NumPy archive)\n"
    )


def test_a_source_of_a_plug_in_can_be_made(capsys: pytest.CaptureFixture[str]) -> None:
    Path("two_sites.py").write_text(
        "from qgan.build import register\nfrom qgan.data import tfim\n\n"
        "def two(n_qubits=2, strength=0.5, between=(0.1, 0.2), seed=0):\n"
        '    """Two sites."""\n    return tfim(n_qubits, 8, 8, 8, seed)\n\n'
        'register("source", "two-sites", two, "a short chain")\n'
    )
    before = dict(build.SOURCES.by_name)
    try:
        argv = ["data", "make", "two-sites", "--strength", "1.5", "--between", "1", "2"]
        argv += ["--out", "a.npz"]
        assert main([*argv, "--plugin", "two_sites.py"]) == 0
    finally:
        build.SOURCES.by_name = before
    assert "48 pure states of 2 qubits" in capsys.readouterr().out


def test_a_description_of_hamiltonians_is_a_source(capsys: pytest.CaptureFixture[str]) -> None:
    Path("chain.yaml").write_text(
        "qubits: 3\nterms:\n  - {word: ZZ, coefficient: -1}\n"
        "  - {word: X, coefficient: {h: -1}}\n  - {word: Z, coefficient: -0.25}\n"
        "labels:\n  weak: {h: [0.3, 0.9]}\n  strong: {h: [1.1, 2.0]}\n"
        "states: {train: 9, validation: 2, held_out: 3}\n"
    )
    assert main(["data", "check", "chain.yaml"]) == 0
    assert "weak: 9 to learn from, 2 to choose a checkpoint by, 3" in capsys.readouterr().out
    assert main(["data", "make", "chain.yaml", "--seed", "4", "--out", "a.h5"]) == 0
    settings = Experiment(data=DataConfig(file=Path("chain.yaml")), seed=4)
    assert data.digest(data.from_file("a.h5")) == data.digest(build.load_data(settings))
    assert main(["data", "make", "absent.yaml", "--out", "b.h5"]) == 2
    assert "must be a file that exists" in capsys.readouterr().err


def test_check_says_what_training_would_do(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    states = rng.normal(size=(25, 4))
    states = (states / np.linalg.norm(states, axis=1, keepdims=True)).astype(np.float32)
    np.savez("a.npz", states=states, label=["a"] * 20 + ["b"] * 5, time=3)
    assert main(["data", "check", "a.npz"]) == 0
    text = capsys.readouterr().out
    for words in (
        "a.npz: NumPy archive",
        "states         (25, 4) float32",
        "not read: time",
        "stored as float32",
        "MOST significant bit",
        "Fewer than 7 states have the label b (5)",
        "25 pure states of 2 qubits with 2 labels",
        "a: 14 to learn from, 3 to choose a checkpoint by, 3 held out for the report\n",
        "b: 5 to learn from, 5 to choose a checkpoint by, 5 held out for the report (in each part",
        "seen by the view density",
        "Next: qgan train --data a.npz\n",
    ):
        assert words in text, words


@pytest.mark.parametrize("shots", [1, 5])
def test_check_says_what_one_shot_cannot_tell(
    shots: int, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = np.random.default_rng(0).integers(6, size=(16, shots, 1))
    states = np.eye(2)[np.arange(16) % 2] @ np.array([[1, 1], [1, -1]]) / 2**0.5
    np.savez("a.npz", states=states, label=np.arange(16) % 2, outcome=outcome)
    assert main(["data", "check", "a.npz"]) == 0
    text = capsys.readouterr().out
    assert ("only the average state of a label can be known" in text) == (shots == 1)
    assert f"sees records: {shots} shot" in text


def test_check_names_the_flags_that_it_was_given(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qgan.cli.progress.train_and_report", lambda trainer, folder: 0)
    np.savez("a.npz", states=2 * np.eye(4)[np.arange(16) % 4], label=np.arange(16) % 2)
    assert main(["data", "check", "a.npz"]) == 2
    assert "(--data.rescale takes it)" in capsys.readouterr().err
    assert main(["data", "check", "a.npz", "--rescale", "--little-endian"]) == 0
    last = "Next: qgan train --data a.npz --data.little-endian --data.rescale"
    assert capsys.readouterr().out.splitlines()[-1] == last
    flags = last.removeprefix("Next: qgan ").split()
    assert main([*flags, *SHORT, "--generator.n-latent", "1", "--run", "r"]) == 0
    assert "LEAST significant" in capsys.readouterr().err


def test_convert_turns_states_round_and_loses_nothing() -> None:
    source = data.tfim(3, 8, 8, 8)
    assert main(["data", "make", "tfim", "--qubits", "3", "--n-train", "8", "--out", "a.h5"]) == 0
    assert main(["data", "convert", "a.h5", "b.mat", "--little-endian"]) == 0
    assert main(["data", "convert", "b.mat", "c.npz", "--little-endian"]) == 0
    found = data.from_file("c.npz")
    assert data.digest(found) == data.digest(data.from_file("a.h5"))
    assert found.label_names == source.label_names


REFUSED = {
    "data": "",
    "data lst": "`command` must be one of list, make, check, convert, but got 'lst'",
    "data make": "`SOURCE` must be given first, one of ising, tfim",
    "data make isng --out a.h5": "`data.source` must be one of ising",
    "data make tfim": "out",
    "data make tfim --out a.xyz": "`out` must end in .npz, .h5, .hdf5, .mat, .txt or .csv",
    "data make tfim --out absent/a.h5": "must be a file in a folder that exists",
    "data make tfim --qubits 1 --out a.h5": "`n_qubits` must be from 2 to 20, but got 1",
    "data make tfim --qubit 3 --out a.h5": "--qubits",
    "data make tfim --out a.txt": "`out` must be of another format: text is for records",
    "data convert absent.npz b.h5": "must be a file that exists",
    "data convert good.npz b.xyz": "`out` must end in .npz",
    "data convert norm.npz b.h5": "got trace 4 at index 0 (--data.rescale takes it)",
    "data convert good.npz b.h5 --outcomes 0,1": "`measurement` must be given with outcomes",
    "data convert other.npz b.h5": "must hold an array `states`",
    "data check": "file",
}


@pytest.mark.parametrize("argv", REFUSED)
def test_refusals_are_one_line_and_write_nothing(
    argv: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    label = np.arange(16) % 2
    np.savez("good.npz", states=np.eye(4)[np.arange(16) % 4], label=label)
    np.savez("norm.npz", states=2 * np.eye(4)[np.arange(16) % 4], label=label)
    np.savez("other.npz", psi=np.eye(4))
    before = sorted(tmp_path.iterdir())
    assert main(argv.split()) == 2
    output = capsys.readouterr()
    if argv == "data":
        assert "qgan data" in output.out
        return
    (line,) = output.err.splitlines()
    assert REFUSED[argv].lower() in line.lower(), line
    assert sorted(tmp_path.iterdir()) == before


def test_help_of_each_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "--help"]) == 0
    for name in COMMANDS:
        assert f"  {name} " in capsys.readouterr().out or main(["data", name, "--help"]) == 0
