"""The command `qgan data`: what data there are, to files, from files, and what is in a file."""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import field, make_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from qgan import errors
from qgan.cli.parsing import parse_command, take_plugins
from qgan.text import shortened, visible

if TYPE_CHECKING:
    from qgan.build import Entry
    from qgan.data import Dataset
    from qgan.data.inspection import Inspection

__all__ = ["command_data"]

File = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")]
OutFile = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUT")]

USAGE = """usage: qgan data COMMAND ...

  list                    every source, with its labels, hidden factors and sizes
  make SOURCE --out FILE  the states of a source, or of a description of Hamiltonians (.yaml), as a
                          file; --qubits, --seed, --n-train and others as
                          `qgan data make SOURCE --help` names them
  check FILE              what is in a file, what is wrong with it, what training would do with it
                          (--little-endian, --rescale, --seed)
  convert FILE OUT        a file in another format (--little-endian, --rescale, --measurement,
                          --outcomes)

Formats: .npz (NumPy), .h5 and .hdf5 (HDF5, and data sets of PennyLane), .mat (MATLAB), .txt and
.csv (outcomes of measurements). docs/data.md says what stands in them."""


def command_data(argv: Sequence[str]) -> int:
    """`qgan data list|make|check|convert`: data sets and files of them."""
    words, _ = take_plugins(argv)
    if not words or words[0] in ("-h", "--help"):
        print(USAGE)
        return 0 if words else 2
    name, rest = words[0], words[1:]
    if name not in COMMANDS:
        raise errors.argument("command", f"must be one of {', '.join(COMMANDS)}", repr(name))
    return COMMANDS[name](rest)


def _list(argv: Sequence[str]) -> int:
    from qgan import build
    from qgan.build.plugins import load_entry_points
    from qgan.data.cache import VARIABLE, folder_of_cache

    def read() -> None:
        return None

    parse_command(read, argv, "qgan data list", "Every source, one line each.")
    load_entry_points()
    rows = [["source", "labels", "hidden factors", "qubits", "states per label"]]
    rows += [[entry.name, *_row(entry)] for entry in build.SOURCES.entries()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(cells).rstrip())
    print("States per label: to train, to validate, to hold out. `qgan list` says what each is.")
    folder = folder_of_cache()
    state = "is turned off" if folder is None else f"is {folder}"
    print(f"The cache of data that took more than a second to make {state} ({VARIABLE}).")
    return 0


