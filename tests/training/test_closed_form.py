"""The contract of the closed form: what autograd finds, for each head and objective it serves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import small_games
import torch
from small_games import SHORT, losses, weights
from torch.testing import assert_close

from circuits import ConditionalReadout, Registers
from qgan import Discriminator, Trainer, build
from qgan.discriminator import LinearHead, MLPHead, ProjectionHead
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.objectives import Objective, Wasserstein
from qgan.terms import R1, GradientPenalty, InstanceNoise, StepContext, Term, WeightClipping
from qgan.training.closed_form import ClosedForm
from qgan.views import CircuitView, DensityView, View

DOUBLE = BatchedEngine(precision="double")
TERMS: dict[str, tuple[Term, ...]] = {
    "none": (),
    "interpolated": (GradientPenalty(3.0),),
    "ends": (GradientPenalty(3.0, at="ends"),),
    "r1": (R1(2.0),),
    "clip": (WeightClipping(0.1),),
}


def readout_view() -> View:
    """A fixed view that sees the label: real states with wrong labels look different in it."""
    registers = Registers(output=2, label=1)
    return CircuitView(
        ConditionalReadout(registers, n_layers=1), 2, engine=DOUBLE, n_circuits=2, trainable=False
    )


def trainer(
    gradient: str,
    objective: Objective | None = None,
    terms: Sequence[Term] = (GradientPenalty(),),
    *,
    hidden: tuple[int, ...] = (8,),
    view: View | None = None,
    share: float = 0.2,
    **config: Any,
) -> Trainer:
    view = view or DensityView(2)
    head = MLPHead(view.n_features, 2, hidden, torch.Generator().manual_seed(1))
    return Trainer(
        small_games.generator("reuploading", DOUBLE).double(),
        Discriminator(view, head).double(),
        small_games.data(),
        objective or Wasserstein(),
        terms,
        SHORT.model_copy(update={"gradient": gradient, **config}),
        mismatched_share=share,
    )


def assert_same_update(game: Trainer) -> None:
    """Loss and gradients of one round, from the same chance, with compiled loops and without."""
    for compiled in (True, False):
        assert_same_gradients(game, ClosedForm(game.game, compiled))


def assert_same_gradients(game: Trainer, closed_form: ClosedForm) -> None:
    for batch, drawn, fixed in game.critic_batches():
        before = game.rng.get_state()
        closed = closed_form.loss(fixed, game.rng)
        after = game.rng.get_state()
        game.rng.set_state(before)
        loss = torch.stack(list(game.critic_loss(batch, drawn, fixed).values())).sum()
        assert torch.equal(after, game.rng.get_state())
        assert closed is not None
        assert_close(closed, loss.detach())
        parameters = list(game.discriminator.head.parameters())
        expected = torch.autograd.grad(loss, parameters, materialize_grads=True)
        for parameter, gradient in zip(parameters, expected, strict=True):
            assert_close(closed_form.gradients[parameter], gradient)


SCORED = [
    name
    for name in build.OBJECTIVES
    if build.build_objective(build.parse({"objective": name})).reads in ("logits", "critic")
]


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_each_objective(name: str, share: float) -> None:
    objective = build.build_objective(build.parse({"objective": name}))
    assert_same_update(trainer("closed-form", objective, share=share))


@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("hidden", [(8,), (5, 7), (6, 5, 4)])
def test_each_penalty_and_depth(terms: str, hidden: tuple[int, ...]) -> None:
    objective = build.build_objective(build.parse({"objective": "non-saturating"}))
    assert_same_update(trainer("closed-form", objective, TERMS[terms], hidden=hidden))


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_a_view_that_sees_the_label(share: float) -> None:
    game = trainer("closed-form", view=readout_view(), share=share)
    assert game.discriminator.view.sees_label
    assert_same_update(game)


def test_a_slope_of_zero_has_no_gradient() -> None:
    game = trainer("closed-form")
    with torch.no_grad():
        for parameter in game.discriminator.head.parameters():
            parameter.zero_()
    assert_same_update(game)


@pytest.mark.parametrize("objective", ["wasserstein", "hinge"])
def test_a_hundred_steps(objective: str) -> None:
    made = build.build_objective(build.parse({"objective": objective}))
    one, other = (trainer(g, made, steps=100, average=0.9) for g in ("closed-form", "autograd"))
    closed, expected_losses = losses(one), losses(other)
    assert np.allclose(closed[:, :2], expected_losses[:, :2], rtol=1e-6, atol=1e-9)
    assert (closed[:, 2] == 1).all() and (expected_losses[:, 2] == 0).all()
    expected = weights(other)
    for name, value in weights(one).items():
        assert_close(value, expected[name], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("at", [1, 4])
def test_interrupted_equals_uninterrupted_bit_for_bit(at: int) -> None:
    whole, first, second = (trainer("closed-form") for _ in range(3))
    expected = losses(whole)
    for _ in range(at):
        first.train_step()
    second.load_state_dict(first.state_dict())
    assert np.array_equal(losses(second), expected[at:])
    for name, value in weights(whole).items():
        assert torch.equal(weights(second)[name], value)


def test_auto_takes_it_where_it_serves_and_the_settings_say_so() -> None:
    assert trainer("auto").config.gradient == "closed-form"
    assert trainer("auto", terms=(GradientPenalty(), InstanceNoise())).config.gradient == "autograd"
    assert trainer("autograd").closed_form is None


class Odd(Wasserstein):
    """A loss of its own beside the inherited gradients of another."""

    def discriminator_loss(self, **scores: Any) -> torch.Tensor:
        return super().discriminator_loss(**scores) + (scores["real"] ** 2).mean()


class Push(Term):
    """A term that the closed form does not know."""

    def discriminator_term(self, context: StepContext) -> torch.Tensor:
        return context.fake_scores.square().mean()


class Steep(GradientPenalty):
    """A penalty whose summand is its own."""

    def discriminator_term(self, context: StepContext) -> torch.Tensor:
        return context.fake_scores.square().mean()


class Twice(MLPHead):
    """A head that is a perceptron no more."""

    def forward(self, features: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(features, label)


class Constant(Wasserstein):
    """A loss that does not depend on the scores; the penalty alone moves the head."""

    def discriminator_loss(self, **scores: Any) -> torch.Tensor:
        return torch.tensor(2.0).double()


class Vector(Wasserstein):
    """A loss that is no number."""

    def discriminator_loss(self, **scores: Any) -> torch.Tensor:
        return scores["real"]


@pytest.mark.parametrize("objective", [Odd(), Constant()])
def test_an_objective_of_a_users_own(objective: Objective) -> None:
    assert_same_update(trainer("closed-form", objective))


@pytest.mark.parametrize("gradient", ["closed-form", "autograd"])
def test_a_loss_that_is_no_number_is_refused_by_name(gradient: str) -> None:
    with pytest.raises(QganError, match="`objective` must give a loss that is a single number"):
        trainer(gradient, Vector()).train_step()


@dataclass(frozen=True)
class Refused:
    head: Any = MLPHead
    terms: tuple[Term, ...] = (GradientPenalty(),)
    frozen: bool = False
    trained_view: bool = False


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (Refused(head=LinearHead), "head LinearHead is no plain perceptron"),
        (Refused(head=ProjectionHead), "head ProjectionHead is no plain perceptron"),
        (Refused(head=Twice), "head Twice is no plain perceptron"),
        (Refused(frozen=True), "a part of the head is not trained"),
        (Refused(trained_view=True), "the view is trained"),
        (Refused(terms=(GradientPenalty(), Push())), "term Push has no closed form"),
        (Refused(terms=(Steep(),)), "term Steep has no closed form"),
        (
            Refused(terms=(GradientPenalty(), InstanceNoise())),
            "term InstanceNoise changes the views",
        ),
        (Refused(terms=(GradientPenalty(), R1())), "there are two penalties on the slope"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_left_to_autograd(case: Refused, reason: str) -> None:
    view = small_games.circuit_view(DOUBLE) if case.trained_view else DensityView(2)
    head = case.head(view.n_features, 2)
    next(head.parameters()).requires_grad_(not case.frozen)
    parts = (
        small_games.generator("reuploading", DOUBLE).double(),
        Discriminator(view, head).double(),
    )
    settings = {"terms": case.terms, "mismatched_share": 0.2}
    made = [Trainer(*parts, small_games.data(), config=SHORT, **settings)]
    assert made[0].config.gradient == "autograd"
    assert made[0].game.why_autograd == reason
    closed = SHORT.model_copy(update={"gradient": "closed-form"})
    with pytest.raises(QganError, match=reason):
        Trainer(*parts, small_games.data(), config=closed, **settings)


def test_spectral_layers_are_left_to_autograd() -> None:
    head = MLPHead(16, 2, (8,), spectral=True)
    assert head.perceptron() is None


def test_a_number_that_is_not_finite_is_left_to_autograd_which_finds_the_culprit() -> None:
    game = trainer("closed-form", on_nonfinite="skip")
    with torch.no_grad():
        game.discriminator.head.perceptron().last.weight[0, 0] = math.inf  # type: ignore[union-attr]
    faults = []
    game.guard.on_fault = faults.append
    before = game.rng.get_state()
    batch, drawn, fixed = next(game.critic_batches())
    assert game.closed_form is not None
    assert game.apply("discriminator", game.critic_loss, batch, drawn, fixed) is None
    assert [(fault.player, fault.culprit) for fault in faults] == [("discriminator", "Wasserstein")]
    assert not torch.equal(before, game.rng.get_state())


def test_batches_of_other_sizes_and_weights_elsewhere() -> None:
    """The memory of an update is kept, and must fit the next one."""
    game = trainer("closed-form")
    closed_form = ClosedForm(game.game)
    assert_same_gradients(game, closed_form)
    for parameter in game.discriminator.head.parameters():
        parameter.data = parameter.detach() + 0.1
    assert_same_gradients(game, closed_form)
    game.config = game.config.model_copy(update={"batch": 3})
    assert_same_gradients(game, closed_form)


@pytest.mark.gpu
def test_a_hundred_steps_on_cuda() -> None:
    games = [trainer(g, steps=100) for g in ("closed-form", "autograd")]
    for game in games:
        game.generator.cuda()
        game.discriminator.cuda()
    one, other = (
        Trainer(
            game.generator, game.discriminator, game.data, config=game.config, mismatched_share=0.2
        )
        for game in games
    )
    assert np.allclose(losses(one)[:, :2], losses(other)[:, :2], rtol=1e-5, atol=1e-7)
