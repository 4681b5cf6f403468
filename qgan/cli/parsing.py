"""Reading arguments: flags of the schema, short flags, complaints in one line."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from qgan import errors
from qgan.config import Experiment

Run = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="DIR")]

SHORT = {
    "--data": "--data.file",
    "--qubits": "--data.qubits",
    "--generator": "--generator.kind",
    "--discriminator": "--discriminator.kind",
    "--engine": "--engine.kind",
    "--device": "--engine.device",
    "--diff-method": "--engine.diff-method",
    "--shots": "--engine.shots",
    "--accelerator": "--engine.accelerator",
    "--steps": "--trainer.steps",
    "--batch": "--trainer.batch",
}
"""Short flags of `train`, and the settings they stand for."""


def parse_train(argv: Sequence[str], program: str) -> tuple[Experiment, Path | None, bool]:
    """Settings of a training command: (experiment, run folder or None, overwrite).

    Defaults come from ``--config FILE`` or ``--preset NAME`` (``file`` with ``--data``, else
    ``ising``); flags override them.

    Raises:
        QganError: for a wrong flag or value.
        SystemExit: with status 0, after ``--help``.
    """
    from qgan import presets
    from qgan.training.run_folder import from_yaml

    arguments = _expand(argv)
    config, preset = _take(arguments, "--config"), _value(arguments, "--preset")
    if config is not None and preset is not None:
        raise errors.argument("config", "must not be given with --preset", config)
    usual = "ising" if _value(arguments, "--data.file") is None else "file"
    objective = _value(arguments, "--objective")
    start = presets.preset(preset or usual, objective) if config is None else from_yaml(config)

    def train(
        experiment: Annotated[Experiment, tyro.conf.arg(name="")] = start,
        run: Path | None = None,
        overwrite: bool = False,
    ) -> tuple[Experiment, Path | None, bool]:
        return experiment, run, overwrite

    short = ", ".join(f"{flag} = {path}" for flag, path in SHORT.items())
    names = "; ".join(f"{name} ({text})" for name, text in presets.DESCRIPTIONS.items())
    text = f"""Train a conditional quantum generator.

Presets: {names}.

Short flags: {short}. Also --config FILE (YAML; a run writes one) in place of --preset."""
    result: tuple[Experiment, Path | None, bool] = parse(train, arguments, program, text)
    return result


def _expand(argv: Sequence[str]) -> list[str]:
    """Short flags in full; a repeated ``--cure`` gathered into one list."""
    arguments: list[str] = []
    cures: list[str] = []
    words = iter(argv)
    for word in words:
        flag, equals, value = word.partition("=")
        if flag == "--cure":
            cures.append(value if equals else next(words, ""))
            continue
        arguments.append(SHORT.get(flag, flag) + equals + value)
    if cures:
        arguments += ["--cure", *(c for c in cures if c != "none")]
    return arguments


def _value(arguments: list[str], flag: str) -> str | None:
    for i, word in enumerate(arguments):
        if word == flag and i + 1 < len(arguments):
            return arguments[i + 1]
        if word.startswith(flag + "="):
            return word.partition("=")[2]
    return None


def _take(arguments: list[str], flag: str) -> str | None:
    """The value of a flag, removed from the arguments."""
    value = _value(arguments, flag)
    if value is not None:
        at = next(i for i, w in enumerate(arguments) if w.partition("=")[0] == flag)
        del arguments[at : at + (1 if "=" in arguments[at] else 2)]
    return value


def parse(function: Callable[..., Any], argv: Sequence[str], program: str, text: str) -> Any:
    """Parse and call, with a complaint of the parser brought into one line."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(function, args=list(argv), prog=program, description=text)
    except SystemExit as error:
        if error.code in (0, None):
            raise
        raise errors.QganError(_one_line(said.getvalue())) from None


def _one_line(complaint: str) -> str:
    """The parser's boxed complaint as one line, in the form that all errors have."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", complaint)
    lines = [line.strip("│ \n") for line in text.splitlines() if not line.startswith(("╭", "╰"))]
    told = " ".join(line for line in lines if line.strip("─") and "--help" not in line)
    broken = re.search(
        r"for (\w+?)(?:Config)? (\S+) Input (should be .*?) \[type=.*?input_value=(.*?), input_",
        told,
    )
    if broken is None:
        return told or "Arguments could not be read."
    section, key, rule, value = broken.groups()
    prefix = f"{section.lower()}." if section.lower() in Experiment.model_fields else ""
    rule = rule.replace("should be", "must be")
    return str(errors.argument(f"{prefix}{key}", rule, value))
