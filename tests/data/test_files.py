"""Files of states: read back as they were written, or refused in one line."""

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from qgan import data
from qgan.batch import Batch
from qgan.errors import QganError, QganWarning
from qgan.states import States

SMALL: dict[str, Any] = {"n_train": 40, "n_validation": 10, "n_held_out": 20}


def ramp(counts: list[int]) -> Batch:
    """One-qubit states whose factor tells them apart, with so many of each label."""
    n = sum(counts)
    angle = torch.linspace(0.1, 1.5, n, dtype=torch.float64)
    vectors = torch.stack([angle.cos(), angle.sin()], 1).to(torch.complex128)
    label = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Batch(States(vectors[..., None]), label, angle[:, None])


def test_pure_states_survive_the_file(tmp_path: Path) -> None:
    batch = data.ising(**SMALL).train
    path = tmp_path / "pure.npz"
    data.write_file(path, batch.states, batch.label, torch.zeros(80, 2))
    with np.load(path) as archive:
        assert archive["states"].shape == (80, 16)
        assert archive["latent"].shape == (80, 2)
    found = data.from_file(path)
    assert (found.name, found.rank, found.label_values, found.factor_names) == (
        "pure",
        1,
        (0, 1),
        (),
    )
    assert [len(p) for p in (found.train, found.validation, found.held_out)] == [56, 12, 12]
    for label in (0, 1):
        overlap = (
            batch.of(label).states.factor[..., 0].conj()
            @ found.train.of(label).states.factor[..., 0].T
        )
        assert_close((overlap.abs() ** 2).amax(0), torch.ones(28, dtype=torch.float64))


def test_mixed_states_and_their_factors_survive_the_file(tmp_path: Path) -> None:
    batch = data.depolarised_bell(20, seed=3)
    assert batch.factors is not None
    states = batch.states.to(torch.complex64)
    data.write_file(tmp_path / "a.npz", states, batch.label, batch.factors)
    with np.load(tmp_path / "a.npz") as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "b.npz", **arrays, factors=batch.factors.numpy(), factor_names=["p"])
    found = data.from_file(tmp_path / "b.npz", seed=5)
    assert (found.rank, found.factor_names) == (4, ("p",))
    for part in (found.train, found.validation, found.held_out):
        assert part.factors is not None
        kept = (1 - part.factors[:, 0]) * torch.where(part.label == 0, 1, -1)
        assert_close(part.states.expval(["ZZ"])[:, 0], kept, atol=1e-5, rtol=0)


def test_pure_states_written_as_matrices_in_single_precision_are_read_as_pure(
    tmp_path: Path,
) -> None:
    batch = data.tfim(**SMALL).train
    rho = batch.states.to(torch.complex64).density_matrix().numpy()
    np.savez(tmp_path / "rho.npz", states=rho, label=batch.label.numpy())
    found = data.from_file(tmp_path / "rho.npz")
    assert found.rank == 1
    found.train.states.check_normalised(1e-12)


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (["dog", "cat"], ("cat", "dog")),
        ([7, -3], (-3, 7)),
        ([0.25, 1.5], (0.25, 1.5)),
        ([True, False], (False, True)),
    ],
)
def test_original_label_values_are_kept(
    tmp_path: Path, values: list[Any], kept: tuple[Any, ...]
) -> None:
    vectors = np.eye(2)[np.arange(20) % 2]
    label = np.array(values)[np.arange(20) % 2]
    np.savez(tmp_path / "f.npz", states=vectors, label=label)
    found = data.from_file(tmp_path / "f.npz")
    assert found.label_values == kept
    assert found.label_names == tuple(str(value) for value in kept)
    first = kept.index(values[0])  # label values[0] goes with |0>, values[1] with |1>
    assert (found.train.of(first).states.factor[:, 0, 0] == 1).all()
    assert (found.train.of(1 - first).states.factor[:, 1, 0] == 1).all()


def good() -> dict[str, Any]:
    batch = data.depolarised_bell(8)
    assert batch.factors is not None
    return {
        "states": batch.states.numpy(),
        "label": batch.label.numpy(),
        "factors": batch.factors.numpy(),
    }


def changed(key: str, change: Callable[[Any], Any]) -> dict[str, Any]:
    arrays = good()
    return {**arrays, key: change(arrays[key])}


