"""Tables of shots in random Pauli bases as text: a basis and the bits per line.

The first line names the columns: ``basis`` has a letter X, Y or Z per qubit, ``bits`` a 0 (the
eigenvalue +1) or 1 per qubit; ``state`` says which state was measured, and ``label`` which label it
has. Without ``state`` all lines are of one state.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qgan import errors
from qgan.basis_strings import AXES, outcomes_of_shot
from qgan.data.formats.base import Array, Format, StoredArray
from qgan.engines.memory import check_bytes
from qgan.files import read_regular

__all__ = ["CSV"]

COLUMNS = ("state", "label", "basis", "bits")
BYTES_PER_BYTE = 50
"""What the lines take in memory while they are read, per byte of the file: 30 to 47 for 10 qubits
to 1."""


@contextmanager
def _open(path: Path) -> Iterator[Mapping[str, StoredArray]]:
    check_bytes("path", "the lines of a table", BYTES_PER_BYTE * path.stat().st_size)
    text = read_regular(path).decode("utf-8-sig")
    lines = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True)
    if lines.fieldnames is None or not {"basis", "bits"} <= set(lines.fieldnames):
        names = ", ".join(lines.fieldnames or ["nothing"])
        rule = "must have columns basis and bits, and may have state and label, in its first line"
        raise errors.argument("path", rule, f"{path} with {names}")
    arrays = _arrays_of_lines(list(lines), path)
    others = [name for name in lines.fieldnames if name not in COLUMNS]
    arrays.update({name: np.zeros(0) for name in others})
    yield {
        name: StoredArray(array.shape, array.dtype, array.copy) for name, array in arrays.items()
    }


def _arrays_of_lines(lines: list[dict[str, str]], path: Path) -> dict[str, Array]:
    """Outcomes, their measurement and, where the table has them, labels."""
    shots: dict[str, list[list[int]]] = {}
    labels: dict[str, str] = {}
    n_qubits = len(lines[0]["basis"]) if lines else 0
    for place, line in enumerate(lines):
        state, label = line.get("state") or "0", line.get("label")
        outcome = _outcome(line["basis"], line["bits"])
        if outcome is None or len(outcome) != n_qubits:
            rule = f"must have {n_qubits} letters X, Y, Z and as many bits in each line"
            got = f"{line['basis']!r} and {line['bits']!r} in line {place + 2}"
            raise errors.argument("path", rule, got)
        if label is not None and labels.setdefault(state, label) != label:
            got = f"{labels[state]!r} and {label!r} of state {state} in line {place + 2}"
            raise errors.argument("label", "must be one per state", got)
        shots.setdefault(state, []).append(outcome)
    counts = {state: len(rows) for state, rows in shots.items()}
    if len(set(counts.values())) != 1:
        got = ", ".join(f"{n} of state {state}" for state, n in list(counts.items())[:3])
        raise errors.argument("path", "must have as many lines for each state", got or "no lines")
    arrays: dict[str, Array] = {
        "outcome": np.array(list(shots.values()), dtype=np.int64),
        "measurement": np.array("pauli-6"),
    }
    if labels:
        names = np.array([labels[state] for state in shots])
        whole = all(name.lstrip("+-").isdecimal() for name in names.tolist())
        arrays["label"] = names.astype(np.int64) if whole else names
    return arrays


def _outcome(basis: str | None, bits: str | None) -> list[int] | None:
    """The outcomes ``2 axis + bit`` of a line; None where it is not one."""
    if not basis or not bits or len(basis) != len(bits):
        return None
    if set(basis) - set(AXES) or set(bits) - set("01"):
        return None
    return outcomes_of_shot(basis, bits)


def _write(arrays: Mapping[str, Array]) -> bytes:
    outcome, kind = arrays.get("outcome"), str(arrays.get("measurement", "pauli-6"))
    if outcome is None or kind != "pauli-6":
        got = "no records" if outcome is None else f"records of {kind}"
        rule = "must be of another format: tables are for records of pauli-6"
        raise errors.argument("out", rule, got)
    label = arrays.get("label")
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["state", *(["label"] if label is not None else []), "basis", "bits"])
    for state, rows in enumerate(outcome.tolist()):
        first = [state] if label is None else [state, label[state]]
        for row in rows:
            basis = "".join(AXES[entry // 2] for entry in row)
            writer.writerow([*first, basis, "".join(str(entry % 2) for entry in row)])
    return text.getvalue().encode()


CSV = Format("table of shots", (".csv",), b"", _open, _write)
"""Shots in random Pauli bases, a line each."""
