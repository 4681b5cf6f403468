"""The report of a family whose hidden factor is a phase that the latent turns."""

import json
import math

import numpy as np
import pytest
import torch
from two_parts import two_parts

from qgan import evaluation
from qgan.batch import Batch
from qgan.data import Dataset, from_file, ising
from qgan.evaluation import latent_use
from qgan.states import States

TURN = 2 * math.pi


def phases(phase: torch.Tensor) -> States:
    """``(|0> + exp(i phase)|1>) / sqrt 2`` on both qubits: RZ of a product state."""
    one = torch.stack([torch.zeros_like(phase), phase], dim=1)
    angles = (one[:, :, None] + one[:, None, :]).flatten(1)
    return States(torch.polar(torch.full_like(angles, 0.5), angles)[..., None])


def family(seed: int, n: int, cut: float) -> Batch:
    """The phases of two labels in [cut, cut + 2 pi)."""
    phase = torch.as_tensor(np.random.default_rng(seed).uniform(cut, cut + TURN, n))
    return Batch(phases(phase), torch.arange(n) % 2, phase[:, None])


def judged(
    phase: torch.Tensor, latent: torch.Tensor, cut: float, period: float | None
) -> evaluation.LabelReport:
    """The report of label 1 on generated states of these phases."""
    real = two_parts(family(1, 400, cut), family(2, 300, cut), 2, ("phi",), (period,))
    label = torch.arange(len(phase)) % 2
    return evaluation.evaluate(Batch(phases(phase), label), latent, real).labels[1]


def latents(n: int, n_latent: int = 1) -> torch.Tensor:
    return torch.as_tensor(np.random.default_rng(0).uniform(-1, 1, (n, n_latent)))


@pytest.mark.parametrize("period", [TURN, None])
@pytest.mark.parametrize("cut", [0.0, 1.0])
def test_a_phase_that_the_latent_fixes_is_seen(cut: float, period: float | None) -> None:
    z = latents(800)
    entry = judged(math.pi * z[:, 0], z, cut, period)
    assert entry.multiple_rank["phi"] >= 0.98
    assert entry.spearman["phi"][0] >= 0.98
    assert entry.factor_reached == {"phi": 1.0}
    assert entry.latent_ignored is False
    reading = entry.angles["phi"]
    assert reading.period == pytest.approx(TURN, rel=0.02)
    assert reading.assumed is (period is None) and reading.multiple_rank < 0.85
    low, high = entry.intervals["multiple_rank/phi"]
    assert 0.95 < low < entry.multiple_rank["phi"] < high
    low, high = entry.intervals["spearman/phi/0"]
    assert 0.95 < low < entry.spearman["phi"][0] < high
    plain = json.loads(json.dumps(entry.to_dict(), allow_nan=False))
    assert plain["angles"]["phi"]["assumed"] is (period is None)
    assert ("the range of the data" in reading.sentence()) is (period is None)


def test_a_phase_that_the_latent_turns_back() -> None:
    z = latents(800, 2)
    entry = judged(2 - math.pi * z[:, 1], z, 0.0, TURN)
    assert entry.spearman["phi"][1] <= -0.98 and abs(entry.spearman["phi"][0]) < 0.2
    low, high = entry.intervals["spearman/phi/1"]
    assert -1.05 < low < entry.spearman["phi"][1] < high < -0.95


@pytest.mark.parametrize("period", [TURN, None])
def test_a_latent_that_is_ignored_earns_nothing(period: float | None) -> None:
    phase = torch.as_tensor(np.random.default_rng(5).uniform(0, TURN, 800))
    entry = judged(phase, latents(800), 0.0, period)
    assert entry.multiple_rank["phi"] < 0.15 and abs(entry.spearman["phi"][0]) < 0.15
    assert entry.latent_ignored is True
    assert list(entry.angles) == (["phi"] if period else [])
    frozen = judged(torch.full((800,), 0.3), latents(800), 0.0, period)
    assert frozen.multiple_rank["phi"] == 0 and frozen.latent_ignored is True
    assert frozen.factor_reached == {"phi": 0.05} and frozen.spearman["phi"][0] == pytest.approx(0)


def test_the_verdict_hears_the_angle_where_ranks_are_deaf() -> None:
    """Three turns along the latent: no polynomial of ranks of degree 3 follows."""
    z = latents(800)
    entry = judged(1.5 * TURN * z[:, 0], z, 0.0, TURN)
    assert entry.angles["phi"].multiple_rank < 0.3 < entry.multiple_rank["phi"]
    assert entry.latent_ignored is False


def smooth(rng: np.random.Generator, z: np.ndarray, width: float) -> np.ndarray:
    """A smooth random function of the latents."""
    n_waves = 60
    slopes = rng.normal(size=(z.shape[1], n_waves)) / width
    return np.cos(z @ slopes + rng.uniform(0, TURN, n_waves)) @ rng.normal(size=n_waves)


@pytest.mark.parametrize("n", [30, 60, pytest.param(512, marks=pytest.mark.slow)])
def test_numbers_are_not_read_as_angles(n: int) -> None:
    """Lines, curves, clusters, noise, and what a generator learned halfway."""
    rng, read = np.random.default_rng(0), []
    for case in range(60):
        z = rng.uniform(-1, 1, (n, 1 + case % 3))
        curve = smooth(rng, z, (0.4, 0.7, 1.5)[case // 3 % 3])
        noise = rng.normal(size=n)
        factor = (z[:, 0], curve, noise, curve + noise, np.sign(curve) + 0.1 * noise, curve**2)[
            case % 6
        ]
        column = torch.as_tensor(factor)[:, None]
        use = latent_use(torch.as_tensor(z), column, column, ("f",), n_resamples=0)
        read += [(n, case)] if use.angles else []
    assert len(read) <= 1, read


def test_the_fields_of_a_chain_are_not_read_as_angles() -> None:
    sizes = {"n_train": 300, "n_validation": 1, "n_held_out": 100}
    real = ising(3, **sizes, seed=0)
    fresh = ising(3, **sizes, seed=1).train
    assert fresh.factors is not None
    rng = torch.Generator().manual_seed(0)
    for latent in (fresh.factors, torch.rand(len(fresh), 2, generator=rng)):
        for entry in evaluation.evaluate(fresh, latent, real).labels:
            assert entry.angles == {}


def test_a_file_that_knows_its_angle_is_judged_by_it(tmp_path) -> None:
    batch = family(0, 400, 0.0)
    arrays = {"states": batch.states.numpy(), "label": batch.label, "factors": batch.factors}
    np.savez(tmp_path / "a.npz", **arrays, factor_names=["phi"], factor_periods=[TURN])
    data = from_file(tmp_path / "a.npz")
    assert isinstance(data, Dataset) and data.factor_periods == (TURN,)
    z = latents(800)
    generated = Batch(phases(math.pi * z[:, 0]), torch.arange(800) % 2)
    for entry in evaluation.evaluate(generated, z, data).labels:
        assert entry.multiple_rank["phi"] > 0.95 and not entry.angles["phi"].assumed