def with_entry(array: Any, index: Any, value: Any) -> Any:
    array = array.copy()
    array[index] = value
    return array


BAD_FILES: dict[str, tuple[dict[str, Any], str]] = {
    "no states": ({"psi": np.eye(4)}, r"`path` must hold an array `states`.*with \['psi'\]"),
    "no label": (
        {"states": np.eye(4), "lable": np.arange(4)},
        r"`path` must hold an array `label`.*with \['states', 'lable'\]",
    ),
    "one axis": (changed("states", lambda a: a[:, 0, 0]), r"`states` must have shape .*\(16,\)"),
    "not square": (
        changed("states", lambda a: a[:, :2]),
        r"`states` must have shape .*\(16, 2, 4\)",
    ),
    "three levels": (
        changed("states", lambda a: a[:, :3, :3]),
        r"`states` must have a dimension that is a power of two, 2 at least, but got 3 in shape",
    ),
    "words": (changed("states", lambda a: a.astype(str)), r"`states` must hold numbers.*dtype <U"),
    "nan": (
        changed("states", lambda a: with_entry(a, (3, 0, 0), np.nan)),
        r"`states` must hold finite numbers, but got NaN or inf at index 3",
    ),
    "trace": (
        changed("states", lambda a: with_entry(a, 5, 1.2 * a[5])),
        r"`states` must be normalised, but got trace 1\.2 at index 5",
    ),
    "norm": (
        {"states": np.eye(4)[np.arange(14) % 4] * 1.1, "label": np.zeros(14)},
        r"`states` must be normalised, but got trace 1\.21 at index",
    ),
    "not Hermitian": (
        changed("states", lambda a: with_entry(a, (2, 0, 1), 0.1)),
        r"`states` must be Hermitian",
    ),
    "not positive": (
        changed("states", lambda a: with_entry(a, 4, np.diag([1.5, -0.5, 0, 0]))),
        r"`states` must be positive, but got eigenvalue -5\.00e-01",
    ),
    "short label": (changed("label", lambda a: a[:9]), r"`label` must have shape \(16,\).*\(9,\)"),
    "label column": (changed("label", lambda a: a[:, None]), r"`label` must have shape \(16,\)"),
    "complex label": (changed("label", lambda a: a * 1j), r"`label` must hold .*dtype complex128"),
    "label nan": (changed("label", lambda a: a * np.nan), r"`label` must hold finite numbers"),
    "no state": (
        {"states": np.zeros((0, 4)), "label": np.zeros(0)},
        r"`label` must have at least one state, but got no states at all",
    ),
    "conditions": (
        {"states": np.eye(2)[np.zeros(65, int)], "label": np.linspace(0, 1, 65)},
        r"`label` must have at most 64 distinct values where they are real numbers, but got 65",
    ),
    "short factors": (changed("factors", lambda a: a[:3]), r"`factors` must have shape \(16, k\)"),
    "flat factors": (changed("factors", lambda a: a[:, 0]), r"`factors` must have shape \(16, k\)"),
    "factors nan": (changed("factors", lambda a: a * np.nan), r"`factors` must hold finite real"),
    "names": (
        {**good(), "factor_names": np.array(["p", "q"])},
        r"`factor_names` must be 1 strings, one per factor, but got shape \(2,\)",
    ),
    "flat periods": (
        {**good(), "factor_periods": np.ones((1, 1))},
        r"`factor_periods` must have shape \(1,\), .*, but got shape \(1, 1\), dtype float64",
    ),
    "periods": (
        {**good(), "factor_periods": np.ones(2)},
        r"`factor_periods` must have shape \(1,\), a number for each factor, but got shape \(2,\)",
    ),
    "negative period": (
        {**good(), "factor_periods": np.array([-1.0])},
        r"`factor_periods` must have a positive number",
    ),
    "endless period": (
        {**good(), "factor_periods": np.array([np.inf])},
        r"`factor_periods` must have a positive number",
    ),
    "period in words": (
        {**good(), "factor_periods": np.array(["2 pi"])},
        r"`factor_periods` must have shape \(1,\), .*, but got shape \(1,\), dtype <U4",
    ),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, case: str) -> None:
    arrays, message = BAD_FILES[case]
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(QganError, match=message) as caught:
        data.from_file(tmp_path / "bad.npz")
    assert "\n" not in str(caught.value)


