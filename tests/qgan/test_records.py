"""Records of measurements, and what views make of them."""

from __future__ import annotations

import resource

import numpy as np
import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close
from view_cases import VIEWS, Case, N, each_view, two_copy

from qgan.errors import QganError
from qgan.outcome_table import OutcomeTable
from qgan.povm import POVMS, every_word, outcome_probabilities
from qgan.records import Records, measure
from qgan.states import States
from qgan.views import POVMView, View

each_kind = pytest.mark.parametrize("kind", POVMS)
LABEL = torch.tensor([0, 1, 1])
ZEROS = Records(torch.zeros(1, 1, 7, dtype=torch.int64))


def endless(states: States, kind: str) -> OutcomeTable:
    """What infinitely many shots give: the probabilities themselves."""
    values = states.expval(every_word(states.n_qubits)[1:])
    return OutcomeTable(outcome_probabilities(values, kind), 1, kind)


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


@each_kind
@pytest.mark.parametrize("rank", [1, 3])
def test_shots_come_as_often_as_born_s_rule_says(kind: str, rank: int) -> None:
    """Chi squared of all joint outcomes of two states lies within five deviations of its mean."""
    states, shots = random_states(2, 2, rank), 60_000
    records = measure(states, [shots, shots // 2], torch.Generator().manual_seed(0), kind)
    chances = endless(states, kind).frequencies
    for state, count in enumerate((shots, shots // 2)):
        expected = count * chances[state]
        chi = ((count * records.frequencies[state] - expected) ** 2 / expected).sum()
        degrees = len(expected) - 1
        assert abs(float(chi) - degrees) < 5 * (2 * degrees) ** 0.5


@each_kind
def test_words_of_many_qubits_are_estimated_with_their_errors(kind: str) -> None:
    """GHZ states of 9 qubits: each estimate lies within five of its own errors."""
    n, shots = 9, 4000
    vector = torch.zeros(1, 2**n, 1, dtype=torch.complex128)
    vector[0, 0], vector[0, -1] = 0.6, 0.8
    records = measure(States(vector), shots, torch.Generator().manual_seed(1), kind)
    words = ["Z" + "I" * (n - 1), "ZZ" + "I" * (n - 2), "I" * (n - 2) + "XX", "I" * n]
    exact = torch.tensor([0.36 - 0.64, 1.0, 0.0, 1.0]).double()
    values, errors = records.expval(words)[0], records.variance(words)[0].sqrt()
    assert ((values - exact).abs() <= 5 * errors).all()
    assert (errors[:3] > 0.01).all()
    assert errors[3] == 0


def test_variances_have_no_bias() -> None:
    """Their mean over 2,000 records of five shots is the variance of the estimates themselves."""
    states = States(random_states(1, 2, 1).factor.expand(2000, -1, -1))
    records = measure(states, 5, torch.Generator().manual_seed(2))
    words = ["ZI", "XY"]
    estimates, variances = records.expval(words), records.variance(words)
    assert_close(variances.mean(0), estimates.var(0), rtol=0.15, atol=0.0)
    assert measure(states[:2], 1, torch.Generator()).variance(words).isnan().all()


def test_states_may_have_different_numbers_of_shots() -> None:
    states = random_states(3, 2, 1)
    records = measure(states, [4, 1, 7], torch.Generator().manual_seed(0), "tetrahedral")
    assert records.counts.tolist() == [4, 1, 7]
    assert repr(records) == "Records(3 of 2 qubits, 1 to 7 shots of tetrahedral)"
    words = list(every_word(2))
    alone = [
        Records(records.outcome[k : k + 1, :n], "tetrahedral") for k, n in enumerate((4, 1, 7))
    ]
    for k, one in enumerate(alone):
        assert_close(records.expval(words)[k], one.expval(words)[0], **EXACT)
        assert_close(records.frequencies[k], one.frequencies[0], **EXACT)
        assert_close(records.variance(words)[k], one.variance(words)[0], equal_nan=True)
    assert torch.equal(Records.joined(alone).outcome, records.outcome)
    assert torch.equal(
        Records.of_outcomes(records.outcome, "tetrahedral", records.mask).outcome, records.outcome
    )
    assert records.one_hot().sum((2, 3)).tolist() == (2.0 * records.mask).tolist()


def test_a_table_and_the_shots_say_the_same() -> None:
    records = measure(random_states(4, 3, 2), 50, torch.Generator().manual_seed(0))
    words = list(every_word(3))
    by_shots = records.expval(words)
    assert_close(records.table().expval(words), by_shots, **EXACT)
    assert_close(records[torch.tensor([2, 0])].expval(words), by_shots[[2, 0]], **EXACT)
    assert records.to(torch.float32)[1].expval(words).dtype == torch.float32


def test_basis_strings_are_the_same_records() -> None:
    """Of the state |01>: bits of Z are 0 and 1."""
    rng = np.random.default_rng(0)
    bases = ["".join(row) for row in rng.choice(list("XYZ"), (300, 2))]
    bits = [
        "".join(str(k) if x == "Z" else str(rng.integers(2)) for k, x in enumerate(basis))
        for basis in bases
    ]
    records = Records.of_basis_strings([bases], [bits])
    assert abs(float(records.expval(["ZI"])) - 1) < 5 * float(records.variance(["ZI"]).sqrt())
    assert float(records.expval(["ZZ"])) < -0.5
    numbers = torch.tensor([["XYZ".index(x) for x in basis] for basis in bases])[None]
    bit = torch.tensor([[int(b) for b in string] for string in bits])[None]
    assert torch.equal(Records.of_random_paulis(numbers, bit).outcome, records.outcome)
    with pytest.raises(QganError, match="`bases` must have each basis of qubit 0 equally often"):
        Records.of_basis_strings([["ZZ"] * 300], [["00"] * 300])


@pytest.mark.slow
def test_a_million_shots_of_twelve_qubits_fit() -> None:
    """No array of ``4**12`` numbers for each state or shot: less than two gigabytes in all."""
    records = measure(random_states(1, 12, 1), 10**6, torch.Generator().manual_seed(0), "pauli-4")
    assert records.outcome.shape == (1, 10**6, 12)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 2**20  # kilobytes


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: OutcomeTable(torch.ones(1, 6), 1, "pauli"), "`povm` must be one of"),
        (lambda: OutcomeTable(torch.ones(1, 5), 1), "`frequencies` must have shape"),
        (lambda: OutcomeTable(torch.ones(1, 6), 0), "`shots` must be at least 1"),
        (lambda: Records(torch.zeros(1, 1, 1).long(), "pauli"), "`povm` must be one of"),
        (lambda: Records(torch.full((2, 1, 1), -1)), "must have a shot of each .* none of state 0"),
        (lambda: Records(torch.tensor([[[0, 1]], [[0, -1]]])), "a part of one of state 1"),
        (lambda: Records.of_outcomes(torch.ones(1, 6)), "`outcome` must have shape"),
        (lambda: Records.of_outcomes(torch.ones(1, 6, 1)), "`outcome` must hold integers"),
        (lambda: Records.of_outcomes(torch.full((1, 1, 1), 6)), "`outcome` must be from 0 to 5"),
        (lambda: Records.of_outcomes(torch.zeros(1, 1, 7).long()).table(), "at most 6 qubits"),
        (ZEROS.density_matrix, "at most 6 qubits"),
        (
            lambda: Records.of_outcomes(torch.zeros(1, 2, 1).long(), mask=torch.ones(1, 1).bool()),
            "`mask` must be of bool and have shape",
        ),
        (lambda: Records.of_basis_strings([["XY"]], []), "`bits` must have 1 lists"),
        (lambda: Records.of_basis_strings([["XY"]], [["0"]]), "`bits` must be strings of 2"),
        (lambda: Records.of_basis_strings([["XI"]], [["00"]]), "'XI' of state 0"),
        (lambda: Records.of_basis_strings([["X"], ["XY"]], [["0"], ["00"]]), "1 letters in each"),
        (
            lambda: Records.of_random_paulis(torch.full((1, 1, 1), 3), torch.zeros(1, 1, 1).long()),
            "`basis` must be from 0 to 2",
        ),
        (
            lambda: Records.of_random_paulis(torch.zeros(1, 2, 1), torch.zeros(1, 1, 1)),
            "`bit` must have shape",
        ),
        (lambda: measure(random_states(1, 1, 1), 0, torch.Generator()), "`shots` must be"),
        (lambda: measure(random_states(2, 1, 1), [3], torch.Generator()), "must have 2 entries"),
        (
            lambda: Records.joined([ZEROS, Records(ZEROS.outcome, "pauli-4")]),
            "`records` must be of one measurement",
        ),
    ],
)
def test_refusals(make, message) -> None:
    with pytest.raises(QganError, match=message):
        make()
