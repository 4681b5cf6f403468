"""The report of an evaluation and its verdicts."""

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from two_parts import two_parts

from qgan import evaluation
from qgan.batch import Batch
from qgan.data import Dataset
from qgan.errors import QganError
from qgan.states import States


def tilted(angle: torch.Tensor) -> States:
    """cos(angle / 2)|0> + sin(angle / 2)|1>: sqrt(1 - F) is |sin(difference / 2)|."""
    amplitudes = torch.stack([(angle / 2).cos(), (angle / 2).sin()], dim=1)
    return States(amplitudes.to(torch.complex128).unsqueeze(-1))


def test_verdicts_at_their_thresholds():
    assert evaluation.judge_label_collapse(0.74, 1.0, 2) is True
    assert evaluation.judge_label_collapse(0.76, 1.0, 2) is False
    assert evaluation.judge_label_collapse(0.5, 0.55, 2) is None
    assert evaluation.judge_label_collapse(1.0, 1.0, 1) is None
    assert evaluation.judge_mode_collapse(0.49, 1.0) is True
    assert evaluation.judge_mode_collapse(1.0, 0.009) is True
    assert evaluation.judge_mode_collapse(0.51, 0.011) is False
    assert evaluation.judge_mode_collapse(float("nan"), 1.0) is None
    assert evaluation.judge_latent_ignored([0.1, 0.31]) is False
    assert evaluation.judge_latent_ignored([0.1, 0.29]) is True
    assert evaluation.judge_latent_ignored([float("nan")]) is None
    assert evaluation.judge_latent_ignored([]) is None


@dataclass(frozen=True)
class Problem:
    """Generated states with their latents, and training and held-out ones, of two labels."""

    generated: Batch
    latent: torch.Tensor
    train: Batch
    held_out: Batch
    factor_names: tuple[str, ...] = ("angle",)

    @property
    def real(self) -> Dataset:
        return two_parts(self.train, self.held_out, 2, self.factor_names)

    def evaluate(self, **settings: Any) -> evaluation.Report:
        return evaluation.evaluate(self.generated, self.latent, self.real, **settings)


def small_problem() -> Problem:
    """The training part has no factors."""
    rng = np.random.default_rng(3)
    factors = torch.as_tensor(rng.uniform(0, 1, (90, 1)))
    label = torch.arange(90) % 2
    states = tilted(factors[:, 0] + 2 * label)
    part = [slice(0, 30), slice(30, 60), slice(60, 90)]
    held_out = Batch(states[part[2]].to(torch.complex64), label[part[2]], factors[part[2]])
    generated, train = (Batch(states[one], label[one]) for one in part[:2])
    return Problem(generated, factors[part[0]].float(), train, held_out)


def test_report_is_plain_json_with_none_for_undefined():
    report = small_problem().evaluate()
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert [entry["label"] for entry in data["labels"]] == [0, 1]
    assert data["labels"][0]["multiple_rank"] == {"angle": None}  # 15 samples
    assert data["labels"][1]["spearman"]["angle"][0] > 0.9
    assert data["wasserstein"] == pytest.approx(report.wasserstein())
    assert report.wasserstein() == pytest.approx((report.labels[0].w + report.labels[1].w) / 2)
    assert report.label_collapse is False and report.mode_collapse is False
    assert report.labels[0].purity == pytest.approx(1) and report.labels[0].n_held_out == 15


def test_report_without_factors_and_with_a_cached_reference():
    problem = small_problem()
    problem = replace(problem, held_out=replace(problem.held_out, factors=None), factor_names=())
    report = problem.evaluate()
    assert report.latent_ignored is None and report.labels[0].spearman == {}
    references = evaluation.label_references(problem.real, n_generated=15)
    assert problem.evaluate(references=references) == report
    states = problem.generated.of(1).states
    assert references[1].wasserstein(states) == pytest.approx(report.labels[1].w, rel=1e-9)
    assert references[1].skill(states) == pytest.approx(report.labels[1].skill, rel=1e-9)


def train_factors() -> torch.Tensor:
    """Those of the training part of :func:`small_problem`."""
    return torch.as_tensor(np.random.default_rng(3).uniform(0, 1, (90, 1)))[30:60]


def with_train_factors(problem: Problem) -> Problem:
    return replace(problem, train=replace(problem.train, factors=train_factors()))


def test_nearest_factors_use_training_states_of_the_label_too():
    problem = small_problem()
    problem = replace(problem, generated=problem.train, latent=train_factors())
    report = with_train_factors(problem).evaluate()
    assert report.labels[0].spearman["angle"] == pytest.approx((1.0,))
    without = problem.evaluate()
    assert without.labels[0].spearman["angle"][0] < 0.9999


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent": torch.zeros(3, 1)}, "`latent` must have length 30, but got 3"),
        (
            {"generated": {"label": torch.zeros(30).long()}},
            "`generated` must hold states of label 1",
        ),
        (
            {"held_out": {"label": torch.zeros(30).long()}},
            "`held_out` must hold at least one state",
        ),
        ({"held_out": {"factors": torch.zeros(30, 2)}}, "`factor_names` must have a name for each"),
    ],
)
def test_evaluate_names_wrong_input(change: dict[str, Any], message: str):
    problem = small_problem()
    changed = {
        name: replace(getattr(problem, name), **value) if isinstance(value, dict) else value
        for name, value in change.items()
    }
    with pytest.raises(QganError, match=message):
        replace(problem, **changed).evaluate()


def test_states_of_another_label_earn_no_correlation():
    problem = with_train_factors(small_problem())
    swapped = replace(problem.generated, label=1 - problem.generated.label)
    report = replace(problem, generated=swapped).evaluate()
    assert report.labels[0].spearman == report.labels[1].spearman == {"angle": (0.0,)}
    assert report.label_collapse is True


def test_the_label_that_is_found_is_that_of_the_nearest_of_all_training_states():
    """Label by label, with as many states as each has, and information as of the whole table."""
    rng = np.random.default_rng(0)
    angle = torch.as_tensor(rng.uniform(0, 6, 300))
    label = torch.as_tensor(rng.integers(0, 3, 300))
    generated, train, held_out = (
        Batch(tilted(angle[one]), label[one])
        for one in (slice(0, 120), slice(120, 220), slice(220, 300))
    )
    real = two_parts(train, held_out, 3)
    report = evaluation.evaluate(generated, torch.zeros(120, 0), real)
    distance = (angle[:120, None] - angle[120:220]).div(2).sin().abs()
    nearest = train.label[distance.argmin(1)]
    confusion = torch.zeros(3, 3)
    for one, other in zip(generated.label.tolist(), nearest.tolist(), strict=True):
        confusion[one, other] += 1
    share = confusion.diagonal() / confusion.sum(1)
    information = evaluation.label_information(confusion)
    for k, entry in enumerate(report.labels):
        assert entry.label_recovered == pytest.approx(float(share[k]))
        assert entry.label_information == pytest.approx(float(information[k]))
        low, high = entry.intervals["label_information"]
        assert 0 <= low < entry.label_information < high < np.log(3)
