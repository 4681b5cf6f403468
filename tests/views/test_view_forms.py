"""Each view in closed form, and what it refuses."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from small_circuits import random_states, values_by_matrices
from tolerances import EXACT
from torch.testing import assert_close
from view_cases import ENGINE, labelled, plain

from circuits import ConditionalReadout, Registers, SwapTest
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import States
from qgan.views import (
    POVMS,
    CircuitView,
    DensityView,
    PauliView,
    POVMView,
    SwapTestView,
    TwoCopyView,
    View,
    tensor_product,
)

# Density view.


@pytest.mark.parametrize("n", [1, 2, 3])
def test_density_view_is_isometric(n: int) -> None:
    view, label = DensityView(n), torch.zeros(4, dtype=torch.int64)
    a, b = random_states(4, n, 1), random_states(4, n, 2, seed=1)
    difference = a.density_matrix() - b.density_matrix()
    expected = torch.linalg.matrix_norm(difference)
    assert_close(
        torch.linalg.vector_norm(view(a, label) - view(b, label), dim=1), expected, **EXACT
    )


def test_density_view_of_one_qubit() -> None:
    """Diagonal, then root 2 times the real and the imaginary part above it."""
    root = 0.5**0.5
    states = States(torch.tensor([[[root], [1j * root]]], dtype=torch.complex128))  # Y = +1
    expected = torch.tensor([[0.5, 0.5, 0.0, -root]], dtype=torch.float64)
    assert_close(DensityView(1)(states, torch.tensor([0])), expected, **EXACT)


# Pauli view.


def test_pauli_view_of_bell_states() -> None:
    root = 0.5**0.5
    vectors = torch.tensor([[root, 0, 0, root], [0, root, -root, 0]], dtype=torch.complex128)
    view = PauliView(2, 2)
    features = view(States(vectors.unsqueeze(-1)), torch.zeros(2, dtype=torch.int64))
    expected = torch.zeros(2, 15, dtype=torch.float64)
    for word, values in {"XX": (1, -1), "YY": (-1, -1), "ZZ": (1, -1)}.items():
        expected[:, view.words.index(word)] = torch.tensor(values, dtype=torch.float64)
    assert_close(features, expected, **EXACT)


def test_pauli_view_reads_its_words() -> None:
    states, view = random_states(3, 3, 2), PauliView(3, 2)
    expected = values_by_matrices(states.density_matrix(), view.words)
    assert view.words == pauli_words(3, 2)
    assert_close(view(states, torch.zeros(3, dtype=torch.int64)), expected, **EXACT)


# POVM view.


@pytest.mark.parametrize("kind", POVMS)
def test_povm_elements_are_positive_and_sum_to_one(kind: str) -> None:
    view = POVMView(1, kind)
    elements = view.operator(torch.eye(view.n_features, dtype=torch.float64))
    assert torch.linalg.eigvalsh(elements).min() > -1e-12
    assert_close(elements.sum(0), torch.eye(2, dtype=torch.complex128), **EXACT)
    assert torch.linalg.matrix_rank(elements.flatten(1)) == 4  # informationally complete


@pytest.mark.parametrize("kind", POVMS)
def test_povm_probabilities_are_those_of_tensor_products(kind: str) -> None:
    states, label = random_states(3, 2, 2), torch.zeros(3, dtype=torch.int64)
    one, view = POVMView(1, kind), POVMView(2, kind)
    elements = one.operator(torch.eye(one.n_features, dtype=torch.float64))
    pairs = torch.stack([torch.kron(a, b) for a in elements for b in elements])
    expected = torch.einsum("kij,bji->bk", pairs, states.density_matrix()).real
    found = view(states, label)
    assert_close(found, expected, **EXACT)
    assert_close(found.sum(1), torch.ones(3, dtype=torch.float64), **EXACT)


def test_tetrahedral_elements_are_symmetric() -> None:
    """``Tr[M_a M_b] = (2 delta_ab + 1) / 12``: four directions, equally far apart."""
    elements = POVMView(1, "tetrahedral").operator(torch.eye(4, dtype=torch.float64))
    gram = torch.einsum("aij,bji->ab", elements, elements).real
    expected = (2 * torch.eye(4, dtype=torch.float64) + 1) / 12
    assert_close(gram, expected, **EXACT)


# Swap-test view.


@pytest.mark.parametrize("rank", [1, 2])
def test_swap_test_at_its_start_is_the_overlap(rank: int) -> None:
    states, references = random_states(3, 2, rank), random_states(4, 2, rank, seed=5)
    view = SwapTestView(SwapTest(Registers(4)), references, 2, engine=ENGINE)
    label = torch.tensor([0, 1, 1])
    rho, sigma = states.density_matrix(), references.density_matrix().unflatten(0, (2, 2))
    expected = torch.einsum("bij,bkji->bk", rho, sigma[label]).real
    assert_close(view.double()(states, label), expected, **EXACT)


class NoisySwapTest(SwapTest):
    """Each entangling gate leaves an unknown phase on its wires."""

    def __call__(self, weights: Any, inputs: Any) -> None:
        super().__call__(weights + torch.tensor([0.4, -0.3], dtype=torch.float64), inputs)


def test_swap_test_undoes_a_coherent_error() -> None:
    """Rotations that restore the overlap exist, and training finds them."""
    states = random_states(16, 1, 1)
    label = torch.zeros(16, dtype=torch.int64)
    exact = SwapTestView(SwapTest(Registers(2)), states[:1], 1, engine=ENGINE).double()
    noisy = SwapTestView(NoisySwapTest(Registers(2)), states[:1], 1, engine=ENGINE).double()
    assert (noisy(states, label) - exact(states, label)).abs().max() > 0.01
    optimiser = torch.optim.LBFGS(noisy.parameters(), max_iter=100, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = (noisy(states, label) - exact(states, label)).square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    assert (noisy(states, label) - exact(states, label)).abs().max() < 1e-4


def test_swap_test_is_of_classes() -> None:
    view = SwapTestView(SwapTest(Registers(4)), random_states(2, 2, 1), 2)
    with pytest.raises(QganError, match="must be classes"):
        view(random_states(1, 2, 1), torch.zeros(1, 2))


# Two-copy view.


def test_tensor_product_is_of_density_matrices() -> None:
    a, b = random_states(2, 1, 2), random_states(2, 2, 1, seed=1)
    pairs = zip(a.density_matrix(), b.density_matrix(), strict=True)
    expected = torch.stack([torch.kron(x, y) for x, y in pairs])
    assert_close(tensor_product(a, b).density_matrix(), expected, **EXACT)


def test_two_copies_tell_ensembles_of_one_average_apart() -> None:
    """|0>, |1> by turns and |+>, |-> by turns: one copy sees I/2 of both."""
    z = torch.eye(2, dtype=torch.complex128)
    x = torch.tensor([[1, 1], [1, -1]], dtype=torch.complex128) / math.sqrt(2)
    ensembles = [States(basis.unsqueeze(-1)) for basis in (z, x)]
    label = torch.zeros(2, dtype=torch.int64)
    one, two = PauliView(1, 1), TwoCopyView(ConditionalReadout(Registers(2)), 1, engine=ENGINE)
    for view, told in ((one, False), (two.double(), True)):
        means = [view(states, label).mean(0) for states in ensembles]
        assert bool((means[0] - means[1]).abs().max() > 0.05) is told


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: CircuitView(plain(), 2, n_circuits=0),
            "`n_circuits` must be at least 1, but got 0",
        ),
        (lambda: CircuitView(plain(), 2, ["ZZZ"]), "Pauli words of length 2 .* but got ZZZ"),
        (lambda: CircuitView(labelled(), 3), r"`n_labels` must be at most 2\*\*1"),
        (lambda: PauliView(2, 2, n_words=16), "`n_words` must be from 1 to 15, .* but got 16"),
        (lambda: POVMView(2, "sic"), "`povm` must be one of pauli-4, .* but got 'sic'"),
        (lambda: TwoCopyView(ConditionalReadout(Registers(3)), 2), "must read an even number"),
        (lambda: SwapTestView(plain(), random_states(2, 2, 1), 2), "must read 4 qubits"),
        (
            lambda: SwapTestView(SwapTest(Registers(4)), random_states(3, 2, 1), 2),
            "`references` must be equally many for each of the 2 labels, but got 3",
        ),
        (lambda: PauliView(2, 3), "`max_weight` must be from 1 to n_qubits=2, but got 3"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], View], message: str) -> None:
    with pytest.raises(QganError, match=message):
        make()


@pytest.mark.parametrize("make", [lambda: DensityView(2), lambda: PauliView(2, 1)])
def test_states_of_another_width_are_refused(make: Callable[[], View]) -> None:
    for n in (1, 3):
        with pytest.raises(QganError, match="must"):
            make()(random_states(1, n, 1), torch.tensor([0]))
