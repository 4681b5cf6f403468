"""The estimator of skill: unbiased for any number of states, with an interval that covers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
import pytest
import torch
from small_circuits import random_states
from torch.utils._python_dispatch import TorchDispatchMode

from qgan.evaluation.skill import Judged, Scale
from qgan.metrics import fidelity_matrix, transport
from qgan.metrics.ensembles.transport import N_DRAWN, mean_transport
from qgan.states import States

GROUP = 24
"""States of a group in these tests, where 512 would take long."""


def arc(rng: np.random.Generator, n: int, width: float = 1.0, shift: float = 0.0) -> States:
    """One-qubit states ``cos(a/2)|0> + sin(a/2)|1>``, a uniform on [shift, shift + width]."""
    angle = torch.as_tensor(shift + rng.uniform(0, width, n)) / 2
    return States(torch.stack([angle.cos(), angle.sin()], dim=1).cdouble()[..., None])


GENERATORS = {"real": {}, "shifted": {"shift": 0.2}, "far": {"shift": 3.0}}


def judged(name: str, n_held_out: int, seed: int, n_train: int = 96) -> tuple[Scale, Judged]:
    rng = np.random.default_rng([seed, n_held_out])
    scale = Scale.of(arc(rng, n_train), arc(rng, n_held_out), GROUP, seed)
    return scale, scale.judge(arc(rng, 8 * GROUP, **GENERATORS[name]))


@pytest.mark.parametrize(
    ("n_train", "n_held_out", "n_generated", "size", "n_groups"),
    [
        (2048, 4096, 4096, 512, 8),
        (2048, 6000, 4096, 512, 8),
        (2048, 1100, 4096, 512, 2),
        (2048, 512, 4096, 512, 1),
        (800, 300, 512, 300, 1),
        (100, 300, 512, 200, 1),
        (2, 300, 512, 151, 1),
        (40, 300, 100, 100, 3),
        (1, 1, 1, 1, 1),
    ],
)
def test_groups_are_as_large_as_the_states_allow(
    n_train: int, n_held_out: int, n_generated: int, size: int, n_groups: int
) -> None:
    one = States(torch.ones(1, 2, 1).cdouble() / 2**0.5)
    train, held_out = (one[torch.zeros(n).long()] for n in (n_train, n_held_out))
    scale = Scale.of(train, held_out, n_generated)
    assert (scale.size, len(scale.groups)) == (size, n_groups)
    assert scale.n_judging == size * n_groups
    places = torch.cat(scale.groups)
    assert len(places.unique()) == len(places) and int(places.max()) < n_held_out


@functools.cache
def population(name: str) -> float:
    """W between two groups of a generator and of real states, over fresh draws of both."""
    rng = np.random.default_rng(1)
    pairs = [(arc(rng, GROUP), arc(rng, GROUP, **GENERATORS[name])) for _ in range(300)]
    return float(np.mean([transport(fidelity_matrix(*pair)) for pair in pairs]))


@pytest.mark.parametrize("name", GENERATORS)
@pytest.mark.parametrize("n_held_out", [GROUP, 4 * GROUP])
def test_w_and_w0_are_unbiased_for_any_number_of_states(name: str, n_held_out: int) -> None:
    found = [judged(name, n_held_out, seed) for seed in range(30)]
    for values, mean in (
        ([one.w.value for _, one in found], population(name)),
        ([scale.w0 for scale, _ in found], population("real")),
    ):
        error = np.std(values) / len(values) ** 0.5
        assert np.mean(values) == pytest.approx(mean, abs=3 * error + 0.004)


@pytest.mark.parametrize("n_held_out", [GROUP, 4 * GROUP])
@pytest.mark.parametrize("name", GENERATORS)
def test_the_interval_covers(monkeypatch: pytest.MonkeyPatch, name: str, n_held_out: int) -> None:
    monkeypatch.setattr("qgan.evaluation.skill.N_DRAWN", GROUP)  # so that no group is too small
    w, w0, w1 = population(name), population("real"), float(judged(name, 4000, 0)[0].w1)
    skill = 1 - (w - w0) / (w1 - w0)
    found = [judged(name, n_held_out, seed)[1].skill for seed in range(30)]
    share = np.mean([one.low <= skill <= one.high for one in found])
    assert share >= 0.8
    deviation = np.std([one.value for one in found])
    assert np.mean([one.high - one.low for one in found]) < 2.2 * 3.92 * deviation


def test_small_groups_lower_the_lower_end_by_what_they_could_hide() -> None:
    scale, one = judged("shifted", GROUP, 0)
    hidden = scale.w0 * (1 - math.sqrt(GROUP / N_DRAWN)) / (scale.w1 - scale.w0)
    assert hidden > 0.05
    assert one.skill.value - one.skill.low == pytest.approx(
        one.skill.high - one.skill.value + hidden
    )


def test_the_luck_of_the_held_out_states_falls_out_of_the_difference() -> None:
    """For real states in place of generated ones W - W0 strays less than W by itself."""
    found = [judged("real", 8 * GROUP, seed, n_train=1000) for seed in range(40)]
    difference = np.std([one.w.value - scale.w0 for scale, one in found])
    w0 = [population("real")] * 40
    assert difference < 1.5 * np.std(
        [one.w.value - b for (_, one), b in zip(found, w0, strict=True)]
    )


def test_scores_add_up_to_the_variance_of_a_mean() -> None:
    """Two far points: W is linear in the share of the first, so that its variance is known."""
    points = States(torch.eye(2).cdouble()[..., None])
    real, generated = points[[0] * 30 + [1] * 10], points[[1]]
    places = torch.arange(40)
    w = mean_transport(real, generated, [(places, torch.zeros(1).long())])
    assert w.distance == pytest.approx(0.75)
    assert float(w.first.square().sum()) == pytest.approx(0.75 * 0.25 / 40)


def test_without_intervals_the_values_are_the_same() -> None:
    rng = np.random.default_rng(0)
    scale = Scale.of(arc(rng, 50), arc(rng, 50), 50)
    states = arc(rng, 50)
    plain, full = (scale.judge(states, with_intervals=one) for one in (False, True))
    assert (plain.skill.value, plain.w.value) == (full.skill.value, full.w.value)
    assert math.isnan(plain.skill.low) and full.skill.low < full.skill.value < full.skill.high


def test_scores_of_w1_are_its_derivatives() -> None:
    rng = np.random.default_rng(3)
    centre = rng.normal(size=(4, 1)) + 1j * rng.normal(size=(4, 1))
    noise = rng.normal(size=(12, 4, 1)) + 1j * rng.normal(size=(12, 4, 1))
    states = States(torch.as_tensor(2 * centre + noise)).normalised()

    def w1(weights: torch.Tensor) -> float:
        average = torch.einsum("i,idr,ier->de", weights, states.factor, states.factor.conj())
        best = torch.linalg.eigh(average).eigenvectors[:, -1]
        overlaps = states.factor[:, :, 0].conj() @ best
        return float(weights @ (1 - overlaps.abs().square()).sqrt())

    equal, step = torch.full((12,), 1 / 12).double(), 1e-6
    scale = Scale.of(states, states, 12)
    assert scale.w1 == pytest.approx(w1(equal))
    for k in range(12):
        towards = torch.nn.functional.one_hot(torch.tensor(k), 12) - equal
        slope = (w1(equal + step * towards) - w1(equal - step * towards)) / (2 * step)
        assert float(scale.single_scores[k]) == pytest.approx(slope / 12, abs=1e-7)


def test_the_scale_of_many_qubits_holds_no_matrix_of_each_state() -> None:
    """512 matrices of 10 qubits are 8 GiB, of which the scale needs one, the average."""
    largest = 0

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            nonlocal largest
            result = func(*args, **(kwargs or {}))
            for one in result if isinstance(result, tuple | list) else (result,):
                if isinstance(one, torch.Tensor):
                    largest = max(largest, one.numel())
            return result

    states = random_states(512, 10, 1)
    with Watch():
        Scale.of(states[:256], states[256:], 64)
    assert largest <= 2 ** (2 * 10)
