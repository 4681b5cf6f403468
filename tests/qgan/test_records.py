"""Records of measurements, and what views make of them."""

from __future__ import annotations

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close
from view_cases import VIEWS, Case, N, each_view, two_copy

from qgan.errors import QganError
from qgan.povm import POVMS, every_word, outcome_probabilities
from qgan.records import Records, measure
from qgan.states import States
from qgan.views import POVMView, View

each_kind = pytest.mark.parametrize("kind", POVMS)
LABEL = torch.tensor([0, 1, 1])


def endless(states: States, kind: str) -> Records:
    """What infinitely many shots give: the probabilities themselves."""
    values = states.expval(every_word(states.n_qubits)[1:])
    return Records(outcome_probabilities(values, kind), 1, kind)


def readers() -> list[Case]:
    return [case for case in VIEWS.values() if case.make().reads_records]


def basis_states() -> States:
    """|0>, |1>, |+>, |->, |+i>, |-i>."""
    vectors = [[1, 0], [0, 1], [1, 1], [1, -1], [1, 1j], [1, -1j]]
    return States(torch.tensor(vectors, dtype=torch.complex128).unsqueeze(-1)).normalised()


@each_view
@each_kind
def test_estimates_have_no_bias(case: Case, kind: str) -> None:
    """Estimates are linear in frequencies, and of the probabilities they are the exact view."""
    view, states = case.make(), random_states(3, N, 2)
    if not view.reads_records:
        with pytest.raises(QganError, match=f"View {type(view).__name__}: "):
            view(endless(states, kind), LABEL)
        return
    assert_close(view(endless(states, kind), LABEL), case.make_exact()(states, LABEL), **EXACT)


def test_some_views_read_records() -> None:
    assert {type(case.make()).__name__ for case in readers()} == {
        "DensityView", "MeasuredView", "PauliView", "POVMView", "SketchView",
    }  # fmt: skip


@each_kind
def test_estimates_from_shots_scatter_around_the_exact_view(kind: str) -> None:
    """Means over 400 records lie within five standard errors, and the errors are not zero."""
    states = States(random_states(1, N, 2).factor.expand(400, -1, -1))
    records = measure(states, 20, torch.Generator().manual_seed(1), kind)
    label = torch.zeros(400, dtype=torch.int64)
    for case in readers():
        view: View = case.make()
        seen, exact = view(records, label), case.make_exact()(states, label)
        error = seen.std(0) / 20
        assert ((seen.mean(0) - exact[0]).abs() <= 5 * error + 1e-10).all()
        assert error.max() > 1e-3


def test_a_random_basis_with_its_bit_is_pauli_6() -> None:
    """Of each eigenstate: a third of the shots are in its basis, and all of those agree."""
    shares = measure(basis_states(), 3000, torch.Generator().manual_seed(0)).frequencies
    for state, outcome in enumerate([4, 5, 0, 1, 2, 3]):
        assert shares[state, outcome] == pytest.approx(1 / 3, abs=0.05)
        assert shares[state, outcome ^ 1] == 0
    basis, bit = torch.tensor([[[2, 0], [1, 2]]]), torch.tensor([[[0, 1], [1, 1]]])
    records = Records.of_random_paulis(basis, bit)
    assert (records.n_shots, records.n_qubits) == (2, 2)
    words = ["ZX", "YZ", "ZI", "IX", "IZ", "XX"]
    expected = torch.tensor([[-4.5, 4.5, 1.5, -1.5, -1.5, 0]]).double()
    assert_close(records.expval(words), expected, **EXACT)


def test_one_shot_is_a_classical_shadow() -> None:
    """``3 |s><s| - 1`` on each qubit: arXiv:2002.08953."""
    order = [2, 3, 4, 5, 0, 1]  # of X+, X-, Y+, Y-, Z+, Z- among the basis states
    rho = basis_states().density_matrix()[order]
    shadow = 3 * rho - torch.eye(2)
    for a, b in [(0, 0), (1, 4), (3, 5)]:
        found = Records.of_outcomes(torch.tensor([[[a, b]]])).density_matrix()
        assert_close(found[0], torch.kron(shadow[a], shadow[b]), **EXACT)


@each_kind
def test_frequencies_are_the_same_measurement_s_view(kind: str) -> None:
    records = measure(random_states(3, N, 2), 50, torch.Generator().manual_seed(0), kind)
    assert_close(POVMView(N, kind)(records, LABEL), records.frequencies, **EXACT)
    assert_close(records.frequencies.sum(1), torch.ones(3).double(), **EXACT)
    assert_close((50 * records.frequencies).round() / 50, records.frequencies, **EXACT)


def test_records_of_some_states() -> None:
    states = random_states(4, N, 1)
    records = measure(states, 30, torch.Generator().manual_seed(3))
    again = measure(states, 30, torch.Generator().manual_seed(3))
    other = measure(states, 30, torch.Generator().manual_seed(4))
    assert torch.equal(records.frequencies, again.frequencies)
    assert not torch.equal(records.frequencies, other.frequencies)
    part = records[torch.tensor([2, 0])]
    assert torch.equal(part.frequencies, records.frequencies[[2, 0]])
    assert (len(part), part.n_shots) == (2, 30)


def test_two_copies_are_not_in_one_shot() -> None:
    states = random_states(3, N, 1)
    for shots, reason in ((1, "there is one shot of each"), (2, "a fixed measurement")):
        records = measure(states, shots, torch.Generator().manual_seed(0))
        with pytest.raises(QganError, match=f"View TwoCopyView: .*{reason}.* use view"):
            two_copy()(records, LABEL)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Records(torch.ones(1, 6), 1, "pauli"), "`povm` must be one of"),
        (lambda: Records(torch.ones(1, 5), 1), "`frequencies` must have shape"),
        (lambda: Records(torch.ones(1, 6), 0), "`shots` must be at least 1"),
        (lambda: Records.of_outcomes(torch.ones(1, 6)), "`outcome` must have shape"),
        (lambda: Records.of_outcomes(torch.ones(1, 6, 1)), "`outcome` must hold integers"),
        (lambda: Records.of_outcomes(torch.full((1, 1, 1), 6)), "`outcome` must be from 0 to 5"),
        (lambda: Records.of_outcomes(torch.zeros(1, 1, 7).long()), "at most 6 qubits"),
        (
            lambda: Records.of_random_paulis(torch.full((1, 1, 1), 3), torch.zeros(1, 1, 1).long()),
            "`basis` must be from 0 to 2",
        ),
        (
            lambda: Records.of_random_paulis(torch.zeros(1, 2, 1), torch.zeros(1, 1, 1)),
            "`bit` must have shape",
        ),
        (lambda: measure(random_states(1, 1, 1), 0, torch.Generator()), "`shots` must be"),
        (lambda: measure(random_states(1, 7, 1), 1, torch.Generator()), "at most 6 qubits"),
    ],
)
def test_refusals(make, message) -> None:
    with pytest.raises(QganError, match=message):
        make()
