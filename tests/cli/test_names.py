"""Text from outside is never markup: in tables, lines, pictures and the page."""

from __future__ import annotations

import ast
import dataclasses
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from small_circuits import random_states

import qgan
from qgan import evaluation
from qgan.batch import Batch
from qgan.cli import main, report_table
from qgan.cli.tables import TextConsole
from qgan.data.dataset import Dataset
from qgan.pictures.density_matrices import density_matrices
from qgan.pictures.judged import judged_pictures
from qgan.pictures.latent_sweep import latent_sweep
from qgan.states import States

ROOM = Path(qgan.__file__).parent
NASTY = (
    "[/]",
    "[bold]",
    "[link=https://example.org]x[/link]",
    "$\\frac{",
    "$x^",
    "%s %(x)s {} {0}",
    "\\",
    "a\\$",
    "\x1b[31m\x1b[2J",
    "\x9b31m",
    "two\r\nlines\t\x00\x07\x7f",
    "\u202eleft\u200f",
    "\u2028\u2029",
    "x" * 10_000,
    "🙂👩‍🔬 ψ 漢字 שלום",
    ":smile:",
    "_hidden",
    "</script><script>alert(1)</script>",
    "",
    " ",
)
names = st.one_of(st.sampled_from(NASTY), st.text(max_size=30))
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def small_data(labels: tuple[str, ...], factors: tuple[str, ...]) -> Dataset:
    label = torch.arange(24) % len(labels)
    hidden = torch.rand(24, len(factors), generator=torch.Generator().manual_seed(1)).double()
    part = Batch(random_states(24, 1, 1, seed=0), label, hidden)
    return Dataset(part, part, part, tuple(range(len(labels))), labels, factors, "small")


@functools.cache
def small_report() -> evaluation.Report:
    data = small_data(("up", "down"), ("f",))
    report = evaluation.evaluate(data.train, torch.rand(24, 1), data, n_resamples=5)
    labels = [dataclasses.replace(entry, skill_undefined="of a reason") for entry in report.labels]
    return dataclasses.replace(report, labels=tuple(labels))


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
@pytest.mark.parametrize(("width", "full"), [(60, True), (80, False), (170, True), (400, False)])
@settings(deadline=None, max_examples=25)
@example(("[/]", "[/bold]"), "[/]", "[/]")
@example(("$\\frac{", "\x1b[2J"), "\x1b]0;title\x07", "\x1b[31m")
@given(st.tuples(names, names), names, names)
def test_tables_show_any_name(
    encoding: str, width: int, full: bool, labels: tuple[str, str], factor: str, title: str
) -> None:
    bytes_out = io.BytesIO()
    stream = io.TextIOWrapper(bytes_out, encoding=encoding, errors="qgan-substitute", newline="")
    console = TextConsole(width=width, color_system=None, file=stream)
    report_table.show(console, small_report(), labels, (factor,), title, full)
    stream.flush()
    text = bytes_out.getvalue().decode(encoding, "surrogateescape")
    assert CONTROLS.search(text) is None
    assert "skill" in text and "undefined, of a reason" in " ".join(text.split())


def test_a_factor_that_is_read_as_an_angle_is_named_below_the_table() -> None:
    readings = {name: evaluation.AngleReading(6.2832, assumed, 0.6) for name, assumed in
                (("[b]phase", True), ("known", False))}  # fmt: skip
    report = small_report()
    labels = [dataclasses.replace(entry, angles=readings) for entry in report.labels[:1]]
    out = io.StringIO()
    console = TextConsole(width=170, color_system=None, file=out)
    report_table.show(console, dataclasses.replace(report, labels=tuple(labels)), ("up",), (), "")
    words = "up: [b]phase is read as an angle of period 6.283, the range of the data; as a number"
    assert words in out.getvalue() and "known is" not in out.getvalue()


def test_markup_is_shown_as_it_is() -> None:
    out = io.StringIO()
    console = TextConsole(width=170, color_system=None, file=out)
    labels = ("[bold]a[/bold]", ":smile: [/]")
    entries = small_report().labels
    entries = tuple(dataclasses.replace(entry, multiple_rank={"[i]": 0.5}) for entry in entries)
    report_table.show(console, evaluation.Report(entries), labels, ("[i]",), "[red]title")
    for text in (*labels, "[i]", "[red]title"):
        assert text in out.getvalue()


