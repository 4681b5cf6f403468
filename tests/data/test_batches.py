"""Batches and data sets: drawn, split, or refused where they do not fit together."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from qgan import data
from qgan.batch import Batch
from qgan.data.dataset import Dataset, check_periods, measured
from qgan.errors import QganError
from qgan.states import States


def ramp(counts: list[int]) -> Batch:
    """One-qubit states whose factor tells them apart, with so many of each label."""
    n = sum(counts)
    angle = torch.linspace(0.1, 1.5, n, dtype=torch.float64)
    vectors = torch.stack([angle.cos(), angle.sin()], 1).to(torch.complex128)
    label = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    return Batch(States(vectors[..., None]), label, angle[:, None])


def dataset(counts: list[int]) -> Dataset:
    batch = ramp(counts)
    values = tuple(range(len(counts)))
    return Dataset(batch, batch, batch, values, tuple(map(str, values)), ("angle",), "ramp")


def test_a_batch_keeps_states_labels_and_factors_together() -> None:
    batch = ramp([3, 4])
    for index in (torch.tensor([6, 0, 2]), batch.label == 1, slice(2, 5)):
        part = batch[index]
        assert part.factors is not None
        assert_close(part.states.factor[:, 0, 0].real, part.factors[:, 0].cos())
        assert torch.equal(part.label, batch.label[index])
    assert len(batch.of(1)) == 4


def test_draws_are_balanced_and_reach_every_state() -> None:
    found = dataset([2, 5, 90])
    rng = np.random.default_rng(0)
    seen: set[float] = set()
    extra = torch.zeros(3, dtype=torch.int64)
    for _ in range(300):
        batch = found.draw(7, rng)
        assert batch.factors is not None
        counts = torch.bincount(batch.label, minlength=3)
        assert sorted(counts.tolist()) == [2, 2, 3]
        extra += counts - 2
        assert_close(batch.states.factor[:, 1, 0].real, batch.factors[:, 0].sin())
        seen |= set(batch.factors[:, 0].tolist())
    assert len(seen) == 97
    assert extra.min() > 70


def test_draws_depend_on_the_stream_alone() -> None:
    found = dataset([9, 9])
    one, same, other = (found.draw(64, np.random.default_rng(s)).factors for s in (3, 3, 4))
    assert one is not None and same is not None and other is not None
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_another_precision_reaches_all_parts_and_spares_the_factors() -> None:
    single = dataset([7, 7]).to(torch.complex64)
    for part in (
        single.train,
        single.validation,
        single.held_out,
        single.draw(4, np.random.default_rng()),
    ):
        assert part.factors is not None
        assert (part.states.factor.dtype, part.factors.dtype) == (torch.complex64, torch.float64)


def test_split_is_disjoint_complete_and_by_label() -> None:
    batch = ramp([7, 100])
    parts = data.split(batch, seed=0)
    assert [torch.bincount(p.label).tolist() for p in parts] == [[5, 70], [1, 15], [1, 15]]
    factors = torch.cat([p.factors for p in parts if p.factors is not None])
    assert batch.factors is not None
    assert torch.equal(factors.sort(0).values, batch.factors)
    again, other = data.split(batch, seed=0)[2], data.split(batch, seed=1)[2]
    assert torch.equal(parts[2].states.factor, again.states.factor)
    assert not torch.equal(parts[2].states.factor, other.states.factor)


def test_split_refuses_a_label_of_six() -> None:
    with pytest.raises(QganError, match=r"`label` must have at least 7 .* but got 6 of class 1\.$"):
        data.split(ramp([8, 6]), seed=0)


def test_the_training_part_needs_no_factors() -> None:
    batch = ramp([3, 4])
    bare = replace(batch, factors=None)
    data = Dataset(bare, batch, batch, (0, 1), ("a", "b"), ("angle",), "ramp")
    assert data.draw(2, np.random.default_rng(0)).factors is None


def test_periods_of_factors_are_one_per_factor_and_stay_with_the_data() -> None:
    batch = ramp([3, 4])
    parts = (batch, batch, batch, (0, 1), ("a", "b"), ("angle",), "ramp")
    assert Dataset(*parts).factor_periods == (None,)
    data = Dataset(*parts, (2 * math.pi,))
    copies = data, data.to(torch.complex64), measured(data, shots=2), replace(data, name="other")
    assert [copy.factor_periods for copy in copies] == [(2 * math.pi,)] * 4
    assert check_periods([np.int64(4), None, np.float32(0.5)], 3) == (4.0, None, 0.5)
    bare = replace(batch, factors=None)  # without an angle the factors can be taken away alone
    parts_bare = {"train": bare, "validation": bare, "held_out": bare}
    assert replace(Dataset(*parts), **parts_bare, factor_names=()).factor_periods == ()
    rule = r"`factor_periods` must have a positive number or None for each of the 1 factors, but"
    for periods in ((0.0,), (-1.0,), (math.inf,), (math.nan,), (1.0, None), ("x",), (True,), (1j,)):
        with pytest.raises(QganError, match=rule):
            check_periods(periods, 1)
    with pytest.raises(QganError, match=rule):
        Dataset(*parts, (0.0,))


def test_data_that_do_not_fit_together_are_refused() -> None:
    batch = ramp([3, 4])
    with pytest.raises(QganError, match=r"`label` must have an entry for each of the 7 states"):
        Batch(batch.states, batch.label[:5])
    with pytest.raises(QganError, match=r"`label_names` must have a name for each of the 2"):
        Dataset(batch, batch, batch, (0, 1), ("a",), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`factor_names` must have a name for each of the 1"):
        Dataset(batch, batch, batch, (0, 1), ("a", "b"), (), "ramp")
    bare = replace(batch, factors=None)
    with pytest.raises(QganError, match=r"`factor_names` must have a name for each of the 0"):
        Dataset(bare, bare, bare, (0, 1), ("a", "b"), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`label` must be from 0 to 0, but got 1"):
        Dataset(batch, batch, batch, (0,), ("a",), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`train` must have states of each label, but got none"):
        Dataset(batch.of(1), batch, batch, (0, 1), ("a", "b"), ("angle",), "ramp")
    with pytest.raises(QganError, match=r"`batch_size` must be at least 1, but got 0"):
        dataset([3, 4]).draw(0, np.random.default_rng(0))
