"""Losses and gradients that are not finite: the update is left out, the culprit is named."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import small_games
import torch
from small_games import SHORT, weights
from torch import Tensor

from qgan.config import Experiment, TrainerConfig
from qgan.errors import QganError
from qgan.runs import RunFolder, Session, checkpoint
from qgan.runs.history import read_history
from qgan.terms import GradientPenalty, StepContext, Term
from qgan.training import Trainer
from qgan.training.guard import MOST_IN_A_ROW, NonFiniteError


class Breaks(Term):
    """Makes a loss, or only its gradient, not finite at some steps."""

    limits_slope = True  # it may stand alone in a Wasserstein game

    def __init__(self, part: str, what: str, steps: range) -> None:
        self.part, self.what, self.steps = part, what, steps

    def _term(self, part: str, context: StepContext) -> Tensor | None:
        if part != self.part or context.moment.step not in self.steps:
            return None
        scores = context.fake_scores.sum()
        if self.what == "gradient":
            return ((scores - scores.detach()) ** 2).sqrt()  # 0, but 0 / 0 in its derivative
        return scores * torch.inf if self.what == "inf" else scores * torch.nan

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        return self._term("discriminator", context)

    def generator_term(self, context: StepContext) -> Tensor | None:
        return self._term("generator", context)


def game(part: str, what: str, policy: str = "stop", steps: range = range(2, 3)) -> Trainer:
    config: TrainerConfig = SHORT.model_copy(update={"on_nonfinite": policy})
    return small_games.trainer(config, terms=[GradientPenalty(), Breaks(part, what, steps)])


@pytest.mark.parametrize("part", ["discriminator", "generator"])
@pytest.mark.parametrize(
    ("what", "told"),
    [("nan", "loss is nan"), ("inf", "loss is -?inf"), ("gradient", "gradient is nan")],
)
def test_it_stops_and_the_update_is_not_taken(part: str, what: str, told: str) -> None:
    trainer = game(part, what)
    for _ in range(2):
        trainer.train_step()
    before = weights(trainer)
    message = rf"^{part}_{told} at step 2, from Breaks: training stopped\.$"
    with pytest.raises(NonFiniteError, match=message):
        trainer.train_step()
    after = weights(trainer)
    players = ["G", "mean"] + (["D"] if part == "discriminator" else [])
    assert all(torch.equal(before[k], v) for k, v in after.items() if k.split(".")[0] in players)
    assert all(torch.isfinite(value).all() for value in after.values())
    assert trainer.step == 2


@pytest.mark.parametrize("policy", ["skip", "halve-rate"])
def test_it_goes_on_as_configured(policy: str) -> None:
    trainer = game("generator", "gradient", policy)
    trainer.fit()
    assert trainer.step == SHORT.steps
    assert trainer.guard.refused == 1
    assert trainer.guard.factor == (0.5 if policy == "halve-rate" else 1.0)
    plain = game("generator", "gradient", policy, range(0))
    plain.fit()
    rates = [t.players["generator"].param_groups[0]["lr"] for t in (trainer, plain)]
    assert rates[0] == trainer.guard.factor * rates[1]


def test_a_skipped_update_leaves_the_other_player_and_later_chance_alone() -> None:
    skipped, plain = game("generator", "nan", "skip"), game("generator", "nan", "skip", range(0))
    for _ in range(3):
        skipped.train_step()
        plain.train_step()
    assert torch.equal(skipped.rng.get_state(), plain.rng.get_state())
    one, other = weights(skipped), weights(plain)
    assert all(torch.equal(one[key], other[key]) for key in one if key.startswith("D."))
    assert not all(torch.equal(one[key], other[key]) for key in one if key.startswith("G."))


def test_it_stops_when_nothing_but_faults_follow() -> None:
    config = SHORT.model_copy(update={"on_nonfinite": "skip", "steps": 500})
    trainer = small_games.trainer(config, terms=[Breaks("discriminator", "nan", range(500))])
    with pytest.raises(QganError, match=f"training stopped after {MOST_IN_A_ROW} in a row"):
        while True:
            for batches in trainer.critic_batches():
                trainer.apply("discriminator", trainer.critic_loss, *batches)
    assert trainer.guard.refused == MOST_IN_A_ROW


def test_a_session_keeps_the_state_that_led_there_and_says_how_to_go_on(tmp_path: Path) -> None:
    trainer, lines = game("generator", "gradient"), list[str]()
    run = RunFolder.create(tmp_path / "run", Experiment(trainer=trainer.config))
    session = Session(trainer, run, tell=lines.append)
    session.start()
    message = r"step 2, from Breaks: training stopped; checkpoint of step 2 is whole: qgan resume"
    with pytest.raises(QganError, match=message):
        session.train()
    path = run.path / "nonfinite-step-2.pt"
    assert lines == [
        "generator_gradient is nan at step 2, from Breaks: update not taken. "
        f"The state that led there is in {path}."
    ]
    # It leads there again: the generator's update alone, from the random state before it.
    found: dict[str, Any] = checkpoint.read_checkpoint(path)
    again = game("generator", "gradient")
    again.load_state_dict(found)
    assert found["batch"]["latent"].shape == (SHORT.batch, 1)
    assert torch.isfinite(found["batch"]["real"].abs()).all()
    with pytest.raises(NonFiniteError, match="generator_gradient is nan at step 2"):
        again.apply("generator", again.generator_loss, *again.generator_batch())


def test_a_skipped_update_is_a_gap_in_the_history(tmp_path: Path) -> None:
    trainer, lines = game("generator", "nan", "skip", range(1, 6)), list[str]()
    run = RunFolder.create(tmp_path / "run", Experiment(trainer=trainer.config))
    session = Session(trainer, run, tell=lines.append)
    session.start()
    assert session.train()
    losses = read_history(run.history_file)["generator_loss"]
    assert [math.isfinite(loss) for loss in losses] == [False, True, *[False] * 5]
    assert len(lines) == len(list(run.path.glob("nonfinite-*.pt"))) == 3