@pytest.mark.slow
@settings(deadline=None, max_examples=12, suppress_health_check=list(HealthCheck))
@example(("[/]", "$\\frac{"), "$")
@example(("\x1b[2J", "a\\$ \\frac{"), "x" * 10_000)
@example(("\u202e", "🙂👩‍🔬 漢字 שלום"), "\x00")
@given(st.tuples(names, names), names)
def test_pictures_show_any_name(tmp_path: Path, labels: tuple[str, str], factor: str) -> None:
    data = small_data(labels, (factor,))

    def states(label: torch.Tensor, latent: torch.Tensor) -> States:
        return random_states(len(label), 1, 1, seed=len(label))

    judged_pictures(data.train, data, tmp_path)
    density_matrices(states, data, 1, tmp_path / "d.png")
    latent_sweep(states, data, 1, tmp_path / "l.png")
    assert all(file.stat().st_size > 1000 for file in tmp_path.glob("*.png"))


@pytest.mark.slow
def test_commands_take_any_label(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ["[/]", "$\\frac{", "\x1b[31mtwo\nlines", "</script>\u202e{}%s\\"]
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(14 * len(labels), 2))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.chdir(tmp_path)
    np.savez(
        "d.npz",
        states=vectors,
        label=np.array(labels)[np.arange(len(vectors)) % len(labels)],
        factors=rng.normal(size=(len(vectors), 1)),
        factor_names=np.array(["[/] $\\frac{ \x1b[2J"]),
    )
    short = ["--steps", "2", "--batch", "12", "--trainer.evaluate-every", "2"]
    folder = "[bold]r[/]"
    assert main(["train", "--data", "d.npz", *short, "--run", folder]) == 0
    assert main(["evaluate", folder]) == 0
    assert main(["compare", folder, "."]) == 0
    assert main(["sample", folder, "--label", "[/]", "--out", "s.npz"]) == 0
    assert main(["sample", folder, "--label", "\x1b[2J", "--out", "s.npz"]) == 2
    assert main(["sample", folder, "--out", "\x1b[2J/s.npz"]) == 2
    assert main(["explore", folder, "--static", "p.html", "--gif", "g.gif"]) == 0
    assert main(["train", "--seed", "[/]"]) == 2
    assert main(["train", "--[/]", "\x1b[2J"]) == 2
    output = capsys.readouterr()
    assert CONTROLS.search(output.out + output.err) is None
    assert "[/]" in output.out and folder in output.out
    assert "<script" not in Path(folder, "report.html").read_text()
    page = Path("p.html").read_text()
    assert page.count("</script>") == page.count("<script>")


# -- no other way out ----------------------------------------------------------------------------


def calls(room: str) -> Iterator[tuple[Path, ast.Call]]:
    for file in sorted((ROOM / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                yield file, node


def test_no_text_is_markup_on_a_terminal() -> None:
    """Markup is off in the one console that there is, and nothing turns it on."""
    for file in sorted(ROOM.rglob("*.py")):
        source = file.read_text()
        if file.name != "tables.py":
            assert "from rich.console import Console" not in source, file
            assert not re.search(r"\bmarkup=|from_markup|rich\.print|rich import print", source), (
                file
            )
    for file, call in calls("cli"):
        name = ast.unparse(call.func)
        if name in ("Text", "Table") and file.name not in ("tables.py", "engine_table.py"):
            for word in (*call.args, *(key.value for key in call.keywords)):
                assert not isinstance(word, ast.JoinedStr), ast.unparse(call)


def raw_names(tree: ast.AST, safe: bool = False) -> Iterator[str]:
    """Names of labels and factors that a source uses as text without the helper."""
    if isinstance(tree, ast.Call) and ast.unparse(tree.func) == "plain":
        safe = True
    is_name = isinstance(tree, ast.Subscript) and ast.unparse(tree.value).endswith("label_names")
    if is_name and not safe:
        yield ast.unparse(tree)
    for child in ast.iter_child_nodes(tree):
        yield from raw_names(child, safe)


def test_no_name_comes_into_a_picture_as_it_is() -> None:
    for file in sorted((ROOM / "pictures").glob("*.py")):
        assert list(raw_names(ast.parse(file.read_text()))) == [], file
    assert list(raw_names(ast.parse("axes.set_title(data.label_names[k])"))) != []
    assert list(raw_names(ast.parse("axes.set_title(plain(data.label_names[k]))"))) == []
