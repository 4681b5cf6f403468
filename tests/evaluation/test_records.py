"""Ensembles compared by records: no bias, honest errors, and what one shot cannot say."""

from __future__ import annotations

import math

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close

from qgan.errors import QganError
from qgan.evaluation import compare_records
from qgan.povm import POVMS
from qgan.records import measure
from qgan.states import States


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def poles(n: int) -> States:
    """|0> and |1> in turns: on average the mixed state."""
    return States(torch.eye(2, dtype=torch.complex128).repeat(n // 2, 1)[..., None])


def equator(n: int) -> States:
    """n states round the equator, on average the mixed state as well."""
    phase = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n
    factor = torch.stack([torch.ones_like(phase) + 0j, torch.exp(1j * phase)], 1) / 2**0.5
    return States(factor[..., None])


def test_the_distance_of_states_is_that_of_its_definition() -> None:
    """One qubit, poles and equator: ``x . y = (1 + r . s) / 4`` with the Bloch vectors r, s."""
    n = 40
    pole, ring = poles(n), equator(n)
    compared = compare_records(pole, ring)
    same = (1 / 2) ** 2 * (n / 2 - 1) / (n - 1)  # of a pole with the others: equal or opposite
    cosine = (2 * math.pi * torch.arange(1, n, dtype=torch.float64) / n).cos()
    around = float((((1 + cosine) / 4) ** 2).mean())
    assert compared.distance == pytest.approx(same + around - 2 / 16)
    assert_close(compared.first, compared.second, **EXACT)  # the average states are equal


@pytest.mark.parametrize("kind", POVMS)
def test_records_estimate_the_distance_without_bias(kind: str) -> None:
    """Over 60 records of three to eight shots, the mean lies within five of its errors."""
    first, second = random_states(12, 2, 1), random_states(10, 2, 2)
    exact = compare_records(first, second).distance
    shots = torch.randint(3, 9, (10,), generator=seeded(0))
    found = torch.tensor(
        [
            compare_records(first, measure(second, shots, seeded(k), kind)).distance
            for k in range(60)
        ]
    )
    assert abs(found.mean() - exact) < 5 * found.std() / 60**0.5


def test_ensembles_of_one_average_are_told_apart_from_two_shots_on() -> None:
    pole, ring = poles(400), equator(400)
    records = measure(ring, 40, seeded(1))
    apart, alike = compare_records(pole, records), compare_records(equator(200), records)
    assert apart.chi_squared < 3  # the average states agree
    assert apart.distance > 8 * apart.distance_error
    assert abs(alike.distance) < apart.distance / 4
    once = compare_records(pole, measure(ring, 1, seeded(1)))
    assert math.isnan(once.distance)
    assert once.unknown()[0].startswith("With one shot of a state only the average state")
    assert "Skill, coverage and fidelity need the states" in str(apart)


def test_errors_are_those_of_the_means() -> None:
    """Deviations of words of equal ensembles have a mean square of about one."""
    states = random_states(120, 3, 1)
    first, second = measure(states[:60], 30, seeded(0)), measure(states[60:], 30, seeded(7))
    compared = compare_records(first, second)
    assert 0.5 < compared.chi_squared < 1.6
    assert len(compared.words) == 9 + 27


def test_sides_that_do_not_fit_are_refused() -> None:
    with pytest.raises(QganError, match="`second` must have 1 qubits, but got 2"):
        compare_records(poles(4), random_states(4, 2, 1))
    with pytest.raises(QganError, match="`first` must hold at least 2 states"):
        compare_records(poles(4)[:1], poles(4))
