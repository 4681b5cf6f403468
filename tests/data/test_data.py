"""Data sources: exact states, ranges and sizes as published, parts that stay apart."""

from typing import Any

import numpy as np
import pytest
import torch
from contracts import check_that_a_stranger_is_reported, check_whole_family
from scipy.sparse.linalg import eigsh
from torch.testing import assert_close

from qgan import build, data
from qgan.data.bell import depolarised
from qgan.data.ising_chain import IsingChain
from qgan.data.thermal import ThermalChain
from qgan.errors import QganError

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


@pytest.mark.parametrize("n", [1, 2, 3])
def test_basis_has_the_state_that_its_label_names(n: int) -> None:
    found = data.basis(n, 3, 1, 2)
    assert found.label_names == tuple(format(k, f"0{n}b") for k in range(2**n))
    for part, size in ((found.train, 3), (found.validation, 1), (found.held_out, 2)):
        expected = torch.eye(2**n, dtype=torch.complex128).repeat_interleave(size, 0)
        assert torch.equal(part.states.factor[..., 0], expected)
        assert torch.equal(part.label, torch.arange(2**n).repeat_interleave(size))


def test_level_crossing_leaves_a_gap_between_two_branches() -> None:
    train = data.level_crossing(**SMALL).train
    for label in (0, 1):
        batch = train.of(label)
        assert batch.factors is not None
        up = batch.factors[:, 1] > 0
        vectors = batch.states.factor[..., 0]
        across = (vectors[up].conj() @ vectors[~up].T).abs() ** 2
        within = (vectors[up].conj() @ vectors[up].T).abs() ** 2
        assert across.max() < 0.1
        assert within.min() > 0.8
        assert 5 <= int(up.sum()) <= 35


# -- what every source keeps to ------------------------------------------------------------------

RANGES: dict[str, list[tuple[tuple[float, float], ...]]] = {
    "ising": [((0.3, 0.9), (-0.5, 0.5)), ((1.1, 2.0), (-1.0, 1.0))],
    "tfim": [((0.1, 0.95),), ((1.05, 3.0),)],
    "level-crossing": [((0.1, 0.3), (-0.5, 0.5)), ((0.4, 0.6), (-0.5, 0.5))],
    "gibbs": [(), ()],
    "gibbs-ensemble": [((0.3, 2.0),), ((0.3, 2.0),)],
    "bell": [((0.05, 0.6),), ((0.05, 0.6),)],
    "basis": [(), ()],
    "xxz": [((-0.8, 0.8),), ((1.2, 3.0),)],
    "topological": [((-1.0, -0.05),), ((0.05, 1.0),)],
    "dicke": [((0.0, 2 * np.pi),)] * 2,
    "noise": [((0.05, 0.6),)] * 3,
    "ghz-phase": [((0.0, 6.2832),), ((0.0, 6.2832),)],
}
FIXED = {"gibbs", "basis"}
"""Sources that draw nothing: every state of a label is the same."""
PLACE = "RANGES in tests/data/test_data.py"


def test_every_registered_source_is_under_the_contract() -> None:
    check_whole_family(build.SOURCES, RANGES, PLACE)


def test_a_source_without_a_case_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stranger_is_reported(monkeypatch, build.SOURCES, RANGES, PLACE)


@pytest.mark.parametrize("name", build.SOURCES)
class TestEverySource:
    def test_parts_have_their_sizes_and_states_their_norm(self, name: str) -> None:
        found = build.SOURCES.find(name).make(**SMALL)
        n_labels = len(RANGES[name])
        assert (found.name, found.n_labels) == (name, n_labels)
        for part, size in ((found.train, 40), (found.validation, 10), (found.held_out, 20)):
            assert torch.bincount(part.label).tolist() == [size] * n_labels
            part.states.check_normalised(1e-12)
            assert part.states.factor.dtype == torch.complex128

    def test_factors_fill_their_ranges_and_no_more(self, name: str) -> None:
        found = build.SOURCES.find(name).make(**SMALL)
        for label, ranges in enumerate(RANGES[name]):
            assert len(found.factor_names) == len(ranges)
            factors = found.train.of(label).factors
            for column, (low, high) in enumerate(ranges):
                assert factors is not None
                values = factors[:, column]
                assert low <= values.min() < low + 0.25 * (high - low)
                assert high - 0.25 * (high - low) < values.max() <= high

    def test_same_seed_same_data_another_seed_other_data(self, name: str) -> None:
        one, same, other = (build.SOURCES.find(name).make(**SMALL, seed=s) for s in (1, 1, 2))
        assert torch.equal(one.train.states.factor, same.train.states.factor)
        if name not in FIXED:
            apart = (one.train.states.factor - other.train.states.factor).abs().amax((1, 2))
            assert apart.min() > 0

    def test_parts_are_apart_and_do_not_depend_on_each_others_sizes(self, name: str) -> None:
        if name in FIXED:
            return
        found = build.SOURCES.find(name).make(**SMALL)
        parts = [found.train, found.validation, found.held_out]
        factors = torch.cat([part.factors for part in parts if part.factors is not None])
        assert len(torch.unique(factors, dim=0)) == 70 * found.n_labels
        resized = build.SOURCES.find(name).make(n_train=5, n_validation=5, n_held_out=20)
        assert torch.equal(found.held_out.states.factor, resized.held_out.states.factor)

    @pytest.mark.parametrize("argument", ["n_train", "n_validation", "n_held_out", "n_qubits"])
    def test_a_size_of_nothing_is_refused(self, name: str, argument: str) -> None:
        with pytest.raises(QganError, match=rf"Argument `{argument}` must be .*, but got 0\.$"):
            build.SOURCES.find(name).make(**{**SMALL, argument: 0})

    def test_a_negative_seed_is_refused(self, name: str) -> None:
        with pytest.raises(QganError, match=r"`seed` must be at least 0, but got -1\.$"):
            build.SOURCES.find(name).make(**SMALL, seed=-1)

    def test_it_is_described_in_one_line(self, name: str) -> None:
        assert 20 < len(build.SOURCES.find(name).line) < 100


def test_defaults_are_the_published_ones() -> None:
    found = data.ising(n_validation=1)
    assert (len(found.train), len(found.held_out), found.n_qubits) == (4096, 8192, 4)
    assert found.label_names == ("ordered", "disordered")
    assert data.tfim(**SMALL, n_qubits=6).n_qubits == 6
