"""Data sources: exact states, parts that stay apart, files that are read back or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import eigsh
from torch.testing import assert_close

from qgan import data
from qgan.data.base import Batch, Dataset
from qgan.data.bell import depolarised
from qgan.data.ising_chain import IsingChain
from qgan.data.thermal import ThermalChain
from qgan.errors import QganError
from qgan.states import States

SMALL: dict[str, Any] = {"n_train": 40, "n_validation": 10, "n_held_out": 20}
Z = np.diag([1.0, -1.0])
X = np.array([[0.0, 1.0], [1.0, 0.0]])


def dense(n: int, h: float, g: float) -> np.ndarray[Any, Any]:
    """The Hamiltonian from Kronecker products, wire 0 first."""

    def on(site: int, *operators: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        left, right = np.eye(2**site), np.eye(2 ** (n - site - len(operators)))
        for operator in operators:
            left = np.kron(left, operator)
        return np.kron(left, right)

    bonds = sum(on(i, Z, Z) for i in range(n - 1))
    return np.asarray(-bonds - sum(h * on(i, X) + g * on(i, Z) for i in range(n)))


# -- ground and thermal states -------------------------------------------------------------------


@pytest.mark.parametrize("n", [2, 3, 4, 6, 8])
def test_ground_states_agree_with_dense_diagonalisation(n: int) -> None:
    rng = np.random.default_rng(n)
    chain = IsingChain(n)
    fields = [(h, 1e-3) for h in (0.1, 0.4, 0.7, 0.95, 3.0)]  # the first are nearly degenerate
    fields += [(rng.uniform(0.1, 3), rng.uniform(-1, 1)) for _ in range(6)]
    for h, g in fields:
        values, vectors = np.linalg.eigh(dense(n, h, g))
        energy, vector = chain.ground_state(h, g)
        assert_close(energy, float(values[0]), atol=1e-12, rtol=0)
        assert_close(float(vectors[:, 0] @ vector) ** 2, 1.0, atol=1e-12, rtol=0)
        assert_close(float(vector @ vector), 1.0, atol=1e-12, rtol=0)


def test_the_sign_that_the_solver_leaves_open_is_fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = IsingChain(3)
    expected = chain.ground_state(0.7, -0.2)[1]
    assert expected.min() > 0

    def turned(*args: Any, **settings: Any) -> Any:
        values, vectors = eigsh(*args, **settings)
        return values, -vectors

    monkeypatch.setattr("qgan.data.ising_chain.eigsh", turned)
    assert np.array_equal(chain.ground_state(0.7, -0.2)[1], expected)


@pytest.mark.parametrize("h", [0.2, 1.0, 2.5])
def test_two_qubits_have_a_closed_form(h: float) -> None:
    states = IsingChain(2).ground_states(np.array([[h, 0.0]]))
    root = (1 + 4 * h**2) ** 0.5
    expected = torch.tensor([[1 / root, 2 * h / root, 2 * h / root, 0.0]], dtype=torch.float64)
    assert_close(states.expval(["ZZ", "XI", "IX", "ZI"]), expected)
    assert_close(IsingChain(2).ground_state(h, 0.0)[0], -root)


def test_thermal_states_agree_with_the_matrix_exponential() -> None:
    temperature = np.array([0.3, 0.9, 2.0])
    rho = ThermalChain(3, 0.5).states(temperature).density_matrix()
    for t, found in zip(temperature, rho, strict=True):
        exponential = torch.matrix_exp(torch.from_numpy(-dense(3, 0.5, 0.0) / t))
        assert_close(found.real, exponential / exponential.trace())


def test_gibbs_is_one_state_of_the_published_purity_for_each_label() -> None:
    held_out = data.gibbs(**SMALL).held_out
    for label, purity in ((0, 0.26), (1, 0.74)):
        found = held_out.of(label).states.purity()
        assert_close(found, torch.full((20,), purity, dtype=torch.float64))


def test_gibbs_ensemble_has_the_temperature_and_the_field_it_says() -> None:
    train = data.gibbs_ensemble(**SMALL).train
    assert train.factors is not None
    for label, h in ((0, 0.5), (1, 1.5)):
        batch = train.of(label)
        assert batch.factors is not None
        expected = ThermalChain(3, h).states(batch.factors[:, 0].numpy())
        assert_close(batch.states.density_matrix(), expected.density_matrix())


def test_bell_states_lose_correlation_with_the_strength() -> None:
    train = data.bell(**SMALL).train
    assert train.factors is not None
    kept = (1 - train.factors) * torch.where(train.label == 0, 1, -1)[:, None]
    assert_close(train.states.expval(["ZZ", "XX"]), kept.expand(-1, 2))
    rho = depolarised(0, torch.tensor([0.4])).density_matrix()[0]
    bell = torch.tensor([1, 0, 0, 1], dtype=torch.complex128) / 2**0.5
    assert_close(rho, 0.6 * torch.outer(bell, bell) + 0.1 * torch.eye(4))


def test_level_crossing_leaves_a_gap_between_two_branches() -> None:
    train = data.level_crossing(**SMALL).train
    for label in (0, 1):
        batch = train.of(label)
        assert batch.factors is not None
        up = batch.factors[:, 1] > 0
        vectors = batch.states.factor[..., 0]
        across = (vectors[up].conj() @ vectors[~up].T).abs() ** 2
        within = (vectors[up].conj() @ vectors[up].T).abs() ** 2
        assert across.max() < 0.1 < 0.8 < within.min()
        assert 5 <= int(up.sum()) <= 35


# -- what every source keeps to ------------------------------------------------------------------

RANGES: dict[str, list[tuple[tuple[float, float], ...]]] = {
    "ising": [((0.3, 0.9), (-0.5, 0.5)), ((1.1, 2.0), (-1.0, 1.0))],
    "tfim": [((0.1, 0.95),), ((1.05, 3.0),)],
    "level-crossing": [((0.1, 0.3), (-0.5, 0.5)), ((0.4, 0.6), (-0.5, 0.5))],
    "gibbs": [(), ()],
    "gibbs-ensemble": [((0.3, 2.0),), ((0.3, 2.0),)],
    "bell": [((0.05, 0.6),), ((0.05, 0.6),)],
}


@pytest.mark.parametrize("name", data.SOURCES)
class TestEverySource:
    def test_parts_have_their_sizes_and_states_their_norm(self, name: str) -> None:
        found = data.SOURCES[name](**SMALL)
        assert (found.name, found.n_labels) == (name, 2)
        for part, size in ((found.train, 40), (found.validation, 10), (found.held_out, 20)):
            assert torch.bincount(part.label).tolist() == [size, size]
            part.states.check_normalised(1e-12)
            assert part.states.factor.dtype == torch.complex128

    def test_factors_fill_their_ranges_and_no_more(self, name: str) -> None:
        found = data.SOURCES[name](**SMALL)
        for label, ranges in enumerate(RANGES[name]):
            assert len(found.factor_names) == len(ranges)
            factors = found.train.of(label).factors
            for column, (low, high) in enumerate(ranges):
                assert factors is not None
                values = factors[:, column]
                assert low <= values.min() < low + 0.25 * (high - low)
                assert high - 0.25 * (high - low) < values.max() <= high

    def test_same_seed_same_data_another_seed_other_data(self, name: str) -> None:
        one, same, other = (data.SOURCES[name](**SMALL, seed=s) for s in (1, 1, 2))
        assert torch.equal(one.train.states.factor, same.train.states.factor)
        if name != "gibbs":
            apart = (one.train.states.factor - other.train.states.factor).abs().amax((1, 2))
            assert apart.min() > 0

    def test_parts_are_apart_and_do_not_depend_on_each_others_sizes(self, name: str) -> None:
        if name == "gibbs":
            return
        found = data.SOURCES[name](**SMALL)
        parts = [found.train, found.validation, found.held_out]
        factors = torch.cat([part.factors for part in parts if part.factors is not None])
        assert len(torch.unique(factors, dim=0)) == 140
        resized = data.SOURCES[name](n_train=5, n_validation=5, n_held_out=20)
        assert torch.equal(found.held_out.states.factor, resized.held_out.states.factor)

    @pytest.mark.parametrize("argument", ["n_train", "n_validation", "n_held_out", "n_qubits"])
    def test_a_size_of_nothing_is_refused(self, name: str, argument: str) -> None:
        with pytest.raises(QganError, match=rf"Argument `{argument}` must be .*, but got 0\.$"):
            data.SOURCES[name](**{**SMALL, argument: 0})

    def test_a_negative_seed_is_refused(self, name: str) -> None:
        with pytest.raises(QganError, match=r"`seed` must be at least 0, but got -1\.$"):
            data.SOURCES[name](**SMALL, seed=-1)

    def test_it_is_described_in_one_line(self, name: str) -> None:
        assert 20 < len(data.DESCRIPTIONS[name]) < 100


def test_defaults_are_the_published_ones() -> None:
    found = data.ising(n_validation=1)
    assert (len(found.train), len(found.held_out), found.n_qubits) == (4096, 2048, 4)
    assert found.label_names == ("ordered", "disordered")
    assert data.tfim(**SMALL, n_qubits=6).n_qubits == 6


# -- batches and data sets -----------------------------------------------------------------------


def ramp(counts: list[int]) -> Batch:
    """One-qubit states whose factor tells them apart, with so many of each label."""
    n = sum(counts)
    angle = torch.linspace(0.1, 1.5, n, dtype=torch.float64)
    vectors = torch.stack([angle.cos(), angle.sin()], 1).to(torch.complex128)
    label = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Batch(States(vectors[..., None]), label, angle[:, None])


def dataset(counts: list[int]) -> Dataset:
    batch = ramp(counts)
    values = tuple(range(len(counts)))
    return Dataset(batch, batch, batch, values, tuple(map(str, values)), ("angle",), "ramp")


def test_a_batch_keeps_states_labels_and_factors_together() -> None:
    batch = ramp([3, 4])
    for index in (torch.tensor([6, 0, 2]), batch.label == 1, slice(2, 5)):
        part = batch[index]
        assert part.factors is not None
        assert_close(part.states.factor[:, 0, 0].real, part.factors[:, 0].cos())
        assert torch.equal(part.label, batch.label[index])
    assert len(batch.of(1)) == 4


def test_draws_are_balanced_and_reach_every_state() -> None:
    found = dataset([2, 5, 90])
    rng = np.random.default_rng(0)
    seen: set[float] = set()
    extra = torch.zeros(3, dtype=torch.int64)
    for _ in range(300):
        batch = found.draw(7, rng)
        assert batch.factors is not None
        counts = torch.bincount(batch.label, minlength=3)
        assert sorted(counts.tolist()) == [2, 2, 3]
        extra += counts - 2
        assert_close(batch.states.factor[:, 1, 0].real, batch.factors[:, 0].sin())
        seen |= set(batch.factors[:, 0].tolist())
    assert len(seen) == 97
    assert extra.min() > 70


def test_draws_depend_on_the_stream_alone() -> None:
    found = dataset([9, 9])
    one, same, other = (found.draw(64, np.random.default_rng(s)).factors for s in (3, 3, 4))
    assert one is not None and same is not None and other is not None
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_another_precision_reaches_all_parts_and_spares_the_factors() -> None:
    single = dataset([7, 7]).to(torch.complex64)
    for part in (
        single.train,
        single.validation,
        single.held_out,
        single.draw(4, np.random.default_rng()),
    ):
        assert part.factors is not None
        assert (part.states.factor.dtype, part.factors.dtype) == (torch.complex64, torch.float64)


def test_split_is_disjoint_complete_and_by_label() -> None:
    batch = ramp([7, 100])
    parts = data.split(batch, seed=0)
    assert [torch.bincount(p.label).tolist() for p in parts] == [[5, 70], [1, 15], [1, 15]]
    factors = torch.cat([p.factors for p in parts if p.factors is not None])
    assert batch.factors is not None
    assert torch.equal(factors.sort(0).values, batch.factors)
    again, other = data.split(batch, seed=0)[2], data.split(batch, seed=1)[2]
    assert torch.equal(parts[2].states.factor, again.states.factor)
    assert not torch.equal(parts[2].states.factor, other.states.factor)


def test_split_refuses_a_label_of_six() -> None:
    with pytest.raises(QganError, match=r"`label` must have at least 7 .* but got 6 of class 1\.$"):
        data.split(ramp([8, 6]), seed=0)


def test_data_that_do_not_fit_together_are_refused() -> None:
    batch = ramp([3, 4])
    with pytest.raises(QganError, match=r"`label` must have an entry for each of the 7 states"):
        Batch(batch.states, batch.label[:5])
    with pytest.raises(QganError, match=r"`label_names` must have a name for each of the 2"):
        Dataset(batch, batch, batch, (0, 1), ("a",), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`factor_names` must have a name for each of the 1"):
        Dataset(batch, batch, batch, (0, 1), ("a", "b"), (), "ramp")
    with pytest.raises(QganError, match=r"`label` must be from 0 to 0, but got \[0, 1\]"):
        Dataset(batch, batch, batch, (0,), ("a",), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`train` must have states of each label, but got none"):
        Dataset(batch.of(1), batch, batch, (0, 1), ("a", "b"), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`batch_size` must be at least 1, but got 0"):
        dataset([3, 4]).draw(0, np.random.default_rng(0))


# -- files ---------------------------------------------------------------------------------------


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
    "few of a label": (
        changed("label", lambda a: np.arange(16) < 6),
        r"`label` must have at least 7 states of each label, but got 6 of True",
    ),
    "no state": (
        {"states": np.zeros((0, 4)), "label": np.zeros(0)},
        r"`label` must have at least 7 states of each label, but got no states at all",
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
        r"`factor_names` must be 1 strings, one a factor, but got shape \(2,\)",
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

    def full(file: Any, **arrays: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("qgan.data.file.np.savez", full)
    with pytest.raises(QganError, match=r"`path` must be writable.*No space left on device"):
        data.write_file(path, ramp([3]).states, [0, 0, 0], torch.zeros(3, 1))
    assert [p.name for p in tmp_path.iterdir()] == ["f.npz"]
    assert path.read_bytes() == b"old"
