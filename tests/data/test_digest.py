"""The digest of data: it knows states, labels, records and the split, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from qgan import build
from qgan.batch import Batch
from qgan.data import Dataset, bell, digest, measured, tfim
from qgan.states import States

SIZES = {"n_train": 8, "n_validation": 3, "n_held_out": 3}
PURE, MIXED = tfim(2, **SIZES), bell(2, **SIZES)


def with_factor(data: Dataset, change: Callable[[torch.Tensor], torch.Tensor]) -> Dataset:
    """The data with other factors of the training states."""
    states = States(change(data.train.states.factor.clone()))
    return replace(data, train=Batch(states, data.train.label, data.train.factors))


def rotated(factor: torch.Tensor) -> torch.Tensor:
    """The same density matrices: phases, and another basis of each eigenspace."""
    rng = np.random.default_rng(0)
    size = (factor.shape[-1],) * 2
    unitary = np.linalg.qr(rng.normal(size=size) + 1j * rng.normal(size=size))[0]
    return factor @ torch.from_numpy(unitary)


def nudged(factor: torch.Tensor) -> torch.Tensor:
    factor[3, 0] += 1e-4
    return factor


def flipped(data: Dataset) -> Dataset:
    return replace(data, train=Batch(data.train.states, 1 - data.train.label, data.train.factors))


SAME: dict[str, Callable[[Dataset], Dataset]] = {
    "phases and bases": lambda data: with_factor(data, rotated),
    "rounding": lambda data: with_factor(data, lambda a: a * (1 + 1e-14)),
    "the name": lambda data: replace(data, name="moved", label_names=("a", "b")),
}
OTHER: dict[str, Callable[[Dataset], Dataset]] = {
    "labels on other states": flipped,
    "a state": lambda data: with_factor(
        data, lambda a: a + 1e-4 * (torch.arange(len(a)) == 3)[:, None, None]
    ),
    "the order": lambda data: replace(data, train=data.train[torch.arange(15, -1, -1)]),
    "the split": lambda data: replace(data, validation=data.held_out, held_out=data.validation),
    "a part": lambda data: replace(data, held_out=data.held_out[1:]),
    "the labels' values": lambda data: replace(data, label_values=("a", "b")),
    "records": lambda data: measured(data, 5),
}


@pytest.mark.parametrize("data", [PURE, MIXED], ids=["pure", "mixed"])
@pytest.mark.parametrize("change", SAME)
def test_it_does_not_see_what_is_no_data(data: Dataset, change: str) -> None:
    assert digest(SAME[change](data)) == digest(data)


@pytest.mark.parametrize("data", [PURE, MIXED], ids=["pure", "mixed"])
@pytest.mark.parametrize("change", OTHER)
def test_it_sees_other_data(data: Dataset, change: str) -> None:
    assert digest(OTHER[change](data)) != digest(data)


def test_it_sees_other_records_of_the_same_states() -> None:
    one = measured(PURE, 5, seed=0)
    others = [measured(PURE, 5, seed=1), measured(PURE, 6), measured(PURE, 5, "tetrahedral")]
    assert len({digest(data) for data in (one, *others)}) == 4
    assert digest(one) == digest(measured(PURE, 5, seed=0))


@pytest.mark.parametrize("source", build.SOURCES)
def test_a_source_repeats_itself(source: str) -> None:
    make = build.SOURCES.find(source).make
    one = make(seed=0, **SIZES)
    assert digest(one) == digest(make(seed=0, **SIZES))
