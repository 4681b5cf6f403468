"""The loop: seeds, interruption, roles, wrong labels, and what it refuses or stops at."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import small_games
import torch
from small_games import SHORT, losses, trainer, weights
from torch import Tensor, nn
from torch.testing import assert_close

from circuits import Registers, ReuploadingCircuit
from qgan import Discriminator, Generator, Trainer
from qgan.batch import Batch
from qgan.config import TrainerConfig
from qgan.data import basis
from qgan.discriminator import IdentityHead, LinearHead, MLPHead
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.errors import QganError
from qgan.game import Game
from qgan.objectives import NonSaturating, Wasserstein
from qgan.terms import GradientPenalty, StepContext, Term
from qgan.views import DensityView, View

DOUBLE = BatchedEngine(precision="double")


def assert_same_weights(one: Trainer, other: Trainer) -> None:
    found, expected = weights(one), weights(other)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.equal(found[name], value), name


# Seeds and interruption.


@pytest.mark.parametrize("view", ["density", "circuit"])
def test_same_seed_same_game_bit_for_bit(view: str) -> None:
    def game(seed: int) -> Trainer:
        made = small_games.circuit_view(DOUBLE) if view == "circuit" else None
        return trainer(seed=seed, view=made)

    games = [game(0), game(0), game(1)]
    rows = [losses(each) for each in games]
    assert np.array_equal(rows[0], rows[1])
    assert not np.array_equal(rows[0], rows[2])
    assert_same_weights(games[0], games[1])


@pytest.mark.parametrize("average", [0.0, 0.9])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_interrupted_equals_uninterrupted(at: int, average: float) -> None:
    config = SHORT.model_copy(update={"average": average})
    whole, first = trainer(config), trainer(config)
    expected = losses(whole)
    for _ in range(at):
        first.train_step()
    second = trainer(config, seed=5)
    second.load_state_dict(first.state_dict())
    assert np.array_equal(losses(second), expected[at:])
    assert_same_weights(second, whole)


class Counter(Term):
    """Remembers how many steps the discriminator has taken."""

    def __init__(self) -> None:
        self.count = 0

    def after_discriminator_step(self, discriminator: Discriminator) -> None:
        self.count += 1

    def state_dict(self) -> dict[str, Any]:
        return {"count": self.count}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.count = state["count"]


def test_a_term_remembers_and_one_that_is_new_starts_as_it_is() -> None:
    old, kept, new = Counter(), Counter(), Counter()
    first = trainer(terms=[GradientPenalty(), old])
    first.train_step()
    trainer(terms=[GradientPenalty(), kept, new]).load_state_dict(first.state_dict())
    assert (old.count, kept.count, new.count) == (SHORT.n_critic, SHORT.n_critic, 0)


def test_the_judged_generator_is_a_running_average() -> None:
    game = trainer(SHORT.model_copy(update={"average": 0.9}))
    mean = [p.detach().clone() for p in game.model.parameters()]
    for step in range(4):
        game.train_step()
        decay = min(0.9, (1 + step) / (10 + step))
        now = game.generator.parameters()
        mean = [decay * m + (1 - decay) * p.detach() for m, p in zip(mean, now, strict=True)]
    for found, expected in zip(game.model.parameters(), mean, strict=True):
        assert_close(found.detach(), expected)
    plain = trainer(SHORT.model_copy(update={"average": 0.0}))
    assert plain.model is plain.generator


def test_rates_follow_the_cosine_and_every_discriminator_step_counts() -> None:
    game = trainer(SHORT.model_copy(update={"final_rate": 0.1}))
    seen = []
    for _ in range(SHORT.steps):
        game.train_step()
        seen.append(game.players["generator"].param_groups[0]["lr"])
    cosine = (1 + np.cos(np.pi * np.arange(SHORT.steps) / SHORT.steps)) / 2
    assert np.allclose(seen, 2e-3 * (0.1 + 0.9 * cosine), rtol=1e-12)
    state = game.players["discriminator"].state_dict()["state"][0]
    assert int(state["step"]) == SHORT.steps * SHORT.n_critic


def test_a_parameter_that_no_loss_depends_on_stays_as_it_is() -> None:
    head = LinearHead(4, 2, torch.Generator().manual_seed(3))
    head.spare = nn.Parameter(torch.ones(2))
    weight = head.weight.detach().clone()
    one_qubit_game(DensityView(1), head, steps=1).train_step()
    assert torch.equal(head.spare, torch.ones(2)) and not torch.equal(head.weight, weight)


# Roles.


class Overlap(View):
    """``Tr[rho |label><label|]``: what a perfect critic of basis states looks at."""

    n_features = 1
    sees_label = True

    def forward(self, source: Any, label: Tensor) -> Tensor:
        diagonal = torch.diagonal(source.materialise().density_matrix(), dim1=1, dim2=2).real
        return diagonal.gather(1, label.unsqueeze(1))


def one_qubit_game(view: View, head: nn.Module, **settings: Any) -> Trainer:
    circuit = ReuploadingCircuit(Registers(output=1), n_layers=1)
    config = TrainerConfig(
        **{"steps": 300, "batch": 16, "n_critic": 1, "generator_rate": 0.02, **settings}
    )
    generator = Generator(circuit, 2, n_latent=0)
    data = small_games.one_qubit()
    return Trainer(generator, Discriminator(view, head), data, config=config)


def fidelity(generator: Generator) -> Tensor:
    """With |0> for label 0 and |1> for label 1."""
    label = torch.tensor([0, 1])
    states: Any = generator(label, torch.zeros(2, 0))
    return states.materialise().probabilities()[label, label]


def test_a_generator_learns_from_a_perfect_critic() -> None:
    """Nothing to train in the discriminator; swapped roles would lead to the wrong states."""
    game = one_qubit_game(Overlap(), IdentityHead(1), steps=150)
    before = fidelity(game.generator)
    rows = losses(game)
    assert rows[-1, 1] < rows[0, 1] - 0.1
    assert (rows[:, 0] == 0).all()
    assert fidelity(game.generator).min() > 0.99 > before.min()
    assert fidelity(game.model).min() > 0.99


def test_a_one_qubit_task_is_learned() -> None:
    random = torch.Generator().manual_seed(3)
    game = one_qubit_game(
        DensityView(1), LinearHead(4, 2, random), discriminator_rate=0.02, betas=(0.0, 0.9)
    )
    game.fit()
    assert fidelity(game.model).min() > 0.99


def test_a_discriminator_alone_learns_to_score_real_states_higher() -> None:
    config = SHORT.model_copy(update={"steps": 60, "batch": 16, "discriminator_rate": 0.01})
    game = trainer(config, terms=[GradientPenalty()])
    game.players["generator"].param_groups[0]["initial_lr"] = 0.0
    start = weights(game)
    rng = np.random.default_rng(0)
    batch, latent = game.data.draw(64, rng), torch.rand(64, 1, dtype=torch.float64)

    def gap() -> float:
        with torch.no_grad():
            fake = game.generator(batch.label, latent)
            scores = [game.discriminator(s, batch.label).mean() for s in (batch.states, fake)]
        return float(scores[0] - scores[1])

    before = gap()
    for _ in range(60):
        game.train_step()
    assert gap() > before + 0.05
    assert all(torch.equal(start[k], v) for k, v in weights(game).items() if k[:2] == "G.")


# Wrong labels.


def test_wrong_labels_are_never_the_right_ones_and_all_others_come() -> None:
    data = basis(2, n_train=2, n_validation=1, n_held_out=1)
    circuit = ReuploadingCircuit(Registers(output=2), n_layers=1)
    generator, view = Generator(circuit, data.n_labels), DensityView(2)
    game = Game(generator, Discriminator(view, LinearHead(view.n_features, data.n_labels)))
    label = torch.arange(4).repeat(500)
    wrong = game.wrong_labels(label, torch.Generator().manual_seed(0))
    assert (wrong != label).all()
    for k in range(4):
        counts = torch.bincount(wrong[label == k], minlength=4)
        assert (counts[torch.arange(4) != k] > 100).all()


class Blind(nn.Module):
    """A head that does not see its label."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = MLPHead(4, 1, (16,), torch.Generator().manual_seed(0))

    def forward(self, features: Tensor, label: Tensor) -> Tensor:
        return self.inner(features, torch.zeros_like(label))


