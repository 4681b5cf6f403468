"""Reading arguments: flags of the schema, short flags, complaints in one line."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro
from pydantic import ValidationError

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
        SystemExit: with status 0, after ``--help`` or ``--print-config``.
    """
    from qgan import build
    from qgan.build.settings import from_yaml, to_yaml
    from qgan.runs.loggers import check_loggers

    arguments = _expand(argv)
    shown = "--print-config" in arguments
    arguments = [word for word in arguments if word != "--print-config"]
    config, preset = _take(arguments, "--config"), _value(arguments, "--preset")
    if config is not None and preset is not None:
        raise errors.argument("config", "must not be given with --preset", config)
    usual = "ising" if _value(arguments, "--data.file") is None else "file"
    objective = _value(arguments, "--objective")
    start = build.preset(preset or usual, objective) if config is None else from_yaml(config)

    def train(
        experiment: Annotated[Experiment, tyro.conf.arg(name="")] = start,
        run: Path | None = None,
        overwrite: bool = False,
    ) -> tuple[Experiment, Path | None, bool]:
        return experiment, run, overwrite

    short = ", ".join(f"{flag} = {path}" for flag, path in SHORT.items())
    names = "; ".join(f"{name} ({text})" for name, text in build.DESCRIPTIONS.items())
    text = f"""Train a conditional quantum generator.

Presets: {names}.

Short flags: {short}. Also --config FILE (YAML; a run writes one) in place of --preset, and
--print-config, which prints all settings with comments as such a file and trains nothing."""
    result: tuple[Experiment, Path | None, bool] = parse(train, arguments, program, text)
    check_loggers(result[0].loggers)
    if shown:
        print(to_yaml(result[0]), end="")
        raise SystemExit(0)
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
    except ValidationError as error:  # of a key that is in no section
        raise errors.schema(error, Experiment) from None
    except SystemExit as error:
        if error.code in (0, None):
            raise
        raise errors.QganError(_one_line(said.getvalue())) from None


COMPLAINTS: tuple[tuple[str, Callable[[re.Match[str]], errors.QganError]], ...] = (
    (
        r"for (\w+?)(?:Config)? (\S+) Input (should be .*?) \[type=.*?input_value=(.*?), input_",
        lambda m: errors.argument(
            f"{m[1].lower()}." * (m[1].lower() in Experiment.model_fields) + m[2],
            m[3].replace("should be", "must be"),
            m[4],
        ),
    ),
    (
        r"Unrecognized options: (--[^\s,]+)(?:, (.*?))?(?: Perhaps you meant: (--[^\s,]+).*)?$",
        lambda m: errors.argument(
            m[1], "must be an option" + (f" (perhaps `{m[3]}`)" if m[3] else ""), m[2] or m[1]
        ),
    ),
    (
        r"invalid choice (.+?) for argument '--(\S+)'\. Expected one of \((.*)\)\.",
        lambda m: errors.argument(m[2], f"must be one of {m[3].replace(chr(39), '')}", m[1]),
    ),
    (
        r"Error parsing --(\S+?): invalid literal for int\(\) with base 10: ('.*?')",
        lambda m: errors.argument(m[1], "must be a whole number", m[2]),
    ),
    (
        r"Error parsing --(\S+?): could not convert string to float: ('.*?')",
        lambda m: errors.argument(m[1], "must be a number", m[2]),
    ),
)
"""What the parser complains of, by pattern, and the same in the form that all errors have."""


def _one_line(complaint: str) -> str:
    """The parser's boxed complaint as one line, in the form that all errors have."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", complaint)
    lines = [line.strip("│ \n") for line in text.splitlines() if not line.startswith(("╭", "╰"))]
    if (
        len(lines) > 1 and lines[1] and not lines[1].strip("-")
    ):  # a box of dashes: line 0 is a title
        del lines[0]
    told = " ".join(line for line in lines if line.strip("─-") and "--help" not in line)
    for pattern, reworded in COMPLAINTS:
        found = re.search(pattern, told)
        if found is not None:
            return str(reworded(found))
    return told or "Arguments could not be read."
