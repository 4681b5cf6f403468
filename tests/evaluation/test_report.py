"""The report of an evaluation and its verdicts."""

import json

import numpy as np
import pytest
import torch

from qgan import evaluation
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


def small_problem() -> dict:
    rng = np.random.default_rng(3)
    factors = torch.as_tensor(rng.uniform(0, 1, (90, 1)))
    label = torch.arange(90) % 2
    states = tilted(factors[:, 0] + 2 * label)
    part = [slice(0, 30), slice(30, 60), slice(60, 90)]
    return {
        "generated": states[part[0]],
        "generated_label": label[part[0]],
        "latent": factors[part[0]].float(),
        "train": states[part[1]],
        "train_label": label[part[1]],
        "held_out": states[part[2]].to(torch.complex64),
        "held_out_label": label[part[2]],
        "held_out_factors": factors[part[2]],
        "factor_names": ["angle"],
        "n_labels": 2,
    }


def test_report_is_plain_json_with_none_for_undefined():
    problem = small_problem()
    report = evaluation.evaluate(**problem)
    data = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert [entry["label"] for entry in data["labels"]] == [0, 1]
    assert data["labels"][0]["multiple_rank"] == {"angle": None}  # 15 samples
    assert data["labels"][1]["spearman"]["angle"][0] > 0.9
    assert data["wasserstein"] == pytest.approx(report.wasserstein())
    assert report.wasserstein() == pytest.approx((report.labels[0].w + report.labels[1].w) / 2)
    assert report.label_collapse is False and report.mode_collapse is False
    assert report.labels[0].purity == pytest.approx(1) and report.labels[0].n_held_out == 15


def test_report_without_factors_and_with_a_cached_reference():
    problem = small_problem() | {"held_out_factors": None, "factor_names": []}
    report = evaluation.evaluate(**problem)
    assert report.latent_ignored is None and report.labels[0].spearman == {}
    real = [problem[k] for k in ("train", "train_label", "held_out", "held_out_label")]
    reference = evaluation.references(*real, n_labels=2, n_generated=15)
    assert evaluation.evaluate(**problem, reference=reference) == report
    mine = problem["generated"][problem["generated_label"] == 1]
    assert reference[1].wasserstein(mine) == report.labels[1].w
    assert reference[1].skill(mine) == report.labels[1].skill


def test_nearest_factors_use_training_states_of_the_label_too():
    problem = small_problem()
    problem["generated"], problem["latent"] = problem["train"], torch.rand(30, 1)
    problem["generated_label"] = problem["train_label"]
    factors = torch.as_tensor(np.random.default_rng(3).uniform(0, 1, (90, 1)))[30:60]
    problem["latent"] = factors
    report = evaluation.evaluate(**problem, train_factors=factors)
    assert report.labels[0].spearman["angle"] == pytest.approx((1.0,))
    without = evaluation.evaluate(**problem)
    assert without.labels[0].spearman["angle"][0] < 0.9999


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"latent": torch.zeros(3, 1)}, "`latent` must have length 30, but got 3"),
        ({"generated_label": torch.zeros(30).long()}, "`generated_label` must hold label 1"),
        ({"held_out_label": torch.zeros(30).long()}, "`held_out` must hold at least one state"),
        ({"held_out_factors": torch.zeros(30, 2)}, r"`held_out_factors` must have shape \(30, 1\)"),
    ],
)
def test_evaluate_names_wrong_input(change: dict, message: str):
    with pytest.raises(QganError, match=message):
        evaluation.evaluate(**(small_problem() | change))


def test_states_of_another_label_earn_no_correlation():
    problem = small_problem()
    problem["generated_label"] = 1 - problem["generated_label"]
    train_factors = torch.as_tensor(np.random.default_rng(3).uniform(0, 1, (90, 1)))[30:60]
    report = evaluation.evaluate(**problem, train_factors=train_factors)
    assert report.labels[0].spearman == report.labels[1].spearman == {"angle": (0.0,)}
    assert report.label_collapse is True
