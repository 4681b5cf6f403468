"""Broken files of every kind: each is named in one line with the first row that has the fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io

from qgan.cli import main

N = 16
LABEL = np.arange(N) % 2


def vectors() -> Any:
    """Vectors of two qubits."""
    rng = np.random.default_rng(0)
    array = rng.normal(size=(N, 4)) + 1j * rng.normal(size=(N, 4))
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def matrices() -> Any:
    """Density matrices of the same states."""
    return np.einsum("bi,bj->bij", vectors(), vectors().conj())


def changed(array: Any, place: Any, value: Any) -> Any:
    copy = array.copy()
    copy[place] = value
    return copy


def npz(**arrays: Any) -> Callable[[Path], Path]:
    """Writes an archive of good states and labels with some arrays changed, or None left out."""

    def write(folder: Path) -> Path:
        path = folder / "bad.npz"
        whole = {"states": vectors(), "label": LABEL, **arrays}
        np.savez(path, **{name: array for name, array in whole.items() if array is not None})
        return path

    return write


def raw(name: str, content: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return write


def torn(ending: str) -> Callable[[Path], Path]:
    """A good file that ends too early."""

    def write(folder: Path) -> Path:
        path = folder / f"torn{ending}"
        if ending == ".h5":
            with h5py.File(path, "w") as file:
                file["states"], file["label"] = vectors(), LABEL
        elif ending == ".mat":
            scipy.io.savemat(path, {"states": vectors(), "label": LABEL})
        else:
            np.savez(path, states=vectors(), label=LABEL)
        path.write_bytes(path.read_bytes()[:700])
        return path

    return write


def array_file(folder: Path) -> Path:
    np.save(folder / "bad.npy", vectors())
    return folder / "bad.npy"


def groups_only(folder: Path) -> Path:
    with h5py.File(folder / "bad.h5", "w") as file:
        file["data/states"], file["data/label"] = vectors(), LABEL
    return folder / "bad.h5"


BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no states": (npz(states=None), "must hold an array `states`"),
    "no label": (npz(label=None), "must hold an array `label`"),
    "misspelt label": (npz(label=None, labels=LABEL), "array `label` (perhaps `labels`)"),
    "one axis": (npz(states=vectors()[:, 0]), "must have shape (N, 2**n) or (N, 2**n, 2**n)"),
    "no square": (npz(states=matrices()[:, :2]), "must have shape (N, 2**n)"),
    "qutrits": (npz(states=vectors()[:, :3]), "power of two, 2 at least, but got 3"),
    "words as states": (npz(states=vectors().astype(str)), "must hold numbers, but got dtype <U"),
    "nan": (npz(states=changed(vectors(), (3, 1), np.nan)), "NaN or inf at index 3"),
    "norm": (npz(states=changed(vectors(), 5, 2)), "got trace 16 at index 5"),
    "zero vector": (npz(states=changed(vectors(), 7, 0)), "got trace 0 at index 7"),
    "not Hermitian": (
        npz(states=changed(matrices(), (2, 0, 1), 3)),
        "must be Hermitian, but got entries that are off by",
    ),
    "not positive": (
        npz(states=changed(matrices(), 6, np.diag([1.5, -0.5, 0, 0]))),
        "must be positive, but got eigenvalue -5.00e-01 at index 6",
    ),
    "too few labels": (npz(label=LABEL[:9]), "`label` must have shape (16,), but got (9,)"),
    "complex labels": (npz(label=LABEL * 1j), "`label` must hold integers, real numbers or str"),
    "label nan": (npz(label=changed(LABEL * 1.0, 4, np.nan)), "NaN or inf at index 4"),
    "continuous label": (
        npz(states=np.eye(2)[np.zeros(70, int)], label=np.linspace(0, 1, 70)),
        "at most 64 distinct values where they are real numbers, but got 70",
    ),
    "no state": (npz(states=np.zeros((0, 4)), label=np.zeros(0, int)), "got no states at all"),
    "label names": (npz(label_names=np.array(["a"])), "`label_names` must be 2 strings"),
    "flat factors": (npz(factors=np.ones(N)), "`factors` must have shape (16, k), but got (16,)"),
    "factor nan": (npz(factors=changed(np.ones((N, 1)), 8, np.inf)), "NaN or inf at index 8"),
    "factor names": (
        npz(factors=np.ones((N, 1)), factor_names=np.array(["a", "b"])),
        "`factor_names` must be 1 strings, one per factor",
    ),
    "periods": (
        npz(factors=np.ones((N, 1)), factor_periods=np.array([-1.0])),
        "`factor_periods` must have a positive number",
    ),
    "unknown part": (
        npz(part=changed(np.array(["train"] * N, dtype="U9"), 9, "test")),
        "must be one of train, validation, held_out, but got 'test' at index 9",
    ),
    "part without a label": (
        npz(part=np.array(["train", "held_out"])[LABEL]),
        "`part` must have states of each label that are train, but got none of 1",
    ),
    "outcomes of other states": (npz(outcome=np.zeros((3, 5, 2), int)), "`outcome` must have sh"),
    "outcome that is none": (npz(outcome=np.full((N, 5, 2), 6)), "must be from 0 to 5 for pauli-6"),
    "unknown measurement": (
        npz(outcome=np.zeros((N, 5, 2), int), measurement=np.array("mine")),
        "must be one of pauli-4, pauli-6, tetrahedral",
    ),
    "objects": (npz(label=np.array([{}] * N)), "must be a readable .npz file without pickled obj"),
    "bytes that are no text": (npz(label=np.array([b"\xff"] * N)), "`label` must hold text in UTF"),
    "torn archive": (torn(".npz"), "must be a readable .npz file without pickled objects"),
    "torn HDF5": (torn(".h5"), "must be a readable .h5 or .hdf5 file without pickled objects"),
    "torn MATLAB": (torn(".mat"), "must be a readable .mat file without pickled objects"),
    "no HDF5": (raw("bad.h5", b"states"), "must be a readable .h5 or .hdf5 file"),
    "arrays in a group": (groups_only, "must hold an array `states`"),
    "ragged text": (raw("bad.txt", b"0 1\n2\n"), "must have the same number of integers in each"),
    "text of words": (raw("bad.txt", b"up down\n"), "must have the same number of integers"),
    "table without bits": (
        raw("bad.csv", b"basis,label\nXZ,0\n"),
        "must have columns basis and bits",
    ),
    "table of other letters": (
        raw("bad.csv", b"basis,bits\nXZ,01\nXA,01\n"),
        "letters X, Y, Z and as many bits in each line, but got 'XA' and '01' in line 3",
    ),
    "table of unequal shots": (
        raw("bad.csv", b"state,basis,bits\na,X,0\na,Z,1\nb,X,0\n"),
        "must have as many lines for each state, but got 2 of state a, 1 of state b",
    ),
    "table of two labels": (
        raw("bad.csv", b"state,label,basis,bits\na,0,X,0\na,1,X,0\n"),
        "`label` must be one per state, but got '0' and '1' of state a in line 3",
    ),
    "single array": (array_file, "must hold arrays with names (numpy.savez('mine.npz'"),
    "pickle": (raw("bad.pkl", b"\x80\x04N."), "must hold no objects of Python"),
    "unknown ending": (
        raw("bad.dat", b"hello"),
        "must end in .npz, .h5, .hdf5, .mat, .txt or .csv",
    ),
    "empty file": (raw("bad.npz", b""), "must be a readable .npz file"),
    "no file": (lambda folder: folder / "absent.npz", "must be a file that exists"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_in_one_line(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write, message = BROKEN[kind]
    path = write(tmp_path)
    before = sorted(tmp_path.iterdir())
    assert main(["data", "check", str(path)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert any(message in line for line in lines), lines
    assert main(["train", "--data", str(path), "--run", str(tmp_path / "run")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line in lines
    assert sorted(tmp_path.iterdir()) == before


def test_check_names_every_fault_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = changed(changed(matrices(), (1, 0, 0), np.nan), 2, 2 * np.eye(4))
    states[3], states[4] = np.diag([1.5, -0.5, 0, 0]), np.diag([1, 0, 0, 0]) + np.eye(4, k=1)
    path = npz(states=states, label=changed(LABEL * 1.0, 4, np.nan), factors=np.ones(3))(tmp_path)
    assert main(["data", "check", str(path)]) == 2
    output = capsys.readouterr()
    places = ["index 1", "index 2", "index 4", "index 3", "index 4", "(3,)"]
    for place, line in zip(places, output.err.splitlines(), strict=True):
        assert place in line
    assert output.out.endswith("6 faults: training refuses this file.\n")


def test_a_good_file_has_no_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "check", str(npz()(tmp_path))]) == 0
    output = capsys.readouterr()
    assert output.err == "" and "Next: qgan train --data" in output.out