@pytest.mark.parametrize("sees", [False, True])
def test_only_a_head_that_sees_the_label_tells_mismatched_pairs(sees: bool) -> None:
    head = MLPHead(4, 2, (16,), torch.Generator().manual_seed(0)) if sees else Blind()
    data = small_games.one_qubit()
    config = TrainerConfig(steps=120, batch=32, n_critic=1, discriminator_rate=0.01)
    generator = Generator(ReuploadingCircuit(Registers(output=1), n_layers=1), 2, n_latent=0)
    game = Trainer(
        generator,
        Discriminator(DensityView(1), head),
        data,
        NonSaturating(),
        (),
        config,
        mismatched_share=0.5,
    )
    game.fit()
    batch: Batch = game.data.held_out
    with torch.no_grad():
        real = game.discriminator(batch.states, batch.label).sigmoid().mean()
        wrong = game.discriminator(batch.states, 1 - batch.label).sigmoid().mean()
    assert bool(real - wrong > 0.2) is sees
    assert abs(float(real - wrong)) < 1e-5 or sees


class Watch(Term):
    """Notes how many labels a discriminator step scores, through the head it hooks."""

    def __init__(self, head: nn.Module) -> None:
        self.rows: list[int] = []
        head.register_forward_hook(lambda m, given, out: self.rows.append(len(given[1])))

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        self.rows.append(-1)
        return None


