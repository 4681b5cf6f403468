"""Families of Hamiltonians that a user describes in a file."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tolerances import EXACT
from torch.testing import assert_close

from qgan import build, data
from qgan.config import DataConfig, Experiment
from qgan.data.hamiltonian import Hamiltonian, from_hamiltonian
from qgan.data.ising_chain import IsingChain
from qgan.data.pauli_family import PauliFamily
from qgan.data.thermal import ThermalChain
from qgan.errors import QganError
from qgan.stored import fit

CHAIN: dict[str, Any] = {
    "qubits": 3,
    "terms": [
        {"word": "ZZ", "coefficient": -1},
        {"word": "X", "coefficient": {"h": -1}},
        {"word": "Z", "coefficient": {"constant": -0.25, "h": 0.0}},
    ],
    "labels": {"weak": {"h": [0.3, 0.9]}, "strong": {"h": [1.1, 2.0]}},
    "states": {"train": 5, "validation": 2, "held_out": 3},
}


def load(text: str, folder: Path) -> data.Dataset:
    path = folder / "chain.yaml"
    path.write_text(text)
    return build.load_data(Experiment(data=DataConfig(file=path), seed=2))


def test_a_file_gives_the_ground_states_it_describes(tmp_path: Path) -> None:
    text = """
qubits: 3
terms:
  - {word: ZZ, coefficient: -1}
  - {word: X, coefficient: {h: -1}}
  - {word: Z, coefficient: {constant: -0.25}}
labels:
  weak: {h: [0.3, 0.9]}
  strong: {h: [1.1, 2.0]}
states: {train: 5, validation: 2, held_out: 3}
"""
    found = load(text, tmp_path)
    assert (found.name, found.label_names, found.factor_names) == (
        "chain", ("weak", "strong"), ("h",)
    )  # fmt: skip
    assert [len(found.part(part)) for part in ("train", "validation", "held_out")] == [10, 4, 6]
    assert found.train.factors is not None
    fields = np.stack([found.train.factors[:, 0].numpy(), np.full(10, 0.25)], axis=1)
    expected = IsingChain(3).ground_states(fields)
    assert_close(found.train.states.fidelity(expected), torch.ones(10).double(), **EXACT)


def test_thermal_states_are_those_of_the_chain() -> None:
    description = CHAIN | {"terms": CHAIN["terms"][:2], "temperature": "T"}
    description["labels"] = {"one": {"h": [1.0, 1.0], "T": [0.5, 2.0]}}
    found = from_hamiltonian(fit(description, Hamiltonian, "chain.yaml"), "chain")
    assert found.train.factors is not None
    expected = ThermalChain(3, 1.0).states(found.train.factors[:, 1].numpy())
    assert_close(found.train.states.density_matrix(), expected.density_matrix())
    with pytest.raises(QganError, match="`words` must act on at most 6 qubits for thermal states"):
        PauliFamily(["Z" * 7], [1.0], [[]]).thermal_states(np.zeros((1, 0)), np.ones(1))


def test_a_word_may_stand_at_one_place_and_a_chain_may_be_a_ring() -> None:
    ring = CHAIN | {"boundary": "periodic", "terms": [{"word": "ZZ"}, {"word": "Y", "at": 2}]}
    assert fit(ring, Hamiltonian, "ring.yaml").family().words == ("ZZI", "IZZ", "ZIZ", "IIY")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"qubits": 13}, "`qubits` must be less than or equal to 12, but got 13"),
        ({"terms": []}, "`terms` must have at least 1 entries"),
        ({"terms": [{"word": "ZQ"}]}, "`terms.0.word` must .*, but got 'ZQ'"),
        ({"terms": [{"word": "ZZZZ"}]}, "`terms.0.word` must fit on 3 qubits, but got ZZZZ"),
        ({"terms": [{"word": "ZZ", "at": 2}]}, "`terms.0.word` must fit on 3 qubits"),
        (
            {"terms": [{"word": "Z", "coefficient": {"g": 1}}]},
            "`terms.0.coefficient` must name factors of the labels, or constant, but got g",
        ),
        ({"labels": {}}, "`labels` must have at least 1 entries"),
        (
            {"labels": {"a": {"h": [0, 1]}, "b": {"g": [0, 1]}}},
            "`labels.b` must name the factors of the first label, h, but got g",
        ),
        (
            {"labels": {"a": {"h": [1, 0]}}},
            "`labels.a.h` must be the lowest and the highest value",
        ),
        ({"temperature": "T"}, "`temperature` must name a factor of the labels, but got T"),
        ({"temperature": "h", "labels": {"a": {"h": [0, 1]}}}, "`labels.a.h` must be above 0"),
        ({"temperature": 1, "qubits": 7}, "`qubits` must be at most 6 for thermal states"),
        ({"extra": 1}, "`extra`"),
    ],
)
def test_what_does_not_fit_is_named_with_its_file(change: dict[str, Any], message: str) -> None:
    with pytest.raises(QganError, match=f"File chain.yaml: {message}"):
        fit(CHAIN | change, Hamiltonian, "chain.yaml")


def test_a_degenerate_family_says_what_to_add(tmp_path: Path) -> None:
    text = "qubits: 2\nterms: [{word: ZZ, coefficient: -1}]\nlabels: {a: {}}\n"
    with pytest.raises(QganError, match="where the ground state is unique; a small term breaks"):
        load(text, tmp_path)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(QganError, match=r"must be a file that exists, but got nowhere\.yaml"):
        build.load_data(Experiment(data=DataConfig(file=Path("nowhere.yaml"))))
