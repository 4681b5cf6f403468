"""Batches are sequences of batches of one: loops end, places count, copies are equal."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from small_circuits import random_states

from circuits import Registers, ReuploadingCircuit
from qgan import Generator, data
from qgan.batch import Batch
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.errors import QganError
from qgan.game import CriticRound
from qgan.records import measure
from qgan.sampler import Drawn
from qgan.states import Prepared, States

N = 3
CIRCUIT = ReuploadingCircuit(Registers(2), 1)


def states() -> States:
    return random_states(N, 2, 2)


def of_density() -> States:
    return States.from_density_matrix(states().density_matrix())


def prepared(engine: Any = None) -> Prepared:
    inputs = torch.rand(N, CIRCUIT.n_inputs, generator=torch.Generator().manual_seed(0))
    weights = torch.linspace(0, 1, CIRCUIT.n_weights)
    return Prepared(engine or BatchedEngine(), CIRCUIT, weights, inputs)


def records() -> Any:
    return measure(states(), 5, torch.Generator().manual_seed(0))


def batch() -> Batch:
    return Batch(states(), torch.arange(N), torch.rand(N, 1), records())


def drawn() -> Drawn:
    return Drawn(states(), torch.arange(N), torch.rand(N, 2))


def critic_round() -> CriticRound:
    return CriticRound(batch(), drawn(), torch.arange(N), torch.rand(2, N, 4))


SEQUENCES: dict[str, Callable[[], Any]] = {
    "states": states,
    "states of density matrices": of_density,
    "prepared": prepared,
    "records": records,
    "batch": batch,
    "drawn": drawn,
    "round": critic_round,
}


def numbers(item: Any) -> list[torch.Tensor]:
    """What an item holds, for comparisons."""
    if isinstance(item, States):
        return [item.density_matrix()]
    if isinstance(item, Prepared):
        return [item.materialise().density_matrix()]
    if isinstance(item, Batch):
        assert item.factors is not None and item.records is not None
        return [*numbers(item.states), item.label, item.factors, *numbers(item.records)]
    if isinstance(item, Drawn):
        return [*numbers(item.seen), item.label, item.latent]
    if isinstance(item, CriticRound):
        assert item.wrong_label is not None and item.views is not None
        parts = [*numbers(item.batch), *numbers(item.drawn), item.wrong_label]
        return [*parts, item.views.transpose(0, 1)]
    return [item.frequencies]


def same(one: Any, other: Any) -> bool:
    pairs = zip(numbers(one), numbers(other), strict=True)
    return all(a.shape == b.shape and torch.allclose(a, b) for a, b in pairs)


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_loop_gives_each_item_once_and_ends(name: str) -> None:
    sequence = SEQUENCES[name]()
    items = list(itertools.islice(sequence, 10 * N))  # one without an end is a failure, no hang
    assert len(items) == len(sequence) == N
    for place, item in enumerate(items):
        assert len(item) == 1 and type(item) is type(sequence)
        rows = [row[place : place + 1] for row in numbers(sequence)]
        assert all(torch.allclose(*pair) for pair in zip(numbers(item), rows, strict=True))
    assert [len(item) for item in itertools.islice(reversed(sequence), 10)] == [1] * N


INTEGERS = (int, np.int64, np.uint8, np.int8, np.array, torch.tensor)


@pytest.mark.parametrize("kind", INTEGERS)
@pytest.mark.parametrize("name", SEQUENCES)
def test_places(name: str, kind: Callable[[int], Any]) -> None:
    sequence = SEQUENCES[name]()
    for place in range(N):
        assert same(sequence[kind(place)], sequence[place : place + 1])
        if kind is not np.uint8:
            assert same(sequence[kind(place - N)], sequence[place : place + 1])
    for place in (N, 100) if kind is np.uint8 else (N, 100, -N - 1, -100):
        with pytest.raises(IndexError, match=f"place {place} is out of range for {N} items"):
            sequence[kind(place)]


@pytest.mark.parametrize("name", SEQUENCES)
def test_slices_masks_and_tensors_stay(name: str) -> None:
    sequence = SEQUENCES[name]()
    parts = [
        sequence[1:],
        sequence[torch.tensor([1, 2])],
        sequence[torch.tensor([False, True, True])],
        sequence[[1, 2]],
        sequence[np.array([False, True, True])],
        sequence[torch.tensor([1, 2], dtype=torch.uint8)],
        sequence[[False, True, True]],
    ]
    assert all(same(part, parts[0]) for part in parts)
    assert len(sequence[5:]) == 0 and len(sequence[torch.tensor([0])]) == 1
    assert list(sequence[:0]) == [] and len(sequence[[]]) == 0
    if isinstance(sequence, CriticRound):
        return
    with pytest.raises(IndexError):
        sequence[torch.tensor([N])]


@pytest.mark.parametrize(
    "index",
    [
        *(True, np.True_, torch.tensor(True), 1.0, None, torch.tensor(1.0)),
        *("a", (0, 1), [0.5], [[0], [1]], [[0], [1, 2]], ["a"], {0: 1}, ...),
        *(torch.tensor([0.5]), torch.tensor([[0]]), np.array(["a"]), np.zeros((1, 1), bool)),
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", SEQUENCES)
def test_what_is_no_place_is_refused(name: str, index: Any) -> None:
    with pytest.raises(QganError, match="`index` must be an integer, a slice"):
        SEQUENCES[name]()[index]


@pytest.mark.parametrize("name", SEQUENCES)
def test_copies(name: str) -> None:
    sequence = SEQUENCES[name]()
    for twin in (
        copy.copy(sequence),
        copy.deepcopy(sequence),
        pickle.loads(pickle.dumps(sequence)),
    ):
        assert twin is not sequence and len(twin) == N and same(twin, sequence)


def test_copies_of_prepared_states_of_a_device_that_has_run() -> None:
    sequence = prepared(PennyLaneEngine("default.qubit", "backprop"))
    sequence.materialise()
    for twin in (copy.deepcopy(sequence), pickle.loads(pickle.dumps(sequence))):
        assert same(twin, sequence)


def test_states_inside_a_graph_say_why_they_are_not_copied() -> None:
    generator = Generator(CIRCUIT, n_labels=2)
    inside = generator.states(torch.tensor([0, 1]), torch.zeros(2, generator.n_latent))
    with pytest.raises(RuntimeError, match="explicitly by the user"):
        copy.deepcopy(inside)
    assert len(copy.deepcopy(inside.detach())) == len(list(inside)) == 2


def test_data_sets_are_copied_and_are_no_sequence() -> None:
    dataset = data.tfim(2, n_train=4, n_validation=2, n_held_out=2)
    dataset.draw(4, np.random.default_rng(0))
    for twin in (copy.deepcopy(dataset), pickle.loads(pickle.dumps(dataset))):
        assert same_states(twin.train, dataset.train)
    with pytest.raises(TypeError):
        iter(dataset)  # type: ignore[call-overload]


def same_states(one: Batch, other: Batch) -> bool:
    return torch.equal(one.states.factor, other.states.factor)
