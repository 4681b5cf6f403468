"""Bad input on the command line: one line on standard error, status 2, nothing written."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli_runs import new_home, shrink, train, tree

from qgan.cli import exit_status, main


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``r`` and files that are wrong in one way each."""
    with new_home(tmp_path_factory) as folder:
        train("--run", "r")
        label = np.arange(16) % 2
        np.savez("shape.npz", states=np.eye(4)[np.arange(16) % 3, :3], label=label)
        np.savez("norm.npz", states=1.1 * np.eye(4)[np.arange(16) % 4], label=label)
        np.savez("short.npz", states=np.eye(4)[np.arange(16) % 4], label=label[:3])
        np.savez("unlabelled.npz", states=np.eye(4))
        Path("torn.npz").write_bytes(b"PK\x03\x04")
        Path("bad.yaml").write_text("trainer: {stepz: 3}")
        Path("notes").mkdir()
        Path("notes/precious.txt").write_text("precious")
    return folder


LIGHTNING = "train --device lightning.qubit --discriminator circuit"

REFUSED: dict[str, tuple[str, str]] = {
    "preset": ("train --preset isng", "`preset` must be one of ising, "),
    "flag": ("train --step 3", "--step"),
    "flag of a section": ("train --trainer.n-critics 3", "--trainer.n-critic"),
    "steps": ("train --steps 0", "`trainer.steps` must be greater than or equal to 1, but got 0"),
    "no number": ("train --batch many", "many"),
    "no choice": ("train --generator dense", "dense"),
    "term": (
        "train --term gradient-penalti",
        "`term` must be a name that `qgan list` shows (nearest: gradient-penalty and ",
    ),
    "weight of a cure": ("train --term r1:much", "`term` must be NAME or NAME:WEIGHT"),
    "no pair of states": (
        "train --preset gibbs --objective energy",
        "`batch` must be at least 3, so that EnergyDistance can compare 2 states of one",
    ),
    "objective": ("train --objective hinges", "(nearest: hinge and "),
    "no penalty": (
        "train --term none",
        "use --term gradient-penalty or --discriminator.head bounded-linear",
    ),
    "unbounded": (
        "train --objective linear --discriminator.head mlp",
        "expectation values in [-1, 1]",
    ),
    "minibatch": ("train --discriminator.head minibatch", "the minibatch head compares states"),
    "pi": ("train --objective f-gan:weighted-jensen-shannon:1", "`pi` must lie in (0, 1)"),
    "two copies of shots": (
        "train --device lightning.qubit --shots 1 --discriminator two-copy",
        "use --discriminator circuit or --discriminator pauli",
    ),
    "words": (
        "train --discriminator pauli --discriminator.n-words 999",
        "`n_words` must be from 1 to 66",
    ),
    "references": (
        "train --discriminator swap-test --discriminator.n-references 99",
        "`discriminator.n_references` must be at most 20",
    ),
    "source": ("train --data.source bel", "`data.source` must be one of ising, "),
    "qubits": ("train --preset bell --qubits 3", "`n_qubits` must be 2 for Bell states"),
    "config": ("train --config absent.yaml", "`config` must be a readable file"),
    "config key": ("train --config bad.yaml", "`trainer.stepz` must be a key of the schema"),
    "config and preset": ("train --config bad.yaml --preset tfim", "`config` must not be given"),
    "shape of states": ("train --data shape.npz", "must have a dimension that is a power of two"),
    "norm of states": ("train --data norm.npz", "`states` must be normalised, but got trace 1.21"),
    "number of labels": ("train --data short.npz", "`label` must have shape (16,), but got (3,)"),
    "no labels": ("train --data unlabelled.npz", "must hold an array `label`"),
    "torn file": ("train --data torn.npz", "must be a readable .npz file"),
    "no file": ("train --data absent.npz", "must be a file that exists, but got absent.npz"),
    "run": ("train --run r", "`run` must not exist without --overwrite, but got r"),
    "no run": ("train --run notes --overwrite", "`run` must be a run folder to be overwritten"),
    "device": ("train --device no.such", "`device` must be installed here"),
    "plugin": ("train --device qiskit.aer", "pip install pennylane-qiskit"),
    "gradient": (f"{LIGHTNING} --diff-method backprop", "`diff_method` must be one that lightning"),
    "gradient of batched": ("train --diff-method backprop", "`diff_method` must be adjoint"),
    "shots and backprop": (
        "train --device default.qubit --shots 10 --diff-method backprop",
        "`diff_method` must be parameter-shift with finite shots (shots=10), but got backprop",
    ),
    "shots and adjoint": (
        f"{LIGHTNING} --shots 10 --diff-method adjoint",
        "`diff_method` must be parameter-shift with finite shots (shots=10), but got adjoint",
    ),
    "memory": ("train --generator.bath 40", "44 qubits, 64 states at once"),
    "qubits of a chain": ("train --qubits 30", "`n_qubits` must be from 2 to 20, but got 30"),
    "noise of batched": ("train --engine.readout 0.1", "(noise needs --device default.mixed)"),
    "noise of lightning": (
        f"{LIGHTNING} --engine.depolarising 0.1",
        "`device` must be default.mixed with noise, but got lightning.qubit",
    ),
    "noise that is none": ("train --engine.readout 0.7", "`engine.readout` must be less than or"),
    "readout of a state": (
        "train --device default.mixed --engine.readout 0.1",
        "use --discriminator circuit or --engine.readout 0",
    ),
    "shots of batched": ("train --shots 10", "`shots` must be None on the batched engine"),
    "no shots": (f"{LIGHTNING} --shots 0", "`engine.shots` must be greater than or equal to 1"),
    "view": ("train --device lightning.qubit", "View DensityView: "),
    "label of a sample": ("sample r --label 7 --out s.npz", "`label` must be one of [0, 1]"),
    "n of a sample": ("sample r --n 0 --out s.npz", "`n` must be at least 1, but got 0"),
    "latent of a sample": ("sample r --latent 1 2 --out s.npz", "`latent` must have 1 entries"),
    "place of a sample": ("sample r --out absent/s.npz", "must be a file in a folder that exists"),
    "checkpoint": ("sample r --checkpoint middle --out s.npz", "`checkpoint` must be"),
    "sample of nothing": ("sample notes --out s.npz", "`run` must hold config.yaml"),
    "evaluate nothing": ("evaluate absent", "`run` must be an existing run folder, but got absent"),
    "resume nothing": ("resume notes", "`run` must hold config.yaml, but got notes"),
    "seed": ("train --seed -1", "`seed` must be greater than or equal to 0, but got -1"),
    "word for a number": ("train --trainer.steps x", "must be a whole number, but got 'x'"),
    "word for a number or None": (
        "train --generator.n-layers x",
        "`generator.n-layers` must be None or a whole number, but got 'x'",
    ),
    "word for a number or auto": (
        "train --generator.n-latent x",
        "`generator.n-latent` must be a whole number or auto, but got 'x'",
    ),
    "too many latents": ("train --generator.n-latent 5000", "`generator.n_latent` must be less"),
    "word for a rate": ("train --trainer.view-rate x", "must be a number, but got 'x'"),
    "misspelt flag": ("train --trainer.n-critics 3", "(perhaps `--trainer.n-critic`), but got 3"),
    "logger": ("train --loggers comet", "`loggers`"),
    "compare nothing": ("compare absent", "`runs` must be existing run folders, but got absent"),
    "compare no run": ("compare notes", "`runs` must hold a run, but got notes"),
    "command": ("trian", "`command` must be one of train, "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_line_and_changes_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    command, message = REFUSED[case]
    monkeypatch.chdir(home)
    shrink(monkeypatch)
    before = tree(home)
    assert main(command.split()) == 2
    output = capsys.readouterr()
    assert message in output.err
    assert output.err.count("\n") == 1 and output.err.endswith("\n")
    assert output.out == ""
    assert tree(home) == before


def test_a_full_disk_is_a_sentence_about_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> int:
        raise OSError(28, "No space left on device", "states.npz")

    assert exit_status(write) == 2
    message = "The file system refused states.npz: No space left on device.\n"
    assert capsys.readouterr().err == message


def bug() -> int:
    raise ZeroDivisionError("ours")


@pytest.fixture(name="broken")
def _broken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """`qgan list` has a defect; the folder of temporary files."""
    from qgan import cli

    broken: Callable[..., int] = lambda argv: bug()  # noqa: E731
    monkeypatch.setitem(cli.COMMANDS, "list", broken)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_defect_is_one_line_and_its_traceback_a_file(
    broken: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list"]) == 70
    output = capsys.readouterr()
    (file,) = broken.iterdir()
    assert output.err == (
        "This is a defect of qgan, not of your input (ZeroDivisionError: ours); please report it. "
        f"The traceback is {file}.\n"
    )
    assert output.out == ""
    text = file.read_text()
    assert text.startswith("Traceback") and "in bug" in text
    assert text.endswith("ZeroDivisionError: ours\n")


def test_a_traceback_is_shown_on_request(broken: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["list", "--debug"], ["--debug", "list"]):
        assert main(command) == 70
        lines = capsys.readouterr().err.splitlines()
        assert lines[0].startswith("Traceback") and lines[-2] == "ZeroDivisionError: ours"
        assert lines[-1].endswith("The traceback is above.")
    assert list(broken.iterdir()) == []
    assert main(["list", "--compatibility"]) == 70  # still broken
    assert main(["trian", "--debug"]) == 2


def test_a_defect_without_room_for_its_traceback_is_one_line(
    broken: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(broken / "absent"))
    assert main(["list"]) == 70
    assert capsys.readouterr().err.endswith("The traceback is shown by --debug.\n")


def test_other_endings_stay(capsys: pytest.CaptureFixture[str]) -> None:
    def stop() -> int:
        raise KeyboardInterrupt

    def leave() -> int:
        raise SystemExit(3)

    def vanish() -> int:
        raise FileNotFoundError(2, "No such file or directory", "ours.js")

    assert (exit_status(stop), exit_status(leave)) == (130, 3)
    assert exit_status(vanish, debug=True) == 70
    assert "FileNotFoundError" in capsys.readouterr().err


LONG = "x" * 5_000

HOSTILE = {
    "digits": (["train", "--seed", "9" * 5_000], "`seed` must have at most 4300 digits"),
    "rate": (
        ["train", "--trainer.view-rate", "nan"],
        "`trainer.view_rate` must be a finite number",
    ),
    "negative rate": (["train", "--trainer.view-rate", "-1"], "must be greater than 0, but got -1"),
    "betas": (["train", "--trainer.betas", "2", "2"], "`trainer.betas.0` must be less than 1"),
    "device": (["train", "--device", LONG], "`engine.device` must have at most 200 characters"),
    "term": (["train", "--term", LONG], "`term.0` must have at most 200 characters"),
    "preset": (["train", "--preset", LONG], "`preset` must be one of ising, "),
    "option": (["train", f"--{LONG}", "1"], "Unrecognized options: "),
    "data": (["train", "--data", LONG], "`path` must be a file that exists"),
    "folders": (["train", "--data", "a/" * 3_000], "`path` must be a file that exists"),
    "config": (["train", "--config", LONG], "`config` must be a readable file"),
    "run": (["train", "--run", LONG], "The file system refused xxx"),
    "resume": (["resume", LONG], "The file system refused xxx"),
    "command": ([LONG], "`command` must be one of train, "),
    "cursor": (["train", "--seed", "[/]\x1b[2J"], r"must be a whole number, but got '[/]\x1b[2J'"),
    "hidden": (
        ["train", "--preset", "bell", "--generator.hidden", "1000000000", "1000000000"],
        "`generator.hidden` must fit in the",
    ),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_arguments_that_nobody_means_are_one_short_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    case: str,
) -> None:
    words, message = HOSTILE[case]
    monkeypatch.chdir(tmp_path)
    shrink(monkeypatch)
    assert main(words) == 2
    output = capsys.readouterr()
    assert message in output.err and output.out == ""
    assert output.err.endswith("\n") and output.err[:-1].isprintable() and len(output.err) < 1_500
    assert list(tmp_path.iterdir()) == []
