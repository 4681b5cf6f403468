"""Bootstrap intervals: against textbook errors, and against fresh draws of everything."""

import numpy as np
import pytest
import torch
from two_parts import two_parts

from qgan import evaluation, metrics
from qgan.batch import Batch
from qgan.evaluation.bootstrap import Bootstrap, Interval, bootstrap_interval, counts
from qgan.evaluation.reference import Reference
from qgan.states import States


def ensemble(rng: np.random.Generator, n: int, width: float = 1.0) -> States:
    """One-qubit states on an arc, cos(angle / 2)|0> + sin(angle / 2)|1>."""
    angle = torch.as_tensor(rng.uniform(0, width * np.pi, n))
    amplitudes = torch.stack([(angle / 2).cos(), (angle / 2).sin()], dim=1)
    return States(amplitudes.cdouble()[..., None])


def test_interval_of_a_mean_is_the_normal_one() -> None:
    scores = torch.randn(400, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mean = Bootstrap(400, 5, seed=1, n_resamples=2000).mean(float(scores.mean()), real=scores)
    error = float(scores.std()) / 20
    assert mean.high - mean.low == pytest.approx(2 * 1.96 * error, rel=0.06)
    assert (mean.high + mean.low) / 2 == pytest.approx(mean.value, abs=0.2 * error)


def test_the_interval_is_shifted_onto_the_measure() -> None:
    """Resamples with mean 20 and quantiles 1 and 39, of a measure of 5."""
    interval = bootstrap_interval(5.0, torch.arange(41.0))
    assert interval.value == 5.0
    assert (interval.low, interval.high) == pytest.approx((-14.0, 24.0))


def test_without_resamples_there_is_no_interval() -> None:
    mean = Bootstrap(3, 3, n_resamples=0).mean(0.5, real=torch.ones(3))
    assert mean.value == 0.5 and np.isnan(mean.low) and np.isnan(mean.high)
    assert mean.map(lambda x: 2 * x).value == 1.0


def test_maps_keep_the_order_of_the_ends() -> None:
    assert Interval(1.0, 0.5, 2.0).map(lambda x: -x) == Interval(-1.0, -2.0, -0.5)
    assert Interval(0.1, -0.2, 0.3).at_least(0.0) == Interval(0.1, 0.0, 0.3)


def test_counts() -> None:
    index = torch.tensor([[0, 0, 2], [1, 1, 1]])
    assert counts(index, 3).tolist() == [[2, 0, 1], [0, 3, 0]]


def test_intervals_are_as_wide_as_fresh_draws_stray() -> None:
    rng = np.random.default_rng(0)
    values: dict[str, list[float]] = {}
    widths: dict[str, list[float]] = {}
    for seed in range(40):
        reference = Reference.of(ensemble(rng, 100), ensemble(rng, 100), 100, seed)
        generated = ensemble(rng, 100, width=0.6)
        fidelities = metrics.fidelity_matrix(reference.held_out, generated)
        comparison = reference.compare(generated, fidelities, 100)
        judged = reference.scale.judge(generated)
        measures = comparison.measures() | {"w": judged.w, "skill": judged.skill}
        for name, one in measures.items():
            values.setdefault(name, []).append(one.value)
            widths.setdefault(name, []).append((one.high - one.low) / 3.92)
    smooth = ("w", "w2", "coverage", "spread_ratio", "average_distance", "moment_2", "mmd", "skill")
    for name in smooth:
        ratio = np.mean(widths[name]) / np.std(values[name])
        assert 0.6 < ratio < 1.7, (name, ratio)


def test_report_has_intervals_and_floors_or_none() -> None:
    rng = np.random.default_rng(0)
    train, held_out, generated = (ensemble(rng, 40) for _ in range(3))
    label = torch.arange(40) % 2
    latent, factors = torch.rand(40, 1), torch.rand(40, 1).double()
    real = two_parts(Batch(train, label), Batch(held_out, label, factors), 2, ("angle",))
    report = evaluation.evaluate(Batch(generated, label), latent, real)
    entry = report.labels[0].to_dict()
    names = {"skill", "w", "w2", "coverage", "precision", "spread_ratio", "mmd", "k_eq"}
    names |= {"nearest_neighbour_ratio", "average_distance", "effective_modes", "purity"}
    names |= {"moment_1", "moment_2", "moment_3", "label_recovered", "label_information"}
    names |= {"spearman/angle/0", "multiple_rank/angle", "factor_reached/angle"}
    assert names <= entry["intervals"].keys()
    for name, (low, high) in entry["intervals"].items():
        assert low <= high, name
    assert {"w", "w2", "mmd", "moment_1", "k_eq", "coverage"} <= entry["floors"].keys()
    plain = evaluation.evaluate(Batch(generated, label), latent, real, n_resamples=0)
    assert plain.labels[0].intervals == {}
    assert plain.labels[0].skill == report.labels[0].skill
