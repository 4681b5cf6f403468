"""Files of every format: round trips, and files that the other program has made itself."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pennylane as qml
import pytest
import scipy.io
import torch
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close

from qgan import data
from qgan.data.arrays import read_arrays, write_arrays
from qgan.data.conversion import convert
from qgan.data.formats import NPZ
from qgan.data.formats.hdf5 import HDF5
from qgan.data.formats.matlab import MATLAB
from qgan.errors import QganError
from qgan.states import States

ENDINGS = [ending for form in (NPZ, HDF5, MATLAB) for ending in form.endings]
N = 16
LABEL = np.arange(N) % 2


def vectors(seed: int = 0) -> Any:
    """Vectors of two qubits."""
    return random_states(N, 2, 1, seed=seed).numpy()


def everything() -> dict[str, Any]:
    """All arrays that a file may hold."""
    rng = np.random.default_rng(0)
    return {
        "states": vectors(),
        "label": np.array(["dog", "cät"])[LABEL],
        "label_names": np.array(["a cat", "a dog"]),
        "factors": rng.uniform(size=(N, 2)),
        "factor_names": np.array(["field", "phi"]),
        "factor_periods": np.array([0.0, 6.28]),
        "part": np.array(["train", "train", "validation", "held_out"])[np.arange(N) // 2 % 4],
        "latent": rng.uniform(size=(N, 3)),
        "outcome": rng.integers(4, size=(N, 5, 2)),
        "measurement": np.array("tetrahedral"),
    }


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_array_survives_every_format(tmp_path: Path, ending: str) -> None:
    arrays = everything()
    write_arrays(tmp_path / f"a{ending}", arrays)
    contents = read_arrays(tmp_path / f"a{ending}")
    assert contents.arrays.keys() == arrays.keys() and contents.others == ()
    for name, array in arrays.items():
        read = contents.arrays[name]
        assert read.shape == array.shape and read.dtype.kind == array.dtype.kind, name
        assert (read == array).all(), name


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_source_survives_every_format_part_by_part(tmp_path: Path, ending: str) -> None:
    for source in (data.tfim(3, 6, 2, 3), data.bell(2, 5, 2, 3), data.gibbs(2, 3, 1, 1)):
        path = tmp_path / f"{source.name}{ending}"
        write_arrays(path, data.arrays_of(source))
        again = data.from_file(path, seed=9)
        assert data.digest(again) == data.digest(source)
        assert again.label_names == source.label_names
        assert again.factor_names == source.factor_names
        assert again.factor_periods == source.factor_periods
        if source.factor_names:
            assert again.held_out.factors is not None and source.held_out.factors is not None
            assert torch.equal(again.held_out.factors, source.held_out.factors)


@pytest.mark.parametrize("ending", ENDINGS)
def test_generated_states_are_written_in_the_format_of_the_ending(
    tmp_path: Path, ending: str
) -> None:
    real = data.tfim(2, 8, 8, 8)
    batch = real.held_out
    data.write_file(tmp_path / f"g{ending}", batch.states, batch.label, torch.ones(16, 2))
    generated, latent = data.read_generated(tmp_path / f"g{ending}", real)
    assert_close(generated.states.fidelity(batch.states), torch.ones(16).double(), **EXACT)
    assert torch.equal(generated.label, batch.label) and latent.shape == (16, 2)


def test_an_archive_without_an_ending_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    batch = data.tfim(2, 8, 8, 8).train
    data.write_file(tmp_path / "plain", batch.states, batch.label, torch.ones(16, 2))
    assert data.from_file(tmp_path / "plain").n_qubits == 2
    write_arrays(tmp_path / "a.h5", {"states": vectors(), "label": LABEL})
    (tmp_path / "a.h5").rename(tmp_path / "a.data")
    assert data.from_file(tmp_path / "a.data").n_qubits == 2


# -- files that others have made -----------------------------------------------------------------


def test_a_data_set_of_pennylane_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "theirs.h5"
    states = vectors()
    qml.data.Dataset(states=states, label=["up", "down"] * 8, extra=3).write(str(path))
    found = data.from_file(path)
    assert found.label_values == ("down", "up")
    whole = read_arrays(path)
    assert (whole.arrays["states"] == states).all() and whole.others == ("extra",)


def test_spin_systems_of_pennylane_have_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "spins.h5"
    field = np.linspace(0, 2, N)
    qml.data.Dataset(
        ground_states=list(vectors()),
        phase_labels=LABEL.tolist(),
        parameters={"h": field, "J": np.ones(N)},
        ground_energies=field,
    ).write(str(path))
    contents = read_arrays(path)
    assert (contents.arrays["states"] == vectors()).all()
    assert (contents.arrays["label"] == LABEL).all()
    assert contents.arrays["factor_names"].tolist() == ["h"]  # J is the same everywhere
    assert (contents.arrays["factors"][:, 0] == field).all()
    assert data.from_file(path).factor_names == ("h",)


def test_hdf5_of_other_programs(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["states"] = vectors().astype(np.complex64)
        file["label"] = np.array([b"left", b"right"])[LABEL]  # bytes of a fixed length
        file["time"] = np.arange(3)
    found = data.from_file(tmp_path / "plain.h5")
    assert found.label_values == ("left", "right") and found.train.states.is_pure


def test_hdf5_leads_to_no_other_file(tmp_path: Path) -> None:
    """A link or a virtual dataset would put another file of the reader into the data."""
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["states"] = vectors()
    with h5py.File(tmp_path / "linked.h5", "w") as file:
        file["label"] = LABEL
        file["states"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "states")
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        file["label"] = LABEL
        layout = h5py.VirtualLayout(shape=(N, 4), dtype="c16")
        layout[:] = h5py.VirtualSource(str(tmp_path / "secret.h5"), "states", shape=(N, 4))
        file.create_virtual_dataset("states", layout)
    for name in ("linked", "virtual"):
        with pytest.raises(QganError, match="must hold an array `states`"):
            data.from_file(tmp_path / f"{name}.h5")


def test_matlab_has_matrices_only(tmp_path: Path) -> None:
    """What `save` of MATLAB makes of vectors: rows, columns, doubles, cells of characters."""
    scipy.io.savemat(
        tmp_path / "m.mat",
        {
            "states": vectors(),
            "label": LABEL[:, None].astype(float) + 1,
            "factors": np.linspace(0, 1, N)[:, None],
            "factor_names": np.array(["h"], dtype=object),
            "outcome": np.array([0.0, 3.0] * N).reshape(N, 2),
            "s": {"a": 1.0},
        },
    )
    contents = read_arrays(tmp_path / "m.mat")
    assert contents.arrays["label"].dtype.kind == "i"
    assert contents.arrays["outcome"].shape == (N, 2, 1)
    found = read_arrays(tmp_path / "m.mat").arrays
    assert found["label"].tolist() == (LABEL + 1).tolist()
    assert found["factor_names"].tolist() == ["h"]


def test_matlab_7_3_is_hdf5_with_its_axes_reversed(tmp_path: Path) -> None:
    path = tmp_path / "new.mat"
    states = random_states(N, 2, 3).numpy()
    pairs = np.empty(states.shape, dtype=[("real", "f8"), ("imag", "f8")])
    pairs["real"], pairs["imag"] = states.real, states.imag
    with h5py.File(path, "w", userblock_size=512) as file:
        file["states"] = pairs.T
        file["states"].attrs["MATLAB_class"] = np.bytes_("double")
        file["label"] = LABEL[None].astype(float)
        file["label"].attrs["MATLAB_class"] = np.bytes_("double")
        texts = [np.array([[ord(letter)] for letter in text], "u2") for text in ("cold", "hot")]
        file["#refs#/a"], file["#refs#/b"] = texts
        cells = np.array([[file["#refs#/a"].ref], [file["#refs#/b"].ref]], dtype=h5py.ref_dtype)
        file["label_names"] = cells
        file["label_names"].attrs["MATLAB_class"] = np.bytes_("cell")
    with path.open("r+b") as raw:
        raw.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")
    found = data.from_file(path)
    assert found.label_values == (0, 1) and found.label_names == ("cold", "hot")
    assert np.allclose(read_arrays(path).arrays["states"], states, rtol=0, atol=0)


@pytest.mark.parametrize("layout", ["integers", "one-hot"])
def test_outcomes_of_neural_network_tomography(tmp_path: Path, layout: str) -> None:
    outcome = np.random.default_rng(1).integers(4, size=(50, 3))
    lines = outcome if layout == "integers" else np.eye(4, dtype=int)[outcome].reshape(50, 12)
    np.savetxt(tmp_path / "train.txt", lines, fmt="%d")
    contents = read_arrays(tmp_path / "train.txt")
    assert list(contents.arrays) == ["outcome"]
    assert (contents.arrays["outcome"] == outcome[None]).all()


def test_shots_in_random_bases_as_a_table(tmp_path: Path) -> None:
    text = "state,label,basis,bits,time\n7,-1,XZ,01,0\n7,-1,YY,10,1\n9,4,ZX,11,2\n9,4,ZZ,00,3\n"
    (tmp_path / "t.csv").write_text(text)
    contents = read_arrays(tmp_path / "t.csv")
    assert contents.arrays["outcome"].tolist() == [[[0, 5], [3, 2]], [[5, 1], [4, 4]]]
    assert contents.arrays["label"].tolist() == [-1, 4] and contents.others == ("time",)
    assert str(contents.arrays["measurement"]) == "pauli-6"
    convert(tmp_path / "t.csv", tmp_path / "t.h5")
    convert(tmp_path / "t.h5", tmp_path / "again.csv")
    again = read_arrays(tmp_path / "again.csv").arrays
    assert all((again[name] == array).all() for name, array in contents.arrays.items())
    (tmp_path / "bare.csv").write_text("bits,basis\n0,X\n1,Z\n")
    assert read_arrays(tmp_path / "bare.csv").arrays["outcome"].tolist() == [[[0], [5]]]


def test_outcomes_are_named_and_put_into_our_order(tmp_path: Path) -> None:
    """The Pauli-4 of others begins with Z+: their 0 is our 2, their 1 our 0, their 2 our 1."""
    np.savetxt(tmp_path / "data.txt", [[0, 1, 2, 3]], fmt="%d")
    order = ("Z+", "X+", "Y+", "rest")
    convert(tmp_path / "data.txt", tmp_path / "o.npz", measurement="pauli-4", outcomes=order)
    found = read_arrays(tmp_path / "o.npz").arrays
    assert found["outcome"].tolist() == [[[2, 0, 1, 3]]]
    assert str(found["measurement"]) == "pauli-4"
    convert(tmp_path / "o.npz", tmp_path / "back.txt")
    assert (tmp_path / "back.txt").read_text() == "2 0 1 3\n"
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"outcomes": order}, "`measurement` must be given with outcomes"),
        ({"outcomes": order, "measurement": "tetrahedral"}, "`outcomes` must be Z\\+, below X\\+"),
        ({"measurement": "mine"}, "must be one of pauli-4, pauli-6, tetrahedral"),
    ]
    for settings, message in wrong:
        with pytest.raises(QganError, match=message):
            convert(tmp_path / "data.txt", tmp_path / "not.npz", **settings)
    assert not (tmp_path / "not.npz").exists()


@pytest.mark.parametrize("compressed", [False, True])
def test_variables_of_matlab_may_be_compressed(tmp_path: Path, compressed: bool) -> None:
    arrays = {
        **everything(),
        "names": np.array(["a", "bc"], dtype=object),
        "empty": np.zeros((0, 3)),
    }
    scipy.io.savemat(tmp_path / "m.mat", arrays, do_compression=compressed)
    assert (read_arrays(tmp_path / "m.mat").arrays["factors"] == arrays["factors"]).all()


@pytest.mark.parametrize("ending", [".npz", ".h5", ".mat"])
def test_damaged_bytes_are_refused_or_harmless(tmp_path: Path, ending: str) -> None:
    """No damage ends the process, hangs it or raises anything but a line for the user."""
    write_arrays(tmp_path / f"a{ending}", data.arrays_of(data.tfim(2, 8, 7, 7)))
    whole = (tmp_path / f"a{ending}").read_bytes()
    rng = np.random.default_rng(0)
    n_refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(min(len(whole), 4096), size=rng.choice([1, 2, 8])):
            damaged[place] = rng.integers(256)
        (tmp_path / f"b{ending}").write_bytes(damaged)
        try:
            data.from_file(tmp_path / f"b{ending}")
        except QganError as error:
            n_refused += 1
            assert "\n" not in str(error)
    assert n_refused > 5


def test_sizes_that_a_file_declares_are_checked_before_it_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("states", shape=(2**40, 4), dtype="c16", chunks=(2**10, 4))
        file["label"] = LABEL
    assert (tmp_path / "huge.h5").stat().st_size < 10**5
    with pytest.raises(
        QganError, match=r"`path` must fit in the .* GiB that are free.*1099511627776"
    ):
        data.from_file(tmp_path / "huge.h5")


# -- the order of qubits -------------------------------------------------------------------------


@pytest.mark.parametrize("mixed", [False, True])
def test_states_of_qiskit_are_turned_round(tmp_path: Path, mixed: bool) -> None:
    """The same gates in Qiskit and in PennyLane give the same state, read with little_endian."""
    from qiskit import QuantumCircuit
    from qiskit.quantum_info import DensityMatrix, Statevector

    theirs = QuantumCircuit(3)
    theirs.ry(0.3, 0)
    theirs.rx(1.1, 2)
    theirs.cx(0, 1)
    kind = DensityMatrix if mixed else Statevector
    np.savez(tmp_path / "q.npz", states=np.stack([kind(theirs).data] * 8), label=np.zeros(8, int))

    @qml.qnode(qml.device("default.qubit", wires=3))
    def ours() -> Any:
        qml.RY(0.3, 0)
        qml.RX(1.1, 2)
        qml.CNOT([0, 1])
        return qml.state()

    expected = torch.tensor(np.asarray(ours()))[None, :, None]
    for little_endian in (True, False):
        found = data.from_file(tmp_path / "q.npz", little_endian=little_endian)
        fidelity = found.train.states.fidelity(States(expected))
        assert bool((fidelity > 1 - 1e-9).all()) == little_endian
        assert ("LEAST" in found.notes[0]) == little_endian
        assert ("MOST" in found.notes[0]) != little_endian


def test_records_tell_that_the_states_beside_them_are_in_the_other_order(tmp_path: Path) -> None:
    """Qubit 0 is in |1>, qubit 1 in |0>; outcomes have a column per qubit in either order."""
    rng = np.random.default_rng(0)
    axis, bit = rng.integers(3, size=(N, 200, 2)), rng.integers(2, size=(N, 200, 2))
    bit[axis == 2] = np.broadcast_to([1, 0], axis.shape)[axis == 2]
    theirs = np.eye(4)[np.ones(N, int)]  # |01> of Qiskit
    path = tmp_path / "r.npz"
    np.savez(path, states=theirs, label=LABEL, outcome=2 * axis + bit)
    with pytest.raises(QganError, match=r"from the other end \(option data.little-endian\)") as it:
        data.from_file(path)
    assert it.value.choices == (("option", "data.little-endian"),)
    assert data.from_file(path, little_endian=True).train.records is not None
    bit[axis == 2] = 1
    np.savez(path, states=theirs, label=LABEL, outcome=2 * axis + bit)
    with pytest.raises(QganError, match=r"by the states\.$"):  # these fit in no order
        data.from_file(path)


def test_kets_of_qutip_are_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "kets.npz", states=vectors()[..., None], label=LABEL)
    assert (read_arrays(tmp_path / "kets.npz").arrays["states"] == vectors()).all()
    assert data.from_file(tmp_path / "kets.npz").rank == 1


def test_one_qubit_has_no_order(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", states=np.eye(2)[LABEL], label=LABEL)
    assert data.from_file(tmp_path / "one.npz").notes == ()


# -- files that are not read ---------------------------------------------------------------------


class Explosive:
    """An object whose pickle makes a file when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("a.qu", "of QuTiP's objects write numpy.savez"),
        ("a.pkl", "load it where it was made, and write numpy.savez"),
        ("a.pickle", "load it where it was made"),
        ("a.pt", "load it with torch, and write numpy.savez"),
        ("a.dat", "of QuTiP's objects write"),
    ],
)
def test_pickles_are_refused_with_what_to_do_and_never_run(
    tmp_path: Path, name: str, way: str
) -> None:
    mark = tmp_path / "ran"
    (tmp_path / name).write_bytes(pickle.dumps(Explosive(mark)))
    with pytest.raises(QganError, match=f"must hold no objects of Python.*{way}"):
        data.from_file(tmp_path / name)
    assert not mark.exists()


def test_pickles_inside_other_formats_are_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    bomb = np.empty(1, dtype=object)
    bomb[0] = Explosive(mark)
    np.savez(tmp_path / "a.npz", states=bomb, label=LABEL)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["states"] = np.void(pickle.dumps(Explosive(mark)))
        file["label"] = LABEL
    for name in ("a.npz", "a.h5"):
        with pytest.raises(QganError):
            data.from_file(tmp_path / name)
    assert not mark.exists()
