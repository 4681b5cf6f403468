"""Numbers read off states by compiled loops, against dense matrices and operations of torch."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from small_circuits import random_states, values_by_matrices
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from qgan import pauli
from qgan.engines.batched import reading
from qgan.engines.batched.numba_loops import chunks
from qgan.errors import QganError
from qgan.pauli import pauli_words, z_words
from qgan.records import Records
from qgan.states import States
from qgan.views import DensityView, PauliView

Read = Callable[[Tensor], Tensor]


def entries(rho: Tensor) -> Tensor:
    """The entries of matrices, as their definition says."""
    dimension = rho.shape[-1]
    pairs = [(i, j) for i in range(dimension) for j in range(i + 1, dimension)]
    above = torch.stack([rho[:, i, j] for i, j in pairs], 1)
    diagonal = torch.stack([rho[:, i, i].real for i in range(dimension)], 1)
    return torch.cat([diagonal, math.sqrt(2) * above.real, math.sqrt(2) * above.imag], 1)


def density(factor: Tensor) -> Tensor:
    view = DensityView(factor.shape[1].bit_length() - 1)
    return view(States(factor), torch.zeros(len(factor), dtype=torch.int64))


def words_of_weight_two(factor: Tensor) -> Tensor:
    n = factor.shape[1].bit_length() - 1
    return PauliView(n, min(n, 2))(States(factor), torch.zeros(len(factor), dtype=torch.int64))


def mixed_words(factor: Tensor) -> Tensor:
    """The identity, a word twice, odd and even numbers of Y, in no order."""
    n = factor.shape[1].bit_length() - 1
    letters = ("I", "Y", "X", "Y", "Z", "I")
    return reading.values_of_words(factor, [(letter + "YXZ" * n)[:n] for letter in letters])


def words_of_z(factor: Tensor) -> Tensor:
    n = factor.shape[1].bit_length() - 1
    return reading.values_of_words(factor, z_words(n, min(n, 2)))


def words_by_matrices(factor: Tensor, read: Read) -> Tensor:
    rho, n = factor @ factor.mH, factor.shape[1].bit_length() - 1
    if read is words_of_weight_two:
        return values_by_matrices(rho, pauli_words(n, min(n, 2)))
    if read is words_of_z:
        return values_by_matrices(rho, z_words(n, min(n, 2)))
    return values_by_matrices(rho, [(letter + "YXZ" * n)[:n] for letter in "IYXYZI"])


def oracle(factor: Tensor, read: Read) -> Tensor:
    return entries(factor @ factor.mH) if read is density else words_by_matrices(factor, read)


READERS = (density, words_of_weight_two, words_of_z, mixed_words)
each_reader = pytest.mark.parametrize("read", READERS)


@each_reader
@pytest.mark.parametrize(("n", "batch"), [(1, 1), (2, 70), (3, 33), (5, 3)])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_values_and_gradients_are_those_of_matrices(
    read: Read, n: int, batch: int, rank: int
) -> None:
    """Batches of one chunk and of several; pure and mixed states."""
    factor = random_states(batch, n, rank).factor.requires_grad_()
    ours, theirs = read(factor), oracle(factor, read)
    assert_close(ours, theirs, **EXACT)
    mix = torch.linspace(-1, 1, ours.numel(), dtype=torch.float64).view_as(ours)
    slopes = [torch.autograd.grad((v * mix).sum(), factor)[0] for v in (ours, theirs)]
    assert_close(*slopes, **EXACT)


@pytest.mark.parametrize("n", [12, 13])
def test_words_of_states_of_several_tiles(n: int) -> None:
    factor = random_states(2, n, 1).factor.requires_grad_()
    words = [word for word in pauli_words(n, 2) if word.count("I") == n - 2][::29]
    ours, theirs = reading.values_of_words(factor, words), pauli.expval(factor, words)
    assert_close(ours, theirs, **EXACT)
    slopes = [torch.autograd.grad(v.square().sum(), factor)[0] for v in (ours, theirs)]
    assert_close(*slopes, **EXACT)


@each_reader
@pytest.mark.parametrize("rank", [1, 2])
def test_gradients_can_be_differentiated_again(read: Read, rank: int) -> None:
    factor = random_states(2, 2, rank).factor.requires_grad_()
    assert torch.autograd.gradcheck(read, (factor,))
    assert torch.autograd.gradgradcheck(read, (factor,))


@each_reader
@pytest.mark.parametrize("rank", [1, 2])
def test_single_precision_is_near_double(read: Read, rank: int) -> None:
    factor = random_states(40, 3, rank).factor
    leaf = factor.to(torch.complex64).requires_grad_()
    values = read(leaf)
    assert values.dtype == torch.float32
    assert_close(values.double(), oracle(factor, read), **SINGLE)
    (slope,) = torch.autograd.grad(values.square().sum(), leaf)
    exact = factor.clone().requires_grad_()
    (expected,) = torch.autograd.grad(oracle(exact, read).square().sum(), exact)
    assert_close(slope.to(torch.complex128), expected, **SINGLE)


@each_reader
def test_the_same_states_give_the_same_bits(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice, and on two threads."""

    def bits() -> list[Tensor]:
        factor = random_states(70, 3, 1).to(torch.complex64).factor.requires_grad_()
        values = read(factor)
        return [values, *torch.autograd.grad(values.square().sum(), factor)]

    alone, again = bits(), bits()
    monkeypatch.setattr(chunks, "LEAST_WORK", 0)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    for one, other, together in zip(alone, again, bits(), strict=True):
        assert torch.equal(one, other) and torch.equal(one, together)


