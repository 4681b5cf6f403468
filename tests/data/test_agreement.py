"""Records beside states in a file: they must be of these states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from small_circuits import random_states

from qgan.data import from_file
from qgan.errors import QganError
from qgan.povm import POVMS, every_word, outcome_probabilities
from qgan.states import States

Array = NDArray[np.int64]
N_STATES, SHOTS = 40, 500
LABEL = np.arange(N_STATES) % 2


def outcomes(states: States, kind: str, shots: int = SHOTS, seed: int = 0) -> Array:
    """Outcomes ``(B, shots, n)`` drawn from their probabilities."""
    n, width = states.n_qubits, len(POVMS[kind])
    exact = states.expval(every_word(n)[1:])
    chances = outcome_probabilities(exact, kind).clamp_min(0)
    index = torch.multinomial(chances, shots, True, generator=torch.Generator().manual_seed(seed))
    return np.stack(np.unravel_index(index.numpy(), (width,) * n), -1)


def write(path: Path, states: States, outcome: Array, kind: str) -> Path:
    arrays = {"states": states.numpy(), "label": LABEL[: len(states)], "outcome": outcome}
    np.savez(path, **arrays, measurement=kind)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("kind", POVMS)
@pytest.mark.parametrize("shots", [1, 3, SHOTS])
def test_records_of_the_states_pass(tmp_path: Path, kind: str, shots: int) -> None:
    states = random_states(N_STATES, 2, 1)
    for seed in range(20):
        path = write(tmp_path / "r.npz", states, outcomes(states, kind, shots, seed), kind)
        assert len(from_file(path).train) == 28


def test_records_of_a_noisy_device_pass(tmp_path: Path) -> None:
    """Five per cent of the states depolarised is no other state."""
    states = random_states(N_STATES, 2, 1)
    mixed = 0.95 * states.density_matrix() + 0.05 * torch.eye(4) / 4
    noisy = outcomes(States.from_density_matrix(mixed), "pauli-6", 5000)
    assert len(from_file(write(tmp_path / "r.npz", states, noisy, "pauli-6")).train) == 28


def flipped(outcome: Array) -> Array:
    return outcome ^ 1


CARRASQUILLA = np.array([1, 2, 0, 3])  # of X+, Y+, Z+, rest where Z+ is 0, X+ is 1, Y+ is 2
WRONG: dict[str, tuple[str, Callable[[Array], Array]]] = {
    "bits the other way round": ("pauli-6", flipped),
    "qubits in another order": ("pauli-6", lambda outcome: outcome[..., ::-1]),
    "states in another order": ("tetrahedral", lambda outcome: np.roll(outcome, 2, 0)),
    "outcomes in another order": ("pauli-4", lambda outcome: CARRASQUILLA[outcome]),
    "axes in another order": ("pauli-6", lambda outcome: (outcome + 2) % 6),
}


@pytest.mark.parametrize("case", WRONG)
def test_other_records_are_refused(tmp_path: Path, case: str) -> None:
    kind, change = WRONG[case]
    states = random_states(N_STATES, 2, 1)
    path = write(tmp_path / "r.npz", states, change(outcomes(states, kind)), kind)
    message = rf"`outcome` must be records of the `states` beside them in {kind}, whose outcomes"
    with pytest.raises(QganError, match=message):
        from_file(path)


def test_the_refusal_says_what_records_and_states_say(tmp_path: Path) -> None:
    zero = np.tile([1.0, 0, 0, 0], (N_STATES, 1))
    states = States.from_numpy(zero)
    right = outcomes(states, "pauli-6")
    assert len(from_file(write(tmp_path / "r.npz", states, right, "pauli-6")).train) == 28
    with pytest.raises(QganError) as error:
        from_file(write(tmp_path / "r.npz", states, flipped(right), "pauli-6"))
    assert "X+, X-, Y+, Y-, Z+, Z-, but got <" in str(error.value)
    assert "Z" in str(error.value).split("got <")[1][:2]
    assert "by the records and 1.00 by the states" in str(error.value)
    assert "\n" not in str(error.value)


def test_counts_of_bits_are_no_outcomes(tmp_path: Path) -> None:
    states = States.from_numpy(np.tile([1.0, 0, 0, 0], (N_STATES, 1)))
    bits = np.zeros((N_STATES, 100, 2), dtype=np.int64)
    with pytest.raises(QganError, match=r"qubit 0 equally often, but got X in 1\.00"):
        from_file(write(tmp_path / "r.npz", states, bits, "pauli-6"))
