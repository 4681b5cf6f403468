"""The share of memorised states: copies score 1, fresh states 0.05, and ties count for nothing."""

import numpy as np
import pytest
import torch
from two_parts import two_parts

from qgan import evaluation, metrics
from qgan.batch import Batch, join
from qgan.errors import QganError
from qgan.metrics.ensembles.covering import prepare
from qgan.metrics.ensembles.memorisation import nearness_threshold
from qgan.states import States

N_TRAIN, N_HELD_OUT = 200, 99


def ensemble(seed: int, n: int, rank: int = 1, width: float = 1.0) -> States:
    """Two-qubit states around |00>, pure or mixed."""
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(n, 4, rank)) + 1j * rng.normal(size=(n, 4, rank))
    centre = np.zeros((4, rank))
    centre[0, 0] = 2
    return States(torch.as_tensor(centre + width * noise)).normalised()


def share(generated: States, train: States, held_out: States) -> float:
    matrices = (metrics.fidelity_matrix(states, train) for states in (generated, held_out))
    return metrics.memorised_share(*matrices)


def test_the_threshold_is_an_order_statistic() -> None:
    """The 95th of 99, of 100 the 96th; with fewer than 19 the greatest."""
    for n, place in ((99, 95), (100, 96), (19, 19), (18, 18), (1, 1)):
        values = torch.arange(1, n + 1).flip(0) / 1000
        assert float(nearness_threshold(values)) == pytest.approx(place / 1000)


@pytest.mark.parametrize("rank", [1, 3])
def test_copies_score_one_and_fresh_states_a_twentieth(rank: int) -> None:
    train = ensemble(0, N_TRAIN, rank)
    copies = train[torch.arange(300) % 7]
    fresh = []
    for seed in range(1, 41 if rank == 1 else 5):
        held_out = ensemble(2 * seed, N_HELD_OUT, rank)
        assert share(copies, train, held_out) == 1
        assert share(held_out, train, held_out) == pytest.approx(4 / 99)
        fresh.append(share(ensemble(2 * seed + 1, 100, rank), train, held_out))
    if rank == 1:
        assert np.mean(fresh) == pytest.approx(0.05, abs=0.015)
    assert max(fresh) < 0.2


def test_a_frozen_state_counts_only_if_it_is_nearer_than_real_ones() -> None:
    train, held_out = ensemble(0, N_TRAIN), ensemble(1, N_HELD_OUT)
    nearest = metrics.fidelity_matrix(held_out, train).amax(1)
    order = nearest.argsort()
    for place, expected in ((0, 0.0), (93, 0.0), (94, 0.0), (95, 1.0)):  # the 95th is the threshold
        frozen = held_out[order[place]][torch.zeros(50).long()]
        assert share(frozen, train, held_out) == expected


@pytest.mark.parametrize("dtype", [torch.complex128, torch.complex64])
def test_copies_among_real_states_leave_it_undefined(dtype: torch.dtype) -> None:
    same = prepare(ensemble(0, 1).to(dtype)[torch.zeros(30).long()])
    assert np.isnan(share(ensemble(1, 20), same, same))
    train = ensemble(2, 30).to(dtype)
    phases = torch.polar(torch.ones(30), torch.arange(30.0)).to(dtype)[:, None, None]
    train, turned = prepare(train), prepare(States(train.factor * phases))
    assert np.isnan(share(turned, train, turned))


def test_wrong_input_is_named() -> None:
    full = torch.ones(3, 2)
    with pytest.raises(QganError, match="`fidelities` must have shape"):
        metrics.memorised_share(torch.ones(0, 2), full)
    with pytest.raises(QganError, match="`real_fidelities` must have 2 columns, one per training"):
        metrics.memorised_share(full, torch.ones(3, 4))


def judged(*ensembles: States, copies: bool = False) -> evaluation.LabelReport:
    """The report of the last label on generated, training and held-out states.

    With copies there is a first label too, whose training states are the generated states of the
    last one: these are not looked for.
    """
    n_labels = 1 + copies
    label = [torch.full((len(states),), n_labels - 1) for states in ensembles]
    parts = [Batch(*pair) for pair in zip(ensembles, label, strict=True)]
    if copies:
        first = Batch(ensembles[0], torch.zeros(len(ensembles[0])).long())
        parts = [join([first, part]) for part in parts]
    real = two_parts(parts[1], parts[2], n_labels)
    return evaluation.evaluate(parts[0], torch.zeros(len(parts[0]), 0), real).labels[-1]


def test_the_report_has_the_share_with_its_interval_and_floor() -> None:
    train, held_out = ensemble(0, N_TRAIN), ensemble(1, N_HELD_OUT)
    fresh = judged(ensemble(2, 400), train, held_out, copies=True)
    expected = share(ensemble(2, 400), train, held_out)
    assert fresh.memorised == pytest.approx(expected) and expected < 0.12
    assert fresh.floors["memorised"] == pytest.approx(4 / 99)
    low, high = fresh.intervals["memorised"]
    assert 0 <= low < 0.05 < high < 0.3
    half = torch.cat([train.factor[:100], ensemble(2, 100).factor])
    entry = judged(States(half), train, held_out)
    assert 0.5 <= entry.memorised < 0.56
    low, high = entry.intervals["memorised"]
    assert 0.4 < low < entry.memorised < high < 0.7
    collapsed = judged(train[:5], train[:1], train[torch.zeros(9).long()])
    assert np.isnan(collapsed.memorised) and collapsed.to_dict()["memorised"] is None
    assert "memorised" not in collapsed.floors and "memorised" not in collapsed.intervals


def test_the_interval_is_as_wide_as_fresh_draws_stray() -> None:
    """The threshold strays with the held-out states: generated states alone would give half."""
    train = ensemble(0, N_TRAIN)
    values, widths = [], []
    for seed in range(1, 17):
        entry = judged(ensemble(2 * seed, 400), train, ensemble(2 * seed + 1, N_HELD_OUT))
        low, high = entry.intervals["memorised"]
        values.append(entry.memorised)
        widths.append((high - low) / 3.92)
    assert 0.55 < np.mean(widths) / np.std(values) < 1.7