@each_reader
def test_conjugates_and_strides_are_read_as_they_are(read: Read) -> None:
    factor = random_states(3, 2, 1).factor
    strided = torch.stack([factor, factor], -1)[..., 1]
    assert not strided.is_contiguous() and factor.conj().is_conj()
    assert_close(read(strided), oracle(factor, read), **EXACT)
    assert_close(read(factor.conj()), oracle(factor.conj(), read), **EXACT)
    leaf = factor.clone().requires_grad_()
    (slope,) = torch.autograd.grad(read(leaf.conj()).square().sum(), leaf)
    (expected,) = torch.autograd.grad(oracle(leaf.conj(), read).square().sum(), leaf)
    assert_close(slope, expected, **EXACT)


@each_reader
def test_no_states_give_no_rows(read: Read) -> None:
    factor = torch.zeros(0, 4, 1, dtype=torch.complex128, requires_grad=True)
    values = read(factor)
    assert len(values) == 0
    values.sum().backward()
    assert factor.grad is not None and factor.grad.shape == factor.shape


def test_a_matrix_that_came_with_the_states_is_what_is_read() -> None:
    """Gradients flow through it and not through the factor."""
    rho = random_states(3, 2, 1).density_matrix().requires_grad_()
    states = States.from_density_matrix(rho)
    assert states.keeps_matrix and states.is_pure and not States(states.factor).keeps_matrix
    values = DensityView(2)(states, torch.zeros(3, dtype=torch.int64))
    mix = torch.linspace(-1, 1, 16, dtype=torch.float64)
    slopes = [torch.autograd.grad((v @ mix).sum(), rho)[0] for v in (values, entries(rho))]
    assert_close(*slopes, **EXACT)


def test_records_are_read_as_their_estimates() -> None:
    states = random_states(4, 2, 1)
    outcome = torch.zeros(4, 3, 2, dtype=torch.int64)
    records = Records.of_random_paulis(outcome + 2, outcome)
    label = torch.zeros(len(states), dtype=torch.int64)
    assert_close(DensityView(2)(records, label), entries(records.density_matrix()), **EXACT)
    words = list(pauli_words(2, 2))
    assert torch.equal(PauliView(2, 2)(records, label), records.expval(words))


def test_words_that_do_not_fit_are_refused() -> None:
    with pytest.raises(QganError, match="Pauli words of length 2 over I, X, Y, Z, but got ZA"):
        reading.values_of_words(random_states(1, 2, 1).factor, ["ZZ", "ZA"])
    assert reading.values_of_words(random_states(3, 2, 1).factor, []).shape == (3, 0)
