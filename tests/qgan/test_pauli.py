"""Pauli words: which there are, and their expectation values against Kronecker products."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_circuits import random_states, values_by_matrices
from tolerances import EXACT, SINGLE
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.pauli import check_words, expval, pauli_words, z_words


@pytest.mark.parametrize(("n", "k"), [(1, 1), (2, 2), (3, 2), (4, 3), (4, 4)])
def test_number_of_words(n: int, k: int) -> None:
    words = pauli_words(n, k)
    weights = [n - word.count("I") for word in words]
    assert len(words) == len(set(words)) == sum(math.comb(n, w) * 3**w for w in range(1, k + 1))
    assert weights == sorted(weights)
    assert {len(word) for word in words} == {n}
    assert (min(weights), max(weights)) == (1, k)
    assert z_words(n, k) == tuple(word for word in words if set(word) <= {"I", "Z"})
    assert len(z_words(n, k)) == sum(math.comb(n, w) for w in range(1, k + 1))


@pytest.mark.parametrize("k", [0, 3])
def test_weight_out_of_range_is_refused(k: int) -> None:
    with pytest.raises(QganError, match=f"`max_weight` must be from 1 to n_qubits=2, but got {k}"):
        pauli_words(2, k)


@pytest.mark.parametrize("word", ["Z", "ZZZ", "ZA", "zz"])
def test_wrong_words_are_refused(word: str) -> None:
    with pytest.raises(
        QganError, match=rf"Pauli words of length 2 over I, X, Y, Z, but got {word}"
    ):
        check_words(["ZZ", word], 2)
    with pytest.raises(QganError, match=word):
        expval(torch.ones(1, 4, 1, dtype=torch.complex128), [word])


def test_single_qubit_states_on_the_axes() -> None:
    root = 0.5**0.5
    vectors = [[1, 0], [0, 1], [root, root], [root, -root], [root, 1j * root], [root, -1j * root]]
    factor = torch.tensor(vectors, dtype=torch.complex128).unsqueeze(-1)
    axes = [[0, 0, 1], [0, 0, -1], [1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]]
    expected = torch.tensor(axes, dtype=torch.float64)
    assert_close(expval(factor, ["X", "Y", "Z"]), expected, **EXACT)


def test_wire_0_is_the_first_letter_and_the_most_significant_bit() -> None:
    factor = torch.eye(8, dtype=torch.complex128)[4].reshape(1, 8, 1)  # |100>
    expected = torch.tensor([[-1.0, 1.0, 1.0]], dtype=torch.float64)
    assert_close(expval(factor, ["ZII", "IZI", "IIZ"]), expected, **EXACT)


letters = st.text("IXYZ", min_size=3, max_size=3)


@given(st.lists(letters, max_size=6), st.integers(1, 4), st.integers(0, 1000))
def test_any_words_of_any_states(words: list[str], rank: int, seed: int) -> None:
    states = random_states(2, 3, rank, seed)
    found = expval(states.factor, words)
    assert found.shape == (2, len(words))
    if words:
        expected = values_by_matrices(states.density_matrix(), words)
        assert_close(found, expected, **EXACT)
        single = expval(states.factor.to(torch.complex64), words)
        assert single.dtype == torch.float32
        assert_close(single.double(), expected, **SINGLE)


@pytest.mark.parametrize("words", [["ZI", "ZZ"], ["XY", "ZI", "YY", "II"], ["XX"]])
def test_gradient(words: list[str]) -> None:
    factor = random_states(2, 2, 2).factor.requires_grad_()
    assert torch.autograd.gradcheck(lambda a: expval(a, words), (factor,))
