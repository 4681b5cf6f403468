"""Frozen states, modes, factors' ranges, k-copy moments and what outputs tell of labels."""

import numpy as np
import ot
import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close
from two_parts import two_parts

from qgan import evaluation, metrics
from qgan.batch import Batch
from qgan.errors import QganError
from qgan.metrics.ensembles.covering import average_scores
from qgan.states import States, concatenate


def clusters(seed: int, n: int, centres: tuple[int, ...]) -> States:
    """States around some basis states of two qubits, in equal numbers."""
    rng = np.random.default_rng(seed)
    at = np.array(centres)[np.arange(n) % len(centres)]
    noise = 0.1 * (rng.normal(size=(n, 4)) + 1j * rng.normal(size=(n, 4)))
    return States(torch.as_tensor(np.eye(4)[at] + noise)[..., None]).normalised()


def judged(generated: States) -> evaluation.LabelReport:
    """The report on a label of three modes."""
    ensembles = generated, clusters(1, 240, (0, 1, 2)), clusters(2, 150, (0, 1, 2))
    batch, train, held_out = (
        Batch(states, torch.zeros(len(states)).long()) for states in ensembles
    )
    real = two_parts(train, held_out, n_labels=1)
    return evaluation.evaluate(batch, torch.rand(len(batch), 1), real).labels[0]


def test_all_three_modes_are_seen() -> None:
    entry = judged(clusters(3, 240, (0, 1, 2)))
    assert entry.mode_collapse is False and entry.skill > 0.9
    assert entry.effective_modes > 0.8 * entry.effective_modes_real


def test_one_of_three_modes_is_caught() -> None:
    entry = judged(clusters(3, 240, (1,)))
    assert entry.precision > 0.95  # flattered
    assert entry.nearest_neighbour_ratio > 0.5  # and so is this: it is no frozen copy
    assert entry.mode_collapse is True
    assert entry.effective_modes < 0.5 * entry.effective_modes_real
    assert entry.coverage < 0.5 and entry.skill < 0.3 and entry.k_eq <= 2
    assert entry.mmd_p_value < 0.01 and entry.spread_ratio < 0.5
    assert entry.moments[0] > 3 * entry.floors["moment_1"]


def test_two_of_three_modes_are_seen_in_the_modes() -> None:
    entry = judged(clusters(3, 240, (0, 2)))
    assert 0.4 < entry.effective_modes / entry.effective_modes_real < 0.8
    assert entry.spread_ratio > 0.7  # flattered
    assert entry.skill < 0.7


def test_greedy_choice_of_frozen_states() -> None:
    states = random_states(30, 2, 1)
    fidelities = metrics.fidelity_matrix(states, states)
    places, coverages = metrics.best_frozen(fidelities)
    assert len(set(places.tolist())) == len(places) == 30
    assert coverages[-1].item() == pytest.approx(1)
    assert int(places[0]) == int(fidelities.mean(0).argmax())
    for k in (2, 7):
        assert coverages[k - 1].item() == pytest.approx(metrics.coverage(fidelities[:, places[:k]]))
        assert metrics.equivalent_frozen(float(coverages[k - 1]), coverages) == k
    assert metrics.equivalent_frozen(2.0, coverages) == 31
    copies = concatenate([states[:3], states[:3]])
    assert len(metrics.best_frozen(metrics.fidelity_matrix(copies, copies))[0]) == 3


def test_effective_modes_of_batches() -> None:
    places = torch.tensor([[0, 0, 0, 0], [0, 1, 2, 3], [0, 0, 1, 1]])
    expected = torch.tensor([1.0, 4.0, 2.0]).double()
    assert_close(metrics.effective_modes(places, 5), expected, **EXACT)


def test_range_of_a_factor() -> None:
    real = torch.linspace(-1, 1, 201)
    assert metrics.factor_reached(real, real) == 1
    assert metrics.factor_reached(torch.tensor([5.0, -5.0]), real) == pytest.approx(0.1)
    assert metrics.factor_reached(torch.tensor([-1.0, -5.0]), real) == pytest.approx(0.05)
    assert metrics.factor_reached(torch.tensor([1.0, 5.0]), real) == pytest.approx(0.05)
    gap = real[(real < -0.5) | (real > 0.5)]
    assert metrics.factor_reached(gap, gap) == 1


