"""Files that are nearly right are put right with a note; small ones are trained on as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_circuits import random_states
from tolerances import EXACT, FINITE_DIFFERENCE, SINGLE
from torch.testing import assert_close

from qgan import data
from qgan.data.near_misses import check_states, repaired, turned_round
from qgan.errors import QganError
from qgan.evaluation import label_references
from qgan.states import States

N = 20
LABEL = np.arange(N) % 2


def write(path: Path, states: Any, label: Any = LABEL, **arrays: Any) -> Path:
    np.savez(path, states=states, label=label, **arrays)
    return path


def notes_of(path: Path, **settings: Any) -> list[str]:
    """The notes beside that on the order of qubits."""
    return [note for note in data.from_file(path, **settings).notes if "Wire 0" not in note]


def test_a_norm_that_is_off_by_1e_6_is_put_right(tmp_path: Path) -> None:
    states = random_states(N, 2, 1).numpy()
    states[7] *= 1 + 5e-7
    path = write(tmp_path / "a.npz", states)
    (note,) = notes_of(path)
    assert note == "Traces were off 1 by up to 1e-06 (index 7): rescaled."
    data.from_file(path).train.states.check_normalised(1e-14)


def test_what_double_precision_leaves_is_not_worth_a_note(tmp_path: Path) -> None:
    for rank in (1, 3):
        assert notes_of(write(tmp_path / "a.npz", random_states(N, 2, rank).numpy())) == []


@pytest.mark.parametrize("rank", [1, 3])
def test_single_precision_is_read_and_told(tmp_path: Path, rank: int) -> None:
    exact = random_states(N, 2, rank)
    path = write(tmp_path / "a.npz", exact.numpy().astype(np.complex64))
    assert notes_of(path)[0].startswith("States were stored as complex64")
    repaired_states, _ = repaired(exact.numpy().astype(np.complex64))
    assert_close(repaired_states.density_matrix(), exact.density_matrix(), **SINGLE)


def test_small_negative_eigenvalues_and_asymmetries_are_put_right() -> None:
    rho = np.diag([1.0 + 5e-7, -5e-7]).astype(complex)[None]
    rho[0, 0, 1] = 1e-6
    states, notes = repaired(rho)
    assert len(notes) == 2 and "not Hermitian" in notes[0] and "below 0" in notes[1]
    states.check_normalised(1e-12)
    assert float(torch.linalg.eigvalsh(states.density_matrix()).min()) >= -1e-15


@pytest.mark.parametrize("rank", [1, 3])
def test_states_rounded_to_four_digits_need_an_option(tmp_path: Path, rank: int) -> None:
    exact = random_states(N, 2, rank)
    rounded = exact.numpy().round(3 if rank == 1 else 4)
    path = write(tmp_path / "a.npz", rounded)
    with pytest.raises(QganError, match=r"must be .* at index \d+"):
        data.from_file(path)
    (note, *_) = notes_of(path, rescale=True)
    assert note.startswith("Traces were off 1 by up to ")
    states, _ = repaired(rounded, rescale=True)
    assert float(states.fidelity(exact).min()) > 0.999
    assert states.rank == rank


def test_any_norm_is_rescaled_on_request(tmp_path: Path) -> None:
    exact = random_states(N, 2, 1)
    path = write(tmp_path / "a.npz", 3.0 * exact.numpy())
    with pytest.raises(QganError, match=r"option data.rescale takes it") as caught:
        data.from_file(path)
    assert caught.value.choices == (("option", "data.rescale"),)
    states, _ = repaired(3.0 * exact.numpy(), rescale=True)
    assert_close(states.factor, exact.factor, **EXACT)
    with pytest.raises(QganError, match=r"trace 0 at index 0\."):  # there is nothing to rescale
        data.from_file(write(tmp_path / "b.npz", 0 * exact.numpy()), rescale=True)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 4), st.integers(1, 3), st.integers(0, 10**6), st.floats(0, 4e-6), st.booleans()
)
def test_whatever_passes_the_check_becomes_states(
    n_qubits: int, rank: int, seed: int, noise: float, rescale: bool
) -> None:
    """Of trace one, positive, and as near to the array as its faults are small."""
    exact = random_states(3, n_qubits, rank, seed=seed)
    rng = np.random.default_rng(seed)
    array = exact.numpy() + noise * rng.uniform(-1, 1, exact.numpy().shape) / 2**n_qubits
    try:
        check_states(array, rescale)
    except QganError:
        return
    states, _ = repaired(array)
    assert_close(states.traces(), torch.ones(3, dtype=torch.float64), **EXACT)
    assert float(torch.linalg.eigvalsh(states.density_matrix()).min()) > -1e-12
    assert float(states.fidelity(exact).min()) > 1 - 1e-4


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 2), st.integers(0, 10**6))
def test_turning_round_twice_changes_nothing_and_once_reverses_words(
    n_qubits: int, rank: int, seed: int
) -> None:
    states = random_states(2, n_qubits, rank, seed=seed)
    turned = turned_round(states.numpy())
    assert (turned_round(turned) == states.numpy()).all()
    word = ("XYZI" * 2)[:n_qubits]
    reversed_states = States.from_numpy(turned)
    assert_close(reversed_states.expval([word[::-1]]), states.expval([word]), **FINITE_DIFFERENCE)


# -- few states ----------------------------------------------------------------------------------


def test_labels_with_few_states_are_in_each_part_and_say_so(tmp_path: Path) -> None:
    label = np.array([4] * 12 + [5] * 6 + [9] * 2)
    found = data.from_file(write(tmp_path / "a.npz", random_states(N, 2, 1).numpy(), label))
    assert found.repeated == (1, 2) and found.label_values == (4, 5, 9)
    counts = [part.label.bincount().tolist() for part in (found.train, found.validation)]
    assert counts == [[10, 6, 2], [1, 6, 2]]
    for few in found.repeated:
        assert torch.equal(found.train.of(few).states.factor, found.held_out.of(few).states.factor)
    few_note, unbalanced_note = found.notes[1:]
    assert few_note.startswith("Fewer than 7 states have the label 5 (6), 9 (2): all of them are")
    assert unbalanced_note.startswith("The labels are unbalanced: 4 has 12 states and 9 has 2.")


def test_skill_is_undefined_where_held_out_states_were_learned(tmp_path: Path) -> None:
    """The same states in a file that has more of them have a skill: the rule is not about them."""
    states = random_states(6, 2, 1).numpy()
    few = data.from_file(write(tmp_path / "a.npz", states, np.zeros(6, int)))
    (reference,) = label_references(few, n_generated=6)
    assert reference.undefined is not None and "was learned too" in reference.undefined
    assert np.isnan(reference.skill(few.train.states))
    assert np.isfinite(reference.scale.shortfall(0.5))  # which chooses the checkpoint
    part = np.repeat(["train", "validation", "held_out"], 6)
    thrice = write(tmp_path / "b.npz", np.tile(states, (3, 1)), np.zeros(18, int), part=part)
    (reference,) = label_references(data.from_file(thrice), n_generated=6)
    assert reference.undefined is None


def test_one_single_state(tmp_path: Path) -> None:
    found = data.from_file(write(tmp_path / "a.npz", random_states(1, 2, 1).numpy(), ["only"]))
    assert [len(p) for p in (found.train, found.validation, found.held_out)] == [1, 1, 1]
    assert found.repeated == (0,)
    assert found.notes[1] == "All states have one label: it tells the generator nothing."
    halves = data.halves(tmp_path / "a.npz")
    assert (len(halves.train), len(halves.held_out), halves.repeated) == (1, 1, (0,))


def test_halves_of_few_states_share_none(tmp_path: Path) -> None:
    label = np.array([0] * 10 + [1] * 5)
    halves = data.halves(write(tmp_path / "a.npz", random_states(15, 2, 1).numpy(), label))
    assert halves.repeated == ()
    assert [p.label.bincount().tolist() for p in (halves.train, halves.held_out)] == [
        [5, 3],
        [5, 2],
    ]
    overlap = halves.train.states.factor[..., 0].conj() @ halves.held_out.states.factor[..., 0].T
    assert float(overlap.abs().max()) < 0.999


# -- labels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        (np.array([b"dog", b"cat"]), ("cat", "dog")),
        (np.array([3, 7], dtype=np.uint8), (3, 7)),
        (np.array([-5, 2**40]), (-5, 2**40)),
        (np.array([True, False]), (False, True)),
    ],
)
def test_labels_of_any_type(tmp_path: Path, values: Any, kept: tuple[Any, ...]) -> None:
    path = write(tmp_path / "a.npz", random_states(N, 1, 1).numpy(), values[LABEL])
    found = data.from_file(path)
    assert found.label_values == kept
    assert found.label_names == tuple(str(value) for value in kept)


def test_the_part_of_a_state_is_that_of_the_file(tmp_path: Path) -> None:
    states = random_states(N, 2, 1)
    part = np.array(["train", "validation", "held_out", "held_out"])[np.arange(N) // 2 % 4]
    for seed in (0, 1):
        found = data.from_file(write(tmp_path / "a.npz", states.numpy(), part=part), seed)
        for name in ("train", "validation", "held_out"):
            assert_close(
                found.part(name).states.factor,
                states.factor[torch.from_numpy(part == name)],
                **EXACT,
            )
