"""The source whose hidden factor is a phase, against amplitudes by hand and expectation values."""

import math

import pytest
import torch
from tolerances import EXACT
from torch.testing import assert_close

from qgan.data import ghz_phase, ghz_states
from qgan.errors import QganError


@pytest.mark.parametrize("n_qubits", [1, 2, 4])
def test_phases_show_in_words_on_all_qubits_only(n_qubits: int) -> None:
    """``<X..X> + i <YX..X> = sin(2a) e^{i phi}``; words of Z do not see phi."""
    phase = torch.linspace(0, 6, 7, dtype=torch.float64)
    for label, mixing in enumerate((math.pi / 8, math.pi / 4)):
        states = ghz_states(n_qubits, label, phase)
        words = ["X" * n_qubits, "Y" + "X" * (n_qubits - 1), "Z" + "I" * (n_qubits - 1)]
        x, y, z = states.expval(words).T
        assert_close(x, math.sin(2 * mixing) * phase.cos(), **EXACT)
        assert_close(y, math.sin(2 * mixing) * phase.sin(), **EXACT)
        assert_close(z, torch.full_like(phase, math.cos(2 * mixing)), **EXACT)


def test_the_factor_is_the_phase_of_the_state() -> None:
    data = ghz_phase(3, n_train=20, n_validation=5, n_held_out=5)
    assert data.factor_periods == (2 * math.pi,)
    assert data.train.factors is not None
    amplitude = data.train.states.factor[:, -1, 0]
    assert_close(amplitude.angle().remainder(2 * math.pi), data.train.factors[:, 0], **EXACT)


def test_labels_and_sizes_are_checked() -> None:
    with pytest.raises(QganError, match="`n_qubits` must be 1 to 12"):
        ghz_phase(13)
    with pytest.raises(QganError, match="`label` must be 0 or 1"):
        ghz_states(2, 2, torch.zeros(1))
