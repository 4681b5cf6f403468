"""The number of latents that is decided from the data."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from cli_runs import SHORT, new_home

from qgan import build, data
from qgan.build.settling import Trial, fewest_as_good
from qgan.cli import main
from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder

AUTO = {"generator": {"n_latent": "auto", "n_layers": 1, "hidden": [4]}}


def experiment(steps: int = 2) -> Experiment:
    return build.parse({**AUTO, "trainer": {"steps": steps, "batch": 8, "n_critic": 1}})


def trial(n_latent: int, skill: float, error: float, luck: float = 0.0) -> Trial:
    """A trial whose own error is given, beside the luck of one state that all trials share."""
    return Trial(n_latent, skill, torch.tensor([luck]).double(), error)


@pytest.mark.parametrize(
    ("skills", "half", "chosen"),
    [
        ((0.9, 0.9, 0.9), 0.0, 1),
        ((0.6, 0.9, 0.91), 0.02, 2),
        ((0.6, 0.8, 0.9), 0.05, 3),
        ((0.86, 0.8, 0.9), 0.05, 1),
        ((-3.0, -4.0, -5.0), 0.0, 1),
    ],
)
def test_the_fewest_that_are_as_good_as_the_best(
    skills: tuple[float, ...], half: float, chosen: int
) -> None:
    for luck in (0.0, 1.0):
        trials = [trial(n, skill, half, luck) for n, skill in enumerate(skills, start=1)]
        assert fewest_as_good(trials) == fewest_as_good(trials[::-1]) == chosen


def test_errors_of_a_trial_and_of_a_difference() -> None:
    first, second = trial(1, 0.5, 0.3, 0.2), trial(2, 0.6, 0.4, 0.2)
    assert first.error() == pytest.approx((0.2**2 + 0.3**2) ** 0.5)
    assert first.error(second) == pytest.approx(0.5)


def test_settling_says_what_each_trial_reached_and_is_the_same_again() -> None:
    small = data.tfim(2, n_train=16, n_validation=8, n_held_out=8)
    lines: list[str] = []
    settled = build.settle(experiment(), small, lines.append)
    assert [line.split(" latents: validation skill")[0] for line in lines] == ["1", "2", "3"]
    taken = [line for line in lines if line.endswith("<- taken")]
    assert len(taken) == 1 and taken[0].startswith(str(settled.generator.n_latent))
    assert build.settle(experiment(), small) == settled
    assert build.settle(settled, small) is settled
    assert build.build_trainer(small, settled).model.n_latent == settled.generator.n_latent


def test_labels_of_one_state_take_one_latent() -> None:
    same = data.basis(1, n_train=8, n_validation=4, n_held_out=4)
    assert build.settle(experiment(1), same).generator.n_latent in (1, 2, 3)


def test_what_is_not_settled_is_refused() -> None:
    small = data.tfim(2, n_train=16, n_validation=8, n_held_out=8)
    with pytest.raises(QganError, match=r"`generator\.n_latent` must be settled .* but got auto"):
        build.build_trainer(small, experiment())


@pytest.mark.parametrize("value", ["many", True, 1.5, -1, 10**6])
def test_other_numbers_are_refused_by_the_name_of_the_setting(value: object) -> None:
    with pytest.raises(QganError, match=r"`generator\.n_latent` must be"):
        build.parse({"generator": {"n_latent": value}})


@pytest.mark.slow
def test_a_file_is_settled_and_the_run_says_how(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    with new_home(tmp_path_factory) as folder:
        part = data.tfim(2, n_train=40, n_validation=1, n_held_out=1).train
        data.write_file(Path("s.npz"), part.states, part.label, torch.zeros(len(part), 1))
        assert main(["train", "--data", "s.npz", *SHORT, "--run", "r"]) == 0
        chosen = RunFolder.open(folder / "r").experiment().generator.n_latent
        assert f"{chosen} latents: validation skill" in capsys.readouterr().out
        assert main(["plan", "--data", "s.npz", "--batch", "2"]) == 0