@pytest.mark.parametrize("ranks", [(1, 1), (1, 3), (2, 2)])
def test_moments_by_their_definition(ranks: tuple[int, int]) -> None:
    a, b = random_states(4, 2, ranks[0]), random_states(5, 2, ranks[1], seed=1)
    both = concatenate([a, b])
    overlaps = metrics.overlap_matrix(both, both)
    rho = both.density_matrix()
    assert_close(overlaps, torch.einsum("aij,bji->ab", rho, rho).real, **EXACT)
    assert_close(metrics.overlap_matrix(a, b), overlaps[:4, 4:], **EXACT)
    copies = rho
    for k in (1, 2, 3):
        gap = copies[:4].mean(0) - copies[4:].mean(0)
        expected = torch.linalg.matrix_norm(gap)
        assert_close(metrics.moment_distance(overlaps, 4, k), expected, **EXACT)
        size = len(copies[0]) * 4
        copies = torch.einsum("aij,akl->aikjl", copies, rho).reshape(-1, size, size)


def test_mmd_of_ensembles() -> None:
    a, b = random_states(60, 2, 1), random_states(60, 2, 1, seed=1)
    value, p_value = metrics.ensemble_mmd(a, b)
    assert p_value > 0.05 and abs(value) < 0.02
    turned = States(b.factor * torch.tensor([1.0, 0.3, 0.3, 0.3])[:, None]).normalised()
    value, p_value = metrics.ensemble_mmd(a, turned)
    assert p_value < 0.01 and value > 0.02
    with pytest.raises(QganError, match="`power` must be at least 2"):
        metrics.ensemble_mmd(a, b, power=1)


def test_potentials_are_a_dual_solution() -> None:
    fidelities = metrics.fidelity_matrix(random_states(20, 2, 1), random_states(30, 2, 1, seed=1))
    for p in (1, 2):
        solution = metrics.potentials(fidelities, p)
        cost = (1 - fidelities) ** (p / 2)
        assert solution.distance == pytest.approx(metrics.transport(fidelities, p))
        total = float(solution.real.mean() + solution.generated.mean())
        assert total == pytest.approx(solution.cost, abs=1e-9)
        assert float((solution.real[:, None] + solution.generated[None] - cost).max()) < 1e-9
        assert solution.cost == pytest.approx(float(ot.emd2([], [], cost.numpy())))


@pytest.mark.parametrize("rank", [1, 3])
def test_scores_of_averages_add_up_to_their_distance(rank: int) -> None:
    a, b = random_states(7, 2, rank), random_states(9, 2, rank, seed=1)
    scores = average_scores(a, b)
    total = float(scores[0].mean() + scores[1].mean())
    assert total == pytest.approx(metrics.average_distance(a, b), abs=1e-12)
    assert [len(s) for s in scores] == [7, 9]


def test_information_of_labels() -> None:
    confusion = torch.tensor([[30.0, 10.0], [5.0, 35.0]])
    joint = confusion / 80
    product = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    mutual = float((joint * (joint / product).log()).sum())
    assert float(evaluation.label_information(confusion).mean()) == pytest.approx(mutual)
    nothing = evaluation.label_information(torch.tensor([[4.0, 4.0], [1.0, 1.0]]))
    assert_close(nothing, torch.zeros(2).double(), **EXACT)
    with pytest.raises(QganError, match="`confusion` must have a state of each label"):
        evaluation.label_information(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))


def test_holevo_bounds_what_labels_tell() -> None:
    same = random_states(8, 2, 1)
    assert evaluation.holevo_information([same, same]) == pytest.approx(0, abs=1e-12)
    two = [random_states(1, 2, 1), random_states(1, 2, 1, seed=1)]
    overlap = float(metrics.fidelity(two[0], two[1]))
    high = (1 + overlap**0.5) / 2
    expected = -(high * np.log(high) + (1 - high) * np.log(1 - high))
    assert evaluation.holevo_information(two) == pytest.approx(expected)
    with pytest.raises(QganError, match="`ensembles` must hold at least one label"):
        evaluation.holevo_information([])
