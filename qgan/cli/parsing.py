"""Parsing of arguments: the flags of the schema, short flags, and complaints in one line."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from pydantic import BaseModel, Field, ValidationError, create_model

from qgan import errors
from qgan.config import Experiment, OneOf

__all__ = ["SHORT", "Run", "flag_of", "parse_command", "parse_train", "take_plugins"]

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
    """Parse the arguments of a command that takes the settings of a training.

    Defaults come from ``--config FILE`` or ``--preset NAME``; flags override them. Without either,
    the preset is ``file`` with ``--data``, and ``ising`` otherwise.

    Args:
        argv: the arguments after the name of the command.
        program: the name of the command.

    Returns:
        The settings, the run folder or None, and whether that may be overwritten.

    Raises:
        QganError: for a wrong flag or value.
        SystemExit: with status 0, after ``--help`` or ``--print-config``.
    """
    from qgan import build
    from qgan.build.settings import from_yaml, to_yaml
    from qgan.runs.loggers import check_loggers

    words, plugins = take_plugins(argv)
    arguments = _expand(words)
    prints_config = "--print-config" in arguments
    arguments = [word for word in arguments if word != "--print-config"]
    config, preset = _take(arguments, "--config"), _value(arguments, "--preset")
    if config is not None and preset is not None:
        raise errors.argument("config", "must not be given with --preset", config)
    default_preset = "ising" if _value(arguments, "--data.file") is None else "file"
    objective = _value(arguments, "--objective")
    preset = preset or default_preset
    start = build.preset(preset, objective) if config is None else from_yaml(config)

    defaults = _with_choices(start)

    def train(
        experiment: Annotated[Any, tyro.conf.arg(name="")] = defaults,
        run: Path | None = None,
        overwrite: bool = False,
    ) -> tuple[Any, Path | None, bool]:
        return experiment, run, overwrite

    train.__annotations__["experiment"] = Annotated[type(defaults), tyro.conf.arg(name="")]

    short = ", ".join(f"{flag} = {path}" for flag, path in SHORT.items())
    names = "; ".join(f"{entry.name} ({entry.line})" for entry in build.PRESETS.entries())
    text = f"""Train a conditional quantum generator.

Presets: {names}.

