"""Terminals and pipes that lack a character: something readable is shown, and nothing fails."""

from __future__ import annotations

import codecs
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_runs import new_home, shrink, train

from qgan.cli import exit_status, main
from qgan.cli.characters import SIGNS, substitute, tolerant_streams
from qgan.cli.console import waiting
from qgan.cli.progress import Bar
from qgan.cli.tables import TextConsole
from qgan.errors import warn

ENCODINGS = ("ascii", "cp1252", "cp437")
each_encoding = pytest.mark.parametrize("encoding", ENCODINGS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the run ``r``."""
    with new_home(tmp_path_factory) as folder:
        train("--run", "r")
    return folder


class Streams:
    """Standard output and standard error of one encoding."""

    def __init__(self, patch: pytest.MonkeyPatch, encoding: str) -> None:
        self.encoding = encoding
        self.out, self.err = (
            io.TextIOWrapper(io.BytesIO(), encoding, errors="strict") for _ in range(2)
        )
        patch.setattr(sys, "stdout", self.out)
        patch.setattr(sys, "stderr", self.err)

    def text(self, stream: io.TextIOWrapper) -> str:
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        return stream.buffer.getvalue().decode(self.encoding)

    def output(self) -> str:
        return self.text(self.out)


def run(patch: pytest.MonkeyPatch, encoding: str, command: str) -> str:
    """What a command that must succeed prints."""
    streams = Streams(patch, encoding)
    assert main(command.split()) == 0
    assert streams.out.errors == streams.err.errors == "strict"  # as they were before
    return streams.output()


@each_encoding
@pytest.mark.parametrize("form", ["", "--compatibility", "--markdown"])
def test_everything_that_can_be_listed(
    monkeypatch: pytest.MonkeyPatch, encoding: str, form: str
) -> None:
    text = run(monkeypatch, encoding, f"list {form}")
    assert "hinge" in text and "\\u" not in text
    assert "P\u00e9rez" in text if encoding != "ascii" and not form else True
    if form == "--compatibility":
        assert "| x |" in text


@each_encoding
@pytest.mark.parametrize("full", ["", "--full"])
def test_the_report_of_a_run(
    home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, full: str
) -> None:
    monkeypatch.chdir(home)
    shrink(monkeypatch)
    text = run(monkeypatch, encoding, f"evaluate r {full}")
    assert "\\" not in text
    table = [line for line in text.splitlines() if line.startswith(("|", "+"))]
    assert len(table) > 5 and len({len(line) for line in table}) == 1  # the columns are aligned


@each_encoding
def test_the_other_commands(home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    monkeypatch.chdir(home)
    shrink(monkeypatch)
    assert "held-out states" in run(monkeypatch, encoding, "compare r")
    assert "2 states from checkpoint" in run(monkeypatch, encoding, "sample r --n 1 --out s.npz")
    assert "usage: qgan" in run(monkeypatch, encoding, "--help")
    assert "--steps" in run(monkeypatch, encoding, "train --help")


@pytest.mark.slow
@each_encoding
def test_training_and_planning(
    home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shrink(monkeypatch)
    short = "--preset tfim --qubits 2 --steps 4 --batch 4"
    assert "Next:" in run(monkeypatch, encoding, f"train {short} --run r")
    assert "exact" in run(monkeypatch, encoding, f"plan {short}")


@each_encoding
@pytest.mark.filterwarnings("default::qgan.errors.QganWarning")
def test_mistakes_and_notes(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    streams = Streams(monkeypatch, encoding)
    assert main(["evaluate", "\u03bb\u2013\u00b1\udcff"]) == 2
    assert main(["\u03bb"]) == 2

    def note() -> int:
        warn("the label \u03bb is new")
        return 0

    with tolerant_streams():
        assert exit_status(note) == 0
    streams.err.flush()
    assert isinstance(streams.err.buffer, io.BytesIO)
    lines = streams.err.buffer.getvalue()
    assert lines.count(b"\n") == 3 and b"Note: the label \\u03bb is new" in lines
    assert b"\xff" in lines  # a byte of a file's name that is no character


@each_encoding
def test_a_bar_and_a_sign_of_activity(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    streams = Streams(monkeypatch, encoding)
    with tolerant_streams():
        console = TextConsole(file=sys.stderr, force_terminal=True, width=120)
        with Bar(10, console) as bar:
            bar({"step": 5.0, "seconds": 1.0, "discriminator_loss": 0.0, "generator_loss": 0.0})
            bar.tell("saved \u03bb \u00b1 1")
        with waiting("judging", console):
            pass
    text = streams.text(streams.err)
    assert "5/10" in text and "judging" in text and "saved \\u03bb" in text


def test_every_sign_has_an_ascii_substitute() -> None:
    for character in (*SIGNS, "\u00e9", "\u2082", "\u280b", "\u256d", "\u03bb", "\U0001f600"):
        assert substitute(character).isascii() and substitute(character)


def test_streams_that_are_no_files_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with tolerant_streams():
        print("\u00b1")
    assert isinstance(sys.stdout, io.StringIO) and sys.stdout.getvalue() == "\u00b1\n"


def test_a_closed_stream_does_not_hide_what_a_command_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    streams = Streams(monkeypatch, "utf-8")
    with tolerant_streams():
        streams.out.close()


def test_a_character_that_cannot_be_read_is_none_of_ours() -> None:
    handler = codecs.lookup_error("qgan-substitute")
    error = UnicodeDecodeError("ascii", b"\xff", 0, 1, "no character")
    with pytest.raises(UnicodeDecodeError):
        handler(error)


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONIOENCODING": "cp1252"},
        pytest.param(
            {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, marks=pytest.mark.slow
        ),
        pytest.param({"PYTHONIOENCODING": "ascii"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_in_a_process_of_its_own(variables: dict[str, str]) -> None:
    command = [sys.executable, "-m", "qgan", "list", "--compatibility"]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"| x |" in done.stdout and done.stdout.isascii()
