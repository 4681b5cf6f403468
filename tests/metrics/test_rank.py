"""What traced-out qubits allow, and that the program says so."""

from __future__ import annotations

import warnings

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT, FIDELITY
from torch.testing import assert_close

from qgan import build, errors
from qgan.build.generators import warn_of_rank
from qgan.build.settings import parse
from qgan.cli import exit_status
from qgan.data import gibbs
from qgan.errors import QganError, QganWarning
from qgan.metrics.states.rank import fidelity_cap
from qgan.states import States


@pytest.mark.parametrize("n_traced", [0, 1, 2])
def test_the_cap_is_reached_by_the_leading_eigenvectors(n_traced: int) -> None:
    states, rank = random_states(4, 3, 8), 2**n_traced
    values, vectors = torch.linalg.eigh(states.density_matrix())
    leading = vectors[..., -rank:] * values[:, None, -rank:].sqrt()
    best = States(leading).normalised()
    cap = fidelity_cap(states, n_traced)
    assert_close(states.fidelity(best), cap, **FIDELITY)
    for seed in range(20):
        other = random_states(4, 3, rank, seed=seed)
        assert (states.fidelity(other) <= cap + 1e-9).all()


def test_the_cap_of_states_that_fit_is_one() -> None:
    one = torch.ones(3, dtype=torch.float64)
    assert_close(fidelity_cap(random_states(3, 2, 2), 1), one, **EXACT)
    assert_close(fidelity_cap(random_states(3, 2, 1), 0), one, **EXACT)
    with pytest.raises(QganError, match="`n_traced` must be at least 0, but got -1"):
        fidelity_cap(random_states(1, 1, 1), -1)


SMALL = {"n_train": 4, "n_validation": 2, "n_held_out": 2}


@pytest.mark.parametrize(("bath", "said"), [(0, True), (1, True), (2, True), (3, False)])
@pytest.mark.parametrize("kind", ["register", "register 0", "reuploading"])
def test_a_narrow_bath_is_told(kind: str, bath: int, said: bool) -> None:
    """The hot state of three qubits has purity 0.26; its label's wire holds no entropy."""
    data = gibbs(**SMALL)
    kind, _, n_bits = kind.partition(" ")
    generator = {"kind": kind, "n_bits": int(n_bits or 6), "bath": bath, "n_latent": 0}
    settings = parse({"generator": generator})
    circuit = build.build_circuit(settings, data)
    if not said:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warn_of_rank(circuit, data)
        return
    hot = fidelity_cap(data.train.of(0).states, bath)[0]
    message = rf"^{bath} traced-out qubits cap the fidelity .* label hot at {hot:.4f}: "
    with pytest.warns(QganWarning, match=message):
        warn_of_rank(circuit, data)


def test_a_label_that_the_ansatz_acts_on_counts() -> None:
    data = gibbs(**SMALL)
    generator = {"kind": "register", "n_bits": 0, "bath": 2, "n_latent": 0, "ansatz": "ddk"}
    circuit = build.build_circuit(parse({"generator": generator}), data)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the label's wire adds its entropy to that of the bath
        warn_of_rank(circuit, data)


def test_the_command_line_says_it_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def command() -> int:
        errors.warn("the bath is narrow.")
        return 0

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        assert exit_status(command) == 0
    assert capsys.readouterr().err == "Note: the bath is narrow.\n"
