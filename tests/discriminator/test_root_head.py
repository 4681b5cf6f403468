"""The head that compares roots of states."""

from __future__ import annotations

import pytest
import torch
from small_circuits import random_states
from step_contexts import context
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from qgan.build import build_discriminator, build_objective
from qgan.build.settings import parse
from qgan.data import measured, tfim
from qgan.discriminator import Discriminator, LinearHead, RootHead
from qgan.discriminator.roots import square_root
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.metrics import bures_distance
from qgan.terms import R1, GradientPenalty
from qgan.views import DensityView

N = 2
LABEL = torch.arange(6) % 2


def head(seed: int = 0) -> RootHead:
    return RootHead(DensityView(N), 2, (8,), torch.Generator().manual_seed(seed)).double()


@pytest.mark.parametrize("rank", [1, 2, 4])
def test_the_root_squares_to_the_state(rank: int) -> None:
    rho = random_states(6, N, rank).density_matrix()
    root = square_root(rho)
    assert_close(root @ root, rho, **EXACT)
    assert torch.linalg.eigvalsh(root).min() > -1e-7
    assert_close(square_root(rho.to(torch.complex64)).to(rho) @ root, rho, rtol=0.0, atol=1e-3)


def test_the_slope_of_the_root() -> None:
    """Of states of full rank, twice an eigenvalue among them, against finite differences."""
    mixed = 0.2 * random_states(2, N, 2).density_matrix() + 0.8 * torch.eye(4) / 4
    rho = torch.cat([mixed, torch.diag(torch.tensor([0.4, 0.2, 0.2, 0.2]))[None] + 0j])

    def of(matrix: Tensor) -> Tensor:
        return square_root((matrix + matrix.mH) / 2)

    assert torch.autograd.gradcheck(of, (rho.requires_grad_(),))


def test_the_slope_is_finite_at_a_pure_state() -> None:
    factor = random_states(2, N, 1).factor.requires_grad_()
    (gradient,) = torch.autograd.grad(square_root(factor @ factor.mH).abs().sum(), factor)
    assert torch.isfinite(torch.view_as_real(gradient)).all()


def test_distances_of_coordinates_are_those_of_the_bures_metric() -> None:
    """``D_B <= ||sqrt(rho) - sqrt(sigma)||_2 <= sqrt(2) D_B``; they are entries of the root."""
    a, b = random_states(6, N, 4), random_states(6, N, 2, seed=1)
    view, made = DensityView(N), head()
    roots = [made.coordinates(view(states, LABEL)) for states in (a, b)]
    apart = torch.linalg.vector_norm(roots[0] - roots[1], dim=1)
    assert_close(roots[0], view.entries(square_root(a.density_matrix())), **EXACT)
    bures = bures_distance(a, b)
    assert (apart >= bures - 1e-7).all() and (apart <= 2**0.5 * bures + 1e-7).all()


def test_scores() -> None:
    """One a state; of its label; the seed repeats; single precision follows double."""
    features = DensityView(N)(random_states(6, N, 3), LABEL)
    scores = head()(features, LABEL)
    assert scores.shape == (6,) and torch.equal(scores, head()(features, LABEL))
    assert not torch.allclose(scores, head(1)(features, LABEL))
    assert not torch.allclose(scores, head()(features, 1 - LABEL))
    single = head().float()(features.float(), LABEL)
    assert_close(single.double(), scores, rtol=0.0, atol=10 * SINGLE["atol"])


def test_records_are_refused() -> None:
    """Their estimates are no positive matrices."""
    settings = parse({"discriminator": {"head": "root"}})
    data = measured(tfim(N, n_train=4, n_validation=1, n_held_out=1), 10, "pauli-6", 0)
    with pytest.raises(QganError, match=r"Head RootHead: .* which MeasuredView does not give"):
        build_discriminator(settings, data, BatchedEngine(), build_objective(settings))


@pytest.mark.parametrize(
    ("term", "penalty"),
    [(GradientPenalty(), 40.0), (GradientPenalty(at="ends"), 40.0), (R1(), 4.5)],
    ids=["interpolated", "ends", "r1"],
)
def test_penalties_take_the_slope_of_the_score_in_the_root(
    term: GradientPenalty | R1, penalty: float
) -> None:
    """A score of slope 3 in the root: ``10 (3 - 1)^2`` and ``3^2 / 2``, whatever the states."""
    made = head()
    linear = LinearHead(16, 2).double()
    linear.weight.data *= 3 / torch.linalg.vector_norm(linear.weight.data, dim=1, keepdim=True)
    made.network = linear  # type: ignore[assignment]
    made.input_gradient = lambda *_: None  # type: ignore[method-assign]
    discriminator = Discriminator(made.view, made)
    seen = context(discriminator, random_states(6, N, 4), random_states(6, N, 3, seed=1), LABEL)
    found = term.discriminator_term(seen)
    assert found is not None
    assert_close(found, torch.tensor(penalty).double(), **EXACT)
    found.backward()
    assert linear.weight.grad is not None and linear.weight.grad.abs().max() > 0
