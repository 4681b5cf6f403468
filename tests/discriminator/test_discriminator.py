"""The contract of heads, and each in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
import torch
from contracts import check_that_a_stranger_is_reported, check_whole_family
from small_circuits import random_states
from tolerances import EXACT, SINGLE
from torch import Tensor, nn
from torch.testing import assert_close

from qgan import build
from qgan.discriminator import (
    AuxiliaryHead,
    BoundedLinearHead,
    Discriminator,
    Head,
    IdentityHead,
    LinearHead,
    MinibatchHead,
    MLPHead,
    PotentialsHead,
    ProjectionHead,
    RootHead,
)
from qgan.errors import QganError
from qgan.metrics import trace_distance
from qgan.views import DensityView, PauliView, POVMView, View

K, LABELS = 6, 3
PLACE = "HEADS in tests/discriminator/test_discriminator.py"


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def entry(n: int = 7, seed: int = 3, n_features: int = K) -> tuple[Tensor, Tensor]:
    features = torch.randn(n, n_features, dtype=torch.float64, generator=random(seed))
    return features, torch.arange(n) % LABELS


def one_number() -> tuple[Tensor, Tensor]:
    """What the identity head reads."""
    return entry(n_features=1)


def density_entries() -> tuple[Tensor, Tensor]:
    """What a head that needs the state reads."""
    label = torch.arange(7) % LABELS
    return DensityView(1)(random_states(7, 1, 2), label), label


class Case(NamedTuple):
    """A head under the contract: from a seed to the head, and what it reads.

    ``is_trained`` says whether the head has weights, which come from the seed.
    """

    make: Callable[[int], Head]
    entry: Callable[[], tuple[Tensor, Tensor]] = entry
    is_trained: bool = True


def bounded(seed: int) -> Head:
    def bounds(weights: Tensor) -> tuple[Tensor, Tensor]:
        most = weights.abs().sum(-1)
        return -most, most

    return BoundedLinearHead(bounds, K, LABELS, rng=random(seed))


def potentials(seed: int) -> Head:
    return PotentialsHead(PauliView(1, 1).operator, 3, LABELS, random(seed))


HEADS = {
    "linear": Case(lambda seed: LinearHead(K, LABELS, random(seed))),
    "bounded-linear": Case(bounded),
    "identity": Case(lambda seed: IdentityHead(1), one_number, is_trained=False),
    "mlp": Case(lambda seed: MLPHead(K, LABELS, (8,), random(seed))),
    "mlp, spectral": Case(lambda seed: MLPHead(K, LABELS, (8,), random(seed), spectral=True)),
    "projection": Case(lambda seed: ProjectionHead(K, LABELS, (8,), random(seed))),
    "projection, spectral": Case(lambda seed: ProjectionHead(K, LABELS, (8,), random(seed), True)),
    "auxiliary": Case(lambda seed: AuxiliaryHead(K, LABELS, (8,), random(seed))),
    "minibatch": Case(lambda seed: MinibatchHead(K, LABELS, (8,), random(seed))),
    "minibatch, spectral": Case(lambda seed: MinibatchHead(K, LABELS, (8,), random(seed), True)),
    "potentials": Case(potentials, lambda: entry(n_features=3)),
    "root": Case(
        lambda seed: RootHead(DensityView(1), LABELS, (8,), random(seed)), density_entries
    ),
}
each_head = pytest.mark.parametrize("case", HEADS.values(), ids=HEADS)


def test_every_registered_head_is_under_the_contract() -> None:
    check_whole_family(build.HEADS, HEADS, PLACE)


def test_a_head_without_a_case_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stranger_is_reported(monkeypatch, build.HEADS, HEADS, PLACE)


@each_head
def test_one_score_a_state_and_a_seed_repeats(case: Case) -> None:
    features, label = case.entry()
    one, again, other = (case.make(seed).double()(features, label) for seed in (0, 0, 1))
    assert one.shape == (7,) and one.dtype == torch.float64
    assert torch.equal(one, again)
    assert (not torch.allclose(one, other)) is case.is_trained


@each_head
def test_every_parameter_is_used(case: Case) -> None:
    head, (features, label) = case.make(0).double(), case.entry()
    assert bool(list(head.parameters())) is case.is_trained
    loss = head(features, label).square().sum()
    if head.classifies:
        loss = loss + head.classify(features).square().sum()
    if head.has_potentials:
        loss = loss + head.difference(features, label).square().sum()
    for parameter in head.parameters():
        (gradient,) = torch.autograd.grad(loss, parameter, retain_graph=True, allow_unused=True)
        assert gradient is not None and gradient.abs().max() > 0


@each_head
def test_what_a_head_says_of_itself(case: Case) -> None:
    """The score of one state and label, or not; the label seen, or not."""
    head, (features, label) = case.make(0).double().eval(), case.entry()
    assert isinstance(head, Head)
    scores = head(features, label)
    assert_close(head.score_at(head.coordinates(features), label), scores, **EXACT)
    alone = torch.cat([head(features[[k]], label[[k]]) for k in range(len(features))])
    assert torch.allclose(alone, scores) is head.per_sample
    order = torch.tensor([3, 5, 0, 6, 1, 2, 4])
    assert_close(head(features[order], label[order]), scores[order], **EXACT)
    moved = head(features, (label + 1) % LABELS)
    assert (not torch.allclose(moved, scores)) is head.sees_label


@each_head
def test_what_only_some_heads_have(case: Case) -> None:
    """A guess of the label, a second observable: there as declared, else refused."""
    head, (features, label) = case.make(0).double(), case.entry()
    if head.classifies:
        assert head.classify(features).shape == (7, LABELS)
    else:
        with pytest.raises(QganError, match=rf"Head {type(head).__name__}: .* guess of the label"):
            head.classify(features)
    if head.has_potentials:
        assert head.difference(features, label).shape == (7,)
        for matrix in head.potentials(label[0]):
            assert_close(matrix, matrix.mH, **EXACT)
    else:
        for ask in (lambda: head.difference(features, label), lambda: head.potentials(label[0])):
            with pytest.raises(QganError, match="second observable"):
                ask()


@each_head
def test_a_second_derivative_exists(case: Case) -> None:
    """What a gradient penalty asks of a head, in the coordinates in which it takes the slope."""
    head, (features, label) = case.make(0).double(), case.entry()
    points = head.coordinates(features).detach().requires_grad_()
    (slope,) = torch.autograd.grad(head.score_at(points, label).sum(), points, create_graph=True)
    closed_form = head.input_gradient(points.detach(), label)
    if closed_form is not None:
        assert_close(closed_form, slope, **EXACT)
    assert slope.requires_grad is case.is_trained
    if case.is_trained:
        slope.square().sum().backward()
        first = next(head.parameters())
        assert first.grad is not None and torch.isfinite(first.grad).all()


@each_head
def test_single_precision_follows_double(case: Case) -> None:
    features, label = case.entry()
    single = case.make(0)(features.float(), label)
    assert_close(single.double(), case.make(0).double()(features, label), **SINGLE)


# Bounded observables.


@pytest.mark.parametrize("view", [DensityView(2), PauliView(2, 2), POVMView(2, "pauli-6")])
@pytest.mark.parametrize(("scale", "spread"), [(0.01, 1.0), (3.0, 1.0), (3.0, 2.0)])
def test_bounded_head_is_lipschitz_in_the_trace_distance(
    view: View, scale: float, spread: float
) -> None:
    """``|D(rho) - D(sigma)| <= spread T``, and an orthogonal pair reaches it."""
    head = BoundedLinearHead(view.bounds, view.n_features, 2, spread, random())
    discriminator = Discriminator(view.double(), head.double())
    head.weight.data *= scale * view.n_features
    label = torch.arange(300) % 2
    a, b = random_states(300, 2, 1), random_states(300, 2, 2, seed=1)
    with torch.no_grad():
        gap = (discriminator(a, label) - discriminator(b, label)).abs()
        weight, bias = head.observable()
        low, high = view.bounds(weight)
    assert (gap <= spread * trace_distance(a, b) + 1e-9).all()
    assert ((low + bias).abs() <= spread / 2 + 1e-9).all()
    assert ((high + bias).abs() <= spread / 2 + 1e-9).all()
    if scale > 1:
        largest = torch.maximum((low + bias).abs(), (high + bias).abs())
        assert_close(largest, torch.full_like(largest, spread / 2), **EXACT)


def test_bounded_head_leaves_small_observables_alone() -> None:
    view, states = DensityView(1), random_states(4, 1, 1)
    head = BoundedLinearHead(view.bounds, 4, 1).double()
    head.weight.data = torch.tensor([[0.3, -0.3, 0.0, 0.0]], dtype=torch.float64)
    expected = 0.3 * states.expval(["Z"]).squeeze(1)
    found = Discriminator(view, head)(states, torch.zeros(4, dtype=torch.int64))
    assert_close(found, expected, **EXACT)


# Networks.


@pytest.mark.parametrize("head", [MLPHead, AuxiliaryHead])
def test_spectral_heads_have_slope_one_at_most(head: Any) -> None:
    made = head(K, LABELS, (32, 32), random(), spectral=True).double()
    for parameter in made.parameters():
        parameter.data *= 50.0
    for _ in range(100):  # each evaluation in training is a step of the power iteration
        made(*entry())
    features, label = entry(200)
    features.requires_grad_()
    (slope,) = torch.autograd.grad(made(features, label).sum(), features)
    assert torch.linalg.vector_norm(slope, dim=1).max() <= 1 + 1e-3
    assert made.lipschitz and not head(K, LABELS, (4,)).lipschitz


def test_projection_head_adds_an_inner_product_with_the_label() -> None:
    head, (features, _) = ProjectionHead(K, LABELS, (8,), random()).double(), entry()
    inner = head.phi(features)
    zero, one = (head(features, torch.full((7,), k)) for k in (0, 1))
    weight, bias = head.embedding.weight, head.embedding.bias
    expected = inner @ (weight[1] - weight[0]) + bias[1] - bias[0]
    assert_close(one - zero, expected, **EXACT)


def test_minibatch_statistics_tell_a_collapsed_batch() -> None:
    """Equal states are as close as can be: 1; states far apart: 0; other labels do not count."""
    head = MinibatchHead(K, LABELS, (8,), random(), n_kernels=2).double()
    for parameter in head.score.parameters():
        nn.init.zeros_(parameter)
    head.score.weight.data[0, -2:] = 0.5  # the mean of the two statistics is the score
    same = entry()[0][:1].expand(4, -1)
    apart = 1e3 * entry(4)[0]
    one = torch.zeros(4, dtype=torch.int64)
    assert_close(head(same, one), torch.ones(4, dtype=torch.float64), **EXACT)
    assert head(apart, one).abs().max() < 1e-6
    assert_close(head(same, torch.tensor([0, 0, 1, 2])), torch.tensor([1.0, 1, 0, 0]).double())


def test_a_head_that_compares_is_shown_each_kind_by_itself() -> None:
    head, (features, label) = MinibatchHead(K, LABELS, (8,), random()).double(), entry(12)
    discriminator = Discriminator(DensityView(1), head)
    found = discriminator.scores(features, label, 4)
    expected = torch.cat([head(features[k : k + 4], label[k : k + 4]) for k in (0, 4, 8)])
    assert_close(found, expected, **EXACT)
    assert not torch.allclose(head(features, label), expected)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: IdentityHead(2), "`n_features` must be 1 for the identity head, but got 2"),
        (lambda: AuxiliaryHead(K, 1), "`n_labels` must be at least 2 to be guessed, but got 1"),
        (lambda: ProjectionHead(K, 2, ()), "`hidden` must be widths of at least 1"),
        (lambda: MLPHead(K, 2, (4, 0)), "`hidden` must be widths of at least 1"),
        (
            lambda: BoundedLinearHead(DensityView(1).bounds, 4, 2, 0.0),
            "`spread` must be above 0, but got 0.0",
        ),
        (
            lambda: bounded(0)(torch.zeros(1, K), torch.zeros(1, LABELS)),
            "must be classes for the bounded head",
        ),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(QganError, match=message):
        make()


@pytest.mark.parametrize("hidden", [(3,), (8, 5, 4)])
def test_input_gradient_in_closed_form_is_autograds(hidden: tuple[int, ...]) -> None:
    """The gradient itself, and that of a penalty on it with respect to the weights."""
    head = MLPHead(4, 2, hidden, torch.Generator().manual_seed(1)).double()
    features = torch.randn(6, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    label = torch.arange(6) % 2
    at = features.clone().requires_grad_()
    (expected,) = torch.autograd.grad(head(at, label).sum(), at, create_graph=True)
    found = head.input_gradient(features, label)
    assert found is not None
    assert_close(found, expected, **EXACT)
    weights = [w for name, w in head.named_parameters() if name.endswith("weight")]
    ours, theirs = (
        torch.autograd.grad((g.norm(dim=1) - 1).square().mean(), weights) for g in (found, expected)
    )
    assert_close(ours, theirs, **EXACT)


def test_input_gradient_of_normalised_layers_is_left_to_autograd() -> None:
    head = MLPHead(4, 2, (3,), torch.Generator().manual_seed(1), spectral=True)
    assert head.input_gradient(torch.zeros(1, 4), torch.tensor([0])) is None