def test_the_good_file_is_not_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "good.npz", **good())
    assert data.from_file(tmp_path / "good.npz").factor_names == ("f0",)


@pytest.mark.parametrize(
    ("periods", "expected"),
    [([6.5], 6.5), ([4], 4.0), ([0], None), ([0.0], None), ([np.nan], None)],
)
def test_a_file_says_which_factors_are_angles(
    tmp_path: Path, periods: list[float], expected: float | None
) -> None:
    np.savez(tmp_path / "angle.npz", **good(), factor_periods=periods)
    assert data.from_file(tmp_path / "angle.npz").factor_periods == (expected,)
    assert data.halves(tmp_path / "angle.npz").factor_periods == (expected,)
    bare = {key: value for key, value in good().items() if key != "factors"}
    np.savez(tmp_path / "bare.npz", **bare, factor_periods=periods)
    assert data.from_file(tmp_path / "bare.npz").factor_periods == ()


@pytest.mark.parametrize("content", [b"", b"states, label\n", b"PK\x03\x04 cut short", None])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "x.npz"
    if content is None:
        with path.open("wb") as file:
            np.save(file, np.eye(2))
    else:
        path.write_bytes(content)
    with pytest.raises(QganError, match=r"`path` must be a readable \.npz file .*x\.npz\.$"):
        data.from_file(path)


def test_pickled_objects_are_refused_and_not_run(tmp_path: Path) -> None:
    label = np.array([{}] * 8, dtype=object)
    np.savez(tmp_path / "o.npz", states=np.eye(2)[np.zeros(8, int)], label=label)
    with pytest.raises(QganError, match=r"`path` must be .* without pickled objects"):
        data.from_file(tmp_path / "o.npz")


@pytest.mark.parametrize("name", ["absent.npz", "."])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(QganError, match=r"`path` must be a file that exists, but got "):
        data.from_file(tmp_path / name)


def test_a_negative_seed_is_refused_before_the_file_is_read(tmp_path: Path) -> None:
    with pytest.raises(QganError, match=r"`seed` must be at least 0"):
        data.from_file(tmp_path / "absent.npz", seed=-1)


def test_writing_refuses_what_could_not_be_read_back_and_leaves_nothing(tmp_path: Path) -> None:
    states = ramp([3]).states
    latent = torch.zeros(3, 1)
    with pytest.raises(QganError, match=r"`label` must have shape \(3,\), but got \(2,\)"):
        data.write_file(tmp_path / "f.npz", states, [0, 1], latent)
    with pytest.raises(QganError, match=r"`label` must hold integers, .* dtype object"):
        data.write_file(tmp_path / "f.npz", states, [None, 0, 1], latent)
    with pytest.raises(
        QganError, match=r"`latent` must have shape \(3, n_latent\), but got \(2, 1\)"
    ):
        data.write_file(tmp_path / "f.npz", states, [0, 0, 0], latent[:2])
    for path in (tmp_path, tmp_path / "absent" / "f.npz"):
        with pytest.raises(QganError, match=r"`path` must be a file in a folder that exists"):
            data.write_file(path, states, [0, 0, 0], latent)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.npz"
    path.write_bytes(b"old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qgan.files.os.fsync", full)
    with pytest.raises(QganError, match=r"^File .*f\.npz cannot be written: No space left on"):
        data.write_file(path, ramp([3]).states, [0, 0, 0], torch.zeros(3, 1))
    assert [p.name for p in tmp_path.iterdir()] == ["f.npz"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(("turns", "told"), [(1.0, False), (57.3, True)])
def test_a_period_in_other_units_than_its_factor_is_told(
    tmp_path: Path, turns: float, told: bool
) -> None:
    arrays = good()
    factors = torch.linspace(0, 2 * math.pi * turns, len(arrays["label"]))[:, None].numpy()
    arrays = {**arrays, "factors": factors, "factor_periods": [2 * math.pi]}
    np.savez(tmp_path / "angle.npz", **arrays)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data.from_file(tmp_path / "angle.npz")
    lines = [str(one.message) for one in caught if issubclass(one.category, QganWarning)]
    words = "reach over 57.3 of its periods in `factor_periods`, 6.28319: is that in the units"
    assert [words in line for line in lines] == [True] * told
