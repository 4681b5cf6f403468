"""Measurement records beside states: in batches, in data sets, in files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_circuits import random_states

from qgan import build
from qgan.batch import Batch, join
from qgan.build.settings import parse
from qgan.data import from_file, measured, tfim
from qgan.errors import QganError
from qgan.records import Records, measure

LABEL = np.arange(2).repeat(8)
OUTCOME = np.random.default_rng(0).integers(6, size=(16, 5, 2))


def write(path: Path, **arrays: Any) -> Path:
    states = random_states(16, 2, 1).numpy()
    np.savez(path, **{"states": states, "label": LABEL, "outcome": OUTCOME, **arrays})
    return path


def batch(seed: int = 0, n: int = 4, shots: int = 3) -> Batch:
    states = random_states(n, 2, 1, seed=seed)
    records = measure(states, shots, torch.Generator().manual_seed(seed))
    return Batch(states, torch.zeros(n, dtype=torch.int64), records=records)


def test_records_go_with_their_states() -> None:
    whole = batch()
    assert whole.records is not None and whole.seen is whole.records
    part = whole[torch.tensor([3, 1])].to(torch.complex64)
    assert part.records is not None and part.records.frequencies.dtype == torch.float32
    assert torch.equal(part.records.frequencies, whole.records.frequencies[[3, 1]].float())
    both = join([whole, batch(1)])
    assert isinstance(both.seen, Records) and len(both.seen) == 8
    assert join([whole, Batch(whole.states, whole.label)]).seen is not None
    assert Batch(whole.states, whole.label).seen is whole.states
    mixed = join([whole, batch(1, shots=4)]).records
    assert mixed is not None and mixed.counts.unique().tolist() == [3, 4]
    other = Records(whole.records.outcome % 4, "pauli-4")
    with pytest.raises(QganError, match="`records` must be of one measurement"):
        join([whole, Batch(whole.states, whole.label, records=other)])
    with pytest.raises(QganError, match="`records` must have an entry for each of the 4 states"):
        Batch(whole.states, whole.label, records=whole.records[:3])


def test_only_training_states_are_measured_and_by_seed() -> None:
    data = tfim(2, n_train=3, n_validation=2, n_held_out=2)
    found = [measured(data, 40, "tetrahedral", seed).train.records for seed in (1, 1, 2)]
    first, again, other = (records.frequencies for records in found if records is not None)
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert measured(data, 40).held_out.seen is data.held_out.states


def test_records_of_a_file(tmp_path: Path) -> None:
    """The parts keep each state's own records."""
    path = write(tmp_path / "r.npz")
    data = from_file(path)
    every = Records.of_outcomes(torch.from_numpy(OUTCOME)).frequencies
    states = random_states(16, 2, 1).factor
    for part in (data.train, data.validation, data.held_out):
        assert part.records is not None and part.records.kind == "pauli-6"
        for factor, shares in zip(part.states.factor, part.records.frequencies, strict=True):
            at = int((states - factor).abs().sum((1, 2)).argmin())
            assert torch.equal(shares, every[at])
    settings = {"data": {"file": str(path)}, "discriminator": {"kind": "pauli"}}
    shown = build.build_trainer(from_file(path), parse(settings)).training_data.train.seen
    assert repr(shown) == "Records(12 of 2 qubits, 5 shots of pauli-6)"


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"outcome": OUTCOME[:3]}, r"`outcome` must have shape \(16, shots, 2\)"),
        ({"outcome": OUTCOME[:, :, 0]}, r"`outcome` must have shape \(16, shots, 2\)"),
        ({"outcome": OUTCOME / 2}, "`outcome` must hold integers"),
        ({"outcome": OUTCOME + 1}, "`outcome` must be from 0 to 5 for pauli-6"),
        ({"measurement": "pauli-4"}, "`outcome` must be from 0 to 3 for pauli-4"),
        ({"measurement": "mine"}, "`povm` must be one of pauli-4, pauli-6, tetrahedral"),
    ],
)
def test_refusals(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(QganError, match=message):
        from_file(write(tmp_path / "r.npz", **arrays))