@pytest.mark.parametrize(("share", "scored"), [(0.1, 12), (0.0, 8)])
def test_wrong_labels_are_shown_unless_their_share_is_zero(share: float, scored: int) -> None:
    config = SHORT.model_copy(update={"n_critic": 1})
    game = trainer(config, terms=[GradientPenalty()], mismatched_share=share)
    game.closed_form = None  # which does not call the head
    watch = Watch(game.discriminator.head)
    game.game.terms = (watch,)
    game.fit()
    shown = [rows for rows, mark in zip(watch.rows, watch.rows[1:], strict=False) if mark == -1]
    assert shown == [scored] * SHORT.steps


def test_the_share_that_is_shown_is_the_share_that_is_weighed() -> None:
    """One number decides both: the loss is the objective's at the share of the game."""
    game = trainer(mismatched_share=0.25, terms=[GradientPenalty(0.0)])
    assert game.game.objective == Wasserstein() and game.game.shows_mismatched
    batch, drawn, fixed = next(game.critic_batches())
    loss = game.critic_loss(batch, drawn, fixed)["Wasserstein"]
    assert fixed.views is not None and fixed.wrong_label is not None
    labels = (batch.label, batch.label, fixed.wrong_label)
    pairs = zip((*fixed.views, fixed.views[0]), labels, strict=True)
    real, fake, wrong = (game.discriminator.head(view, label).mean() for view, label in pairs)
    assert_close(loss, 0.75 * fake + 0.25 * wrong - real)


# What does not train, and what is refused.


def test_a_frozen_circuit_view_takes_no_step() -> None:
    frozen, free = (small_games.circuit_view(DOUBLE, trainable=t) for t in (False, True))
    for view in (frozen, free):
        game = trainer(view=view)
        before = [p.detach().clone() for p in game.discriminator.view.parameters()]
        head = [p.detach().clone() for p in game.discriminator.head.parameters()]
        game.fit()
        pairs = list(zip(before, game.discriminator.view.parameters(), strict=True))
        assert all(torch.equal(a, b) for a, b in pairs) is (view is frozen)
        after = game.discriminator.head.parameters()
        assert not any(torch.equal(a, b) for a, b in zip(head, after, strict=True))


def test_the_density_view_is_refused_where_there_are_no_states() -> None:
    message = r"DensityView: .*lightning\.qubit gives no states"
    with pytest.raises(QganError, match=message) as caught:
        trainer(engine=PennyLaneEngine("lightning.qubit", "adjoint"))
    assert "circuit" in str(caught.value) and "pauli" in str(caught.value)
    assert "\n" not in str(caught.value)


class Breaks(Term):
    """Adds NaN to one loss at one step."""

    limits_slope = True  # it may stand alone in a Wasserstein game

    def __init__(self, part: str, step: int) -> None:
        self.part, self.step = part, step

    def _term(self, part: str, context: StepContext) -> Tensor | None:
        if part != self.part or context.moment.step != self.step:
            return None
        return context.fake_view.sum() * torch.nan

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        return self._term("discriminator", context)

    def generator_term(self, context: StepContext) -> Tensor | None:
        return self._term("generator", context)


@pytest.mark.parametrize("part", ["discriminator", "generator"])
def test_a_loss_that_is_not_finite_stops_the_training(part: str) -> None:
    game = trainer(terms=[Breaks(part, step=2)])
    with pytest.raises(
        QganError, match=rf"^{part}_loss is nan at step 2, from Breaks: training stopped\.$"
    ):
        game.fit()
    assert game.step == 2


def test_states_given_take_the_precision_of_the_generator() -> None:
    game = trainer()
    assert game.training_data.train.states.factor.dtype == torch.complex128
    single = one_qubit_game(DensityView(1), LinearHead(4, 2))
    assert single.training_data.train.states.factor.dtype == torch.complex64
    assert single.data.train.states.factor.dtype == torch.complex128  # for the judge