Short flags: {short}. Also --config FILE (YAML; a run writes one) in place of --preset, and
--print-config, which prints all settings with comments as such a file and trains nothing."""
    settings, run, overwrite = parse_command(train, arguments, program, text)
    plugin_files = (*settings.plugin, *(path for path in plugins if path not in settings.plugin))
    experiment = build.parse({**settings.model_dump(), "plugin": plugin_files})
    check_loggers(experiment.loggers)
    if prints_config:
        print(to_yaml(experiment), end="")
        raise SystemExit(0)
    return experiment, run, overwrite


def take_plugins(argv: Sequence[str]) -> tuple[list[str], tuple[Path, ...]]:
    """Take each ``--plugin FILE`` out of the arguments, and run the files.

    Returns:
        The other arguments, and the files.
    """
    from qgan.build.plugins import load_file

    arguments, files = [], []
    words = iter(argv)
    for word in words:
        flag, equals, value = word.partition("=")
        if flag != "--plugin":
            arguments.append(word)
            continue
        files.append(Path(value if equals else next(words, "")))
        load_file(files[-1])
    return arguments, tuple(files)


def flag_of(setting: str) -> str:
    """The flag for a setting: the short flag, if there is one.

    Example:
        >>> flag_of("discriminator.kind"), flag_of("data.source")
        ('--discriminator', '--data.source')
    """
    flags = {path: flag for flag, path in SHORT.items()}
    long = f"--{setting.replace('_', '-')}"
    return flags.get(long, long)


def _with_choices(settings: BaseModel) -> BaseModel:
    """Give settings a schema whose types list the names that the registry knows.

    The parser shows and checks the types of the schema, and the registry is open to plug-ins.
    """
    from qgan.build.registry import names_of

    fields: dict[str, Any] = {}
    values: dict[str, Any] = {}
    for name, value in settings:
        entry = type(settings).model_fields[name]
        kind = entry.annotation
        marks = [mark for mark in entry.metadata if isinstance(mark, OneOf)]
        default = _with_choices(value) if isinstance(value, BaseModel) else value
        if isinstance(value, BaseModel):
            kind = type(default)
        elif marks:
            kind = Literal[names_of(marks[0])]  # type: ignore[assignment]
        elif entry.metadata:
            kind = Annotated[kind, *entry.metadata]  # type: ignore[assignment]
        fields[name] = (kind, Field(default, description=entry.description))
        values[name] = default
    schema = create_model(type(settings).__name__, __doc__=type(settings).__doc__, **fields)
    instance: BaseModel = schema(**values)
    return instance


def _expand(argv: Sequence[str]) -> list[str]:
    """Replace short flags by their settings, and gather each ``--term`` into one list."""
    arguments: list[str] = []
    terms: list[str] = []
    words = iter(argv)
    for word in words:
        flag, equals, value = word.partition("=")
        if flag == "--term":
            terms.append(value if equals else next(words, ""))
            continue
        arguments.append(SHORT.get(flag, flag) + equals + value)
    if terms:
        arguments += ["--term", *(name for name in terms if name != "none")]
    return arguments


def _value(arguments: list[str], flag: str) -> str | None:
    """The value of a flag among the arguments, or None."""
    for i, word in enumerate(arguments):
        if word == flag and i + 1 < len(arguments):
            return arguments[i + 1]
        if word.startswith(flag + "="):
            return word.partition("=")[2]
    return None


def _take(arguments: list[str], flag: str) -> str | None:
    """Remove a flag and its value from the arguments, and return the value."""
    value = _value(arguments, flag)
    if value is not None:
        at = next(i for i, w in enumerate(arguments) if w.partition("=")[0] == flag)
        del arguments[at : at + (1 if "=" in arguments[at] else 2)]
    return value


def parse_command(
    function: Callable[..., Any], argv: Sequence[str], program: str, text: str
) -> Any:
    """Parse the arguments of a command and call a function with them.

    Plug-ins that the arguments name are run first.

    Args:
        function: a function whose annotated parameters are the arguments.
        argv: the arguments after the name of the command.
        program: the name of the command.
        text: the description that ``--help`` shows.

    Returns:
        What the function returns.

    Raises:
        QganError: with the complaint of the parser in one line.
        SystemExit: with status 0, after ``--help``.
    """
    stderr = io.StringIO()
    argv, _ = take_plugins(argv)
    try:
        with contextlib.redirect_stderr(stderr):
            return tyro.cli(function, args=list(argv), prog=program, description=text)
    except ValidationError as error:  # about a key outside all sections
        raise errors.schema(error, Experiment) from None
    except SystemExit as error:
        if error.code in (0, None):
            raise
        raise errors.QganError(_one_line(stderr.getvalue())) from None


LONGEST = 1000
"""Characters of a complaint that no pattern rewords."""

COMPLAINTS: tuple[tuple[str, Callable[[re.Match[str]], errors.QganError]], ...] = (
    (
        r"for (\w+?)(?:Config)? (\S+?)(?:\.constrained-int)? (?:Input|String|Tuple) (should .*?) "
        r"\[type=.*?input_value=(.*?), input_",
        lambda m: errors.argument(
            f"{m[1].lower()}." * (m[1].lower() in Experiment.model_fields) + m[2],
            m[3].replace("should", "must", 1),
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
        r"Error parsing --(\S+?): Exceeds the limit \((\d+) digits\)",
        lambda m: errors.argument(m[1], f"must have at most {m[2]} digits", "more"),
    ),
    (
        r"Error parsing --(\S+?): no type matching (\S+) could be instantiated from \[('.*?')\]",
        lambda m: errors.argument(m[1], f"must be {_any_of(m[2])}", m[3]),
    ),
    (
        r"Error parsing --(\S+?): could not convert string to float: ('.*?')",
        lambda m: errors.argument(m[1], "must be a number", m[2]),
    ),
)
"""Patterns of complaints of the parser, each with a function to the form that all errors have."""


def _any_of(kinds: str) -> str:
    """The types that a flag takes, in words.

    Example:
        >>> _any_of("INT|{auto}"), _any_of("{None}|{pauli,z}")
        ('a whole number or auto', 'None or one of pauli, z')
    """
    words = {"INT": "a whole number", "FLOAT": "a number", "STR": "a text", "PATH": "a path"}
    parts = [words.get(kind, kind.strip("{}")) for kind in kinds.split("|")]
    return " or ".join(
        f"one of {part.replace(',', ', ')}" if "," in part else part for part in parts
    )


def _one_line(complaint: str) -> str:
    """A boxed complaint of the parser as one line, in the form that all errors have."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", complaint)
    lines = [line.strip("│ \n") for line in text.splitlines() if not line.startswith(("╭", "╰"))]
    if (
        len(lines) > 1 and lines[1] and not lines[1].strip("-")
    ):  # the box is made of dashes, and line 0 is its title
        del lines[0]
    message = " ".join(line for line in lines if line.strip("─-") and "--help" not in line)
    for pattern, reword in COMPLAINTS:
        match = re.search(pattern, message)
        if match is not None:
            return str(reword(match))
    return message[:LONGEST] or "Arguments could not be read."