def _row(entry: Entry) -> list[str]:
    """Labels, factors, qubits and sizes of a source, as a small data set of it has them."""
    from qgan import build
    from qgan.data.dataset import PARTS

    known = build.source_settings(entry)
    sizes: dict[str, int] = {
        name: known[name].default
        for name in ("n_train", "n_validation", "n_held_out")
        if name in known and isinstance(known[name].default, int)
    }
    try:
        data = build.make_data(entry.name, **dict.fromkeys(sizes, 1))
    except errors.QganError as error:
        return [f"({shortened(error)})", "", "", ""]
    counts = [sizes.get(f"n_{part}", len(data.part(part)) // data.n_labels) for part in PARTS]
    return [
        ", ".join(map(shortened, data.label_names)),
        ", ".join(map(shortened, data.factor_names)) or "-",
        str(data.n_qubits),
        " / ".join(f"{count:,}" for count in counts),
    ]


def _make(argv: Sequence[str]) -> int:
    from qgan import build
    from qgan.build.plugins import load_entry_points
    from qgan.cli.console import waiting
    from qgan.data import arrays_of
    from qgan.data.arrays import check_new_file, write_arrays
    from qgan.data.formats import format_to_write

    load_entry_points()
    name = argv[0] if argv and not argv[0].startswith("-") else ""
    if not name:
        names = ", ".join(build.SOURCES.by_name)
        if argv and argv[0] in ("-h", "--help"):
            print(f"usage: qgan data make SOURCE --out FILE ...\n\nSOURCE is one of {names}.")
            return 0
        raise errors.argument("SOURCE", f"must be given first, one of {names}", "none")
    schema, line, make = _described(name) if _is_description(Path(name)) else _registered(name)
    text = f"{line}\n\nThe ending of --out says the format: .npz, .h5, .hdf5 or .mat."
    arguments = vars(parse_command(schema, argv[1:], f"qgan data make {name}", text))
    out = arguments.pop("out")
    check_new_file(out)
    form = format_to_write(out)
    with waiting("making the data"):
        data = make(**arguments)
        write_arrays(out, arrays_of(data), form)
    print(f"{visible(str(out))}: {_sizes(data)} ({form.name})")
    return 0


OUT = ("out", Annotated[Path, tyro.conf.arg(help="The file to write.")])


def _is_description(path: Path) -> bool:
    """Whether a file describes Hamiltonians and holds no states."""
    from qgan.build import DESCRIPTIONS

    return path.suffix in DESCRIPTIONS


def _load_description(file: Path, seed: int = 0) -> Dataset:
    from qgan.build import load_data
    from qgan.config import DataConfig, Experiment

    return load_data(Experiment(data=DataConfig(file=file), seed=seed))


def _described(name: str) -> tuple[Any, str, Callable[..., Dataset]]:
    """The settings of a file that describes Hamiltonians, what it is, and how it is made."""
    schema = make_dataclass("make", [OUT, ("seed", int, field(default=0))])
    line = f"States of the Hamiltonians that {name} describes."
    return schema, line, functools.partial(_load_description, Path(name))


def _registered(name: str) -> tuple[Any, str, Callable[..., Dataset]]:
    """The settings of a source, what it is, and how it is made."""
    from qgan import build

    entry = build.SOURCES.find(name)
    return _schema(entry), entry.line, functools.partial(build.make_data, name)


def _schema(entry: Entry) -> Any:
    """A class whose fields are the settings of a source, for the parser."""
    from qgan import build

    fields: list[Any] = [OUT]
    texts = _argument_texts(entry.make.__doc__ or "")
    for name, parameter in build.source_settings(entry).items():
        default = parameter.default
        kind: Any = int | None if default is None else type(default)
        if isinstance(default, tuple):
            kind = tuple[tuple(map(type, default))]  # type: ignore[misc]
        flag = "qubits" if name == "n_qubits" else None
        marked = Annotated[kind, tyro.conf.arg(name=flag, help=texts.get(name, ""))]
        fields.append((name, marked, field(default=default)))
    return make_dataclass("make", fields)


def _argument_texts(docstring: str) -> dict[str, str]:
    """What the part "Args" of a docstring says of each argument, on one line."""
    _, _, rest = inspect.cleandoc(docstring).partition("\nArgs:\n")
    block = rest.partition("\n\n")[0]
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", block, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _check(argv: Sequence[str]) -> int:
    from qgan.cli.commands import in_flags
    from qgan.data.inspection import inspect_file

    def check(
        file: File, little_endian: bool = False, rescale: bool = False, seed: int = 0
    ) -> tuple[Path, int, bool, bool]:
        return file, seed, little_endian, rescale

    text = "What is in a file, what is wrong with it, and what training would do with it."
    file, *options = parse_command(check, argv, "qgan data check", text)
    if _is_description(file):
        print(visible(f"{file}: a description of Hamiltonians, whose states are the data"))
        for line in _training_lines(_load_description(file, options[0])):
            print(visible(line))
        print(visible(f"Next: qgan train --data {file}"))
        return 0
    inspection = inspect_file(file, *options)
    for line in _contents_lines(inspection):
        print(visible(line))
    for fault in inspection.faults:
        print(visible(in_flags(fault)), file=sys.stderr)
    if inspection.data is None:
        n = len(inspection.faults)
        print(f"{n} {'fault' if n == 1 else 'faults'}: training refuses this file.")
        return 2
    for note in inspection.data.notes:
        print(f"Note: {visible(note)}")
    for line in _training_lines(inspection.data):
        print(visible(line))
    flags = " --data.little-endian" * options[1] + " --data.rescale" * options[2]
    print(visible(f"Next: qgan train --data {file}{flags}"))
    return 0


def _contents_lines(inspection: Inspection) -> list[str]:
    """What a file holds, array by array."""
    contents = inspection.contents
    lines = [f"{contents.path}: {contents.format.name}"]
    for name, array in contents.arrays.items():
        kind = "text" if array.dtype.kind == "U" else str(array.dtype)
        lines.append(f"  {name:14} {shortened(array.shape)} {kind}")
    if contents.others:
        lines.append(f"  not read: {shortened(', '.join(contents.others))}")
    return lines


def _training_lines(data: Dataset) -> list[str]:
    """What training would do with a data set."""
    from qgan.build.presets import preset
    from qgan.build.scaling import scaled
    from qgan.data.dataset import PARTS

    lines = []
    if data.train.records is not None:
        records = data.train.records
        shots = "1 shot" if records.n_shots == 1 else f"{records.n_shots} shots"
        lines.append(f"The discriminator sees records: {shots} of {records.kind} per state.")
        if records.n_shots == 1:
            lines.append("With one shot per state only the average state of a label can be known.")
    factors = ", ".join(map(shortened, data.factor_names)) or "none"
    lines.append(f"Hidden factors, for the evaluation only: {factors}.")
    lines.append(f"Training would have {_sizes(data)}:")
    parts = [data.part(name).label.bincount(minlength=data.n_labels).tolist() for name in PARTS]
    for label, name in enumerate(data.label_names):
        train, validation, held_out = (counts[label] for counts in parts)
        copies = " (in each part the same)" if label in data.repeated else ""
        lines.append(
            f"  {shortened(name)}: {train} to learn from, {validation} to choose a checkpoint by, "
            f"{held_out} held out for the report{copies}"
        )
    settings = scaled(preset("file"), data.n_qubits)
    trainer, view = settings.trainer, settings.discriminator.kind
    lines.append(
        f"`qgan train` would take {trainer.steps:,} steps with {trainer.batch} states each of the "
        f"data and the generator, seen by the view {view}, and try 1, 2 and 3 latents."
    )
    return lines


def _sizes(data: Dataset) -> str:
    kind = "pure" if data.rank == 1 else f"mixed (rank {data.rank} at most)"
    n_states = len(data.train) + len(data.validation) + len(data.held_out)
    n_states -= 2 * sum(len(data.train.of(label)) for label in data.repeated)
    labels = f"{data.n_labels} {'label' if data.n_labels == 1 else 'labels'}"
    return f"{n_states:,} {kind} states of {data.n_qubits} qubits with {labels}"


def _convert(argv: Sequence[str]) -> int:
    from qgan.data.conversion import convert

    def read(
        file: File,
        out: OutFile,
        little_endian: bool = False,
        rescale: bool = False,
        measurement: str | None = None,
        outcomes: str | None = None,
    ) -> dict[str, Any]:
        return dict(locals())

    text = (
        "Write a file in the format that the ending of OUT names. --little-endian turns the qubits "
        "of its states round, --rescale gives them norm one; --measurement says which measurement "
        "outcomes are of, and --outcomes in which order the file counts them, as Z+,X+,Y+,rest."
    )
    arguments = parse_command(read, argv, "qgan data convert", text)
    if arguments["outcomes"] is not None:
        arguments["outcomes"] = tuple(arguments["outcomes"].split(","))
    contents = convert(**arguments)
    for note in contents.notes:
        print(f"Note: {visible(note)}", file=sys.stderr)
    names = ", ".join(contents.arrays)
    print(f"{visible(str(arguments['out']))}: {names}, {contents.form.name}")
    return 0


COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "list": _list,
    "make": _make,
    "check": _check,
    "convert": _convert,
}
