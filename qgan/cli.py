"""The command line: parses, calls, prints; a user's mistake is one line and status 2."""

from __future__ import annotations

import contextlib
import io
import re
import sys
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
    start = presets.preset(preset or usual) if config is None else from_yaml(config)

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
    result: tuple[Experiment, Path | None, bool] = _tyro(train, arguments, program, text)
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


def _tyro(function: Callable[..., Any], argv: Sequence[str], program: str, text: str) -> Any:
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


def command_train(argv: Sequence[str]) -> int:
    """`qgan train`: train, judge, draw."""
    from qgan import presets
    from qgan.explore.console import train_and_report
    from qgan.training import RunFolder

    experiment, run, overwrite = parse_train(argv, "qgan train")
    if run is not None:
        RunFolder.check_free(run, overwrite)
    data = presets.load_data(experiment)
    trainer = presets.build_trainer(data, experiment)
    folder = RunFolder.create(run or default_run(experiment), experiment, overwrite)
    return train_and_report(trainer, folder)


def default_run(experiment: Experiment) -> Path:
    """``runs/PRESET-seedS``, or the first of ``-2``, ``-3``, ... that is free."""
    base = Path("runs") / f"{experiment.preset}-seed{experiment.seed}"
    path, count = base, 1
    while path.exists():
        count += 1
        path = base.with_name(f"{base.name}-{count}")
    return path


def command_resume(argv: Sequence[str]) -> int:
    """`qgan resume DIR`: go on from the last checkpoint."""
    from qgan import presets
    from qgan.explore.console import train_and_report
    from qgan.training import RunFolder

    def resume(run: Run) -> Path:
        return run

    folder = RunFolder.open(_tyro(resume, argv, "qgan resume", "Resume a run."))
    experiment = folder.experiment()
    trainer = presets.build_trainer(presets.load_data(experiment), experiment)
    return train_and_report(trainer, folder, resume=True)


def command_evaluate(argv: Sequence[str]) -> int:
    """`qgan evaluate DIR`: judge a run's checkpoints on held-out states."""
    from qgan import presets
    from qgan.explore.console import show_report
    from qgan.training import RunFolder, report

    def evaluate(run: Run) -> Path:
        return run

    text = "Judge a run on held-out states."
    folder = RunFolder.open(_tyro(evaluate, argv, "qgan evaluate", text))
    data = presets.load_data(folder.experiment())
    model, judged = report(folder, data)
    show_report(folder, data, model, judged)
    return 0


def command_sample(argv: Sequence[str]) -> int:
    """`qgan sample DIR --out FILE`: generated states as a file that `--data` reads."""
    from qgan.data import write_file
    from qgan.training import load

    def sample(
        run: Run,
        out: Path,
        n: int | None = None,
        seed: int = 0,
        label: str | None = None,
        latent: tuple[float, ...] | None = None,
        checkpoint: str = "best",
    ) -> dict[str, Any]:
        return dict(locals())

    text = "Write generated states: n of each label, unless one is named."
    asked = _tyro(sample, argv, "qgan sample", text)
    model = load(asked["run"], asked["checkpoint"])
    states, label, latent = model.draw(asked["label"], asked["n"], asked["seed"], asked["latent"])
    values = [model.label_values[k] for k in label.tolist()]
    write_file(asked["out"], states, values, latent)
    print(
        f"{asked['out']}: {len(states)} states from checkpoint {model.checkpoint}, "
        f"step {model.step}"
    )
    return 0


def command_list(argv: Sequence[str]) -> int:
    """`qgan list`: presets, data, objectives and cures, one line each."""
    from qgan import presets
    from qgan.data import DESCRIPTIONS

    def first(thing: Any) -> str:
        return (thing.__doc__ or "").partition("\n")[0]

    print("Presets (--preset)")
    for name, text in presets.DESCRIPTIONS.items():
        print(f"  {name:18} {text}")
    print("Data (--data.source)")
    for name, text in DESCRIPTIONS.items():
        print(f"  {name:18} {text}")
    for title, table in (("Objectives", presets.OBJECTIVES), ("Cures", presets.CURES)):
        print(f"{title} (--{title.lower().removesuffix('s')})")
        for name, thing in table.items():
            print(f"  {name:18} {first(thing)}")
    return 0


COMMANDS = {
    "train": command_train,
    "resume": command_resume,
    "evaluate": command_evaluate,
    "sample": command_sample,
    "list": command_list,
}


def _usage() -> str:
    lines = [f"  {name:10} {(f.__doc__ or '').rstrip('.')}" for name, f in COMMANDS.items()]
    return "usage: qgan COMMAND ...\n\n" + "\n".join(lines) + "\n\nqgan COMMAND --help tells more."


def guarded(function: Callable[[], int]) -> int:
    """Run a command; a user's mistake becomes one line on standard error and status 2."""
    try:
        return function()
    except errors.QganError as error:
        print(" ".join(str(error).split()), file=sys.stderr)
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 0


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of ``qgan`` and ``python -m qgan``; returns the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        print(
            f"Argument `command` must be one of {', '.join(COMMANDS)}, but got {name!r}.",
            file=sys.stderr,
        )
        return 2
    return guarded(lambda: COMMANDS[name](rest))
