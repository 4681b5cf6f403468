"""Whatever an error offers instead has a flag on the command line."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import qgan
from qgan.cli import main
from qgan.cli.commands import FLAGS

PACKAGE = Path(qgan.__file__).parent


def offers() -> Iterator[tuple[str, str]]:
    """The kinds of the choices that errors offer: lists of pairs of texts in any call to errors."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            if call.func.attr not in ("unsupported", "argument"):
                continue
            for pairs in (one for one in call.args if isinstance(one, ast.List)):
                for pair in pairs.elts:
                    if isinstance(pair, ast.Tuple) and isinstance(pair.elts[0], ast.Constant):
                        yield str(pair.elts[0].value), f"{path.name}:{call.lineno}"


def test_each_kind_has_a_flag() -> None:
    known = dict(offers())
    assert {"view", "head", "gradient"} <= known.keys()
    assert {kind: place for kind, place in known.items() if kind not in FLAGS} == {}


def test_a_closed_form_that_does_not_serve_names_the_flag(
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["train", "--discriminator.head", "projection", "--trainer.gradient", "closed-form"]
    assert main([*argv, "--steps", "1"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Gradient closed-form: head ProjectionHead is no plain perceptron; use ")
    assert line.endswith("use --trainer.gradient autograd.")
