"""Data sets: what every source yields, which is labelled states in three parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from qgan import errors
from qgan.batch import Batch, join
from qgan.engines.memory import check_bytes
from qgan.labels import read_classes
from qgan.outcome_table import MOST_QUBITS, check_shots
from qgan.records import measure
from qgan.seeds import seeded
from qgan.text import written

__all__ = [
    "FEWEST",
    "PARTS",
    "Dataset",
    "Part",
    "check_periods",
    "check_seed",
    "draw_parts",
    "measured",
    "split",
    "split_or_repeat",
]

FEWEST = 7
"""Fewest states of a label of which one is left for validation and one can be held out."""
SHARE = 0.15
"""Share of the states of each label that is for validation; as many more are held out."""


Part = Literal["train", "validation", "held_out"]
"""A part of a data set: to learn from, to select by, to report on."""
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled states in three parts: to learn from, to select by, to report on.

    Args:
        train: the states that a game learns from; they may lack the factors that the others have.
        validation: the states by which a checkpoint is selected.
        held_out: the states that the report, and nothing else, is about.
        label_values: the labels as the source has them; a class index is a place among them.
        label_names: what people call the labels.
        factor_names: names of the ``k`` hidden factors; empty where none is known.
        name: name of the source.
        factor_periods: for each factor that is an angle its period, a positive number in the units
            of the factor, and None for the others. Empty if no factor is known to be an angle.
        repeated: the classes whose validation and held-out states are training states again, since
            there are too few to keep any back. Their skill is undefined.
        notes: what people should know of how the data were read: whole sentences.

    Raises:
        QganError: if a label has no training state or no value, names or periods do not match in
            number, or a period is not a positive number.

    Example:
        >>> from qgan.states import States
        >>> states = States(torch.eye(2, dtype=torch.complex128)[..., None])
        >>> part = Batch(states, torch.tensor([0, 1]))
        >>> data = Dataset(part, part, part, (0, 1), ("up", "down"), (), "basis")
        >>> data.n_labels, data.n_qubits, data.rank
        (2, 1, 1)
        >>> data.draw(4, np.random.default_rng(0)).label.sort().values.tolist()
        [0, 0, 1, 1]
    """

    train: Batch
    validation: Batch
    held_out: Batch
    label_values: tuple[Any, ...]
    label_names: tuple[str, ...]
    factor_names: tuple[str, ...]
    name: str
    factor_periods: tuple[float | None, ...] = ()
    repeated: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.label_names) != len(self.label_values):
            rule = f"must have a name for each of the {len(self.label_values)} labels"
            raise errors.argument("label_names", rule, self.label_names)
        for place, part in enumerate((self.train, self.validation, self.held_out)):
            n_factors = 0 if part.factors is None else part.factors.shape[1]
            needed = place > 0 or part.factors is not None
            if needed and n_factors != len(self.factor_names):
                rule = f"must have a name for each of the {n_factors} factors"
                raise errors.argument("factor_names", rule, self.factor_names)
            read_classes(part.label, self.n_labels, wait=True)
        counts = torch.bincount(self.train.label, minlength=self.n_labels)
        if not counts.all():
            missing = self.label_names[int(counts.argmin())]
            raise errors.argument("train", "must have states of each label", f"none of {missing}")
        periods = check_periods(self.factor_periods, len(self.factor_names))
        object.__setattr__(self, "factor_periods", periods)

    def part(self, name: Part) -> Batch:
        """One of the three parts by its name.

        Example:
            >>> from qgan.data import basis
            >>> len(basis(1, n_train=3, n_validation=2, n_held_out=1).part("validation"))
            4
        """
        parts = {"train": self.train, "validation": self.validation, "held_out": self.held_out}
        return parts[name]

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self.label_values)

    @property
    def n_qubits(self) -> int:
        """Number of qubits of each state."""
        return self.train.states.n_qubits

    @property
    def rank(self) -> int:
        """Largest rank of a training state that the factors allow; 1 is pure."""
        return self.train.states.rank

    @cached_property
    def _places(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Training states ordered by label; where each label starts there, and how many it has."""
        label = self.train.label.cpu().numpy()
        counts = np.bincount(label, minlength=self.n_labels)
        return np.argsort(label, kind="stable"), np.cumsum(counts) - counts, counts

    def draw(self, batch_size: int, rng: np.random.Generator) -> Batch:
        """Training states drawn with replacement, the labels as evenly as they divide.

        Args:
            batch_size: number of states, at least 1.
            rng: the only source of chance.

        Returns:
            A batch whose labels take turns, beginning with a random one.

        Raises:
            QganError: if ``batch_size`` is below 1.
        """
        batch_size = errors.integer("batch_size", batch_size, least=1)
        order, start, count = self._places
        label = (np.arange(batch_size) + rng.integers(self.n_labels)) % self.n_labels
        places = order[start[label] + rng.integers(0, count[label])]
        return self.train[torch.from_numpy(places).to(self.train.label.device)]

    def to(self, dtype: torch.dtype | None = None, device: Any = None) -> Dataset:
        """A copy with states of another complex dtype, or on another device."""
        return replace(
            self,
            train=self.train.to(dtype, device),
            validation=self.validation.to(dtype, device),
            held_out=self.held_out.to(dtype, device),
        )


def measured(data: Dataset, shots: int, kind: str = "pauli-6", seed: int = 0) -> Dataset:
    """A data set whose discriminator sees records of the training states, not the states.

    Args:
        data: states that can be measured.
        shots: shots of each training state.
        kind: which measurement of each qubit; see :func:`qgan.records.measure`.
        seed: seed of the shots.

    Raises:
        QganError: for no shots, another kind or too many qubits.

    Example:
        >>> from qgan.states import States
        >>> states = States(torch.eye(2, dtype=torch.complex128)[..., None])
        >>> part = Batch(states, torch.tensor([0, 1]))
        >>> data = Dataset(part, part, part, (0, 1), ("up", "down"), (), "basis")
        >>> measured(data, shots=100).train.seen
        Records(2 of 1 qubits, 100 shots of pauli-6)
    """
    shots, n_states = check_shots(shots), len(data.train)
    needed = 3 * shots * n_states * data.n_qubits
    check_bytes("shots", f"{shots} shots of each of {n_states} states", needed)
    records = measure(data.train.states, shots, seeded(seed), kind)
    if data.n_qubits <= MOST_QUBITS:
        records.table()  # counted once, for all batches
    return replace(data, train=replace(data.train, records=records))


def split(batch: Batch, seed: int) -> tuple[Batch, Batch, Batch]:
    """Split a batch into shares of 70, 15 and 15 per cent of each label, by a seed.

    Of ``N`` states of a label ``floor(0.15 N)`` are for validation, and as many are held out.

    Args:
        batch: at least 7 states of each label that occurs.
        seed: at least 0; the same seed gives the same parts.

    Returns:
        The parts (train, validation, held out), disjoint, each in the order of the batch.

    Raises:
        QganError: if a label has fewer than 7 states, or the seed is negative.

    Example:
        >>> from qgan.states import States
        >>> states = States(torch.ones(20, 2, 1, dtype=torch.complex128) / 2**0.5)
        >>> [len(part) for part in split(Batch(states, torch.zeros(20, dtype=torch.int64)), seed=0)]
        [14, 3, 3]
    """
    parts, few = split_or_repeat(batch, seed)
    if few:
        got = f"{int((batch.label == few[0]).sum())} of class {few[0]}"
        raise errors.argument("label", f"must have at least {FEWEST} states of each label", got)
    return parts


def split_or_repeat(batch: Batch, seed: int) -> tuple[tuple[Batch, Batch, Batch], tuple[int, ...]]:
    """As :func:`split`, but labels with fewer than 7 states are in each part, with all of them.

    Args:
        batch: at least one state.
        seed: at least 0; the same seed gives the same parts.

    Returns:
        The parts (train, validation, held out), each in the order of the batch, and the labels of
        which they hold the same states.

    Raises:
        QganError: if the seed is negative.

    Example:
        >>> from qgan.states import States
        >>> states = States(torch.ones(9, 2, 1, dtype=torch.complex128) / 2**0.5)
        >>> label = torch.tensor([0, 1, 1, 1, 1, 1, 1, 1, 1])
        >>> parts, repeated = split_or_repeat(Batch(states, label), seed=0)
        >>> [part.label.tolist() for part in parts], repeated
        ([[0, 1, 1, 1, 1, 1, 1], [0, 1], [0, 1]], (0,))
    """
    check_seed(seed)
    places: list[list[NDArray[Any]]] = [[], [], []]
    repeated = []
    for label in torch.unique(batch.label).tolist():
        rows = torch.nonzero(batch.label == label).flatten().cpu().numpy()
        if len(rows) < FEWEST:
            repeated.append(label)
            shares = (rows, rows, rows)
        else:
            rows = np.random.default_rng([seed, label]).permutation(rows)
            n = int(SHARE * len(rows))
            shares = (rows[2 * n :], rows[:n], rows[n : 2 * n])
        for part, some in zip(places, shares, strict=True):
            part.append(some)
    index = [torch.from_numpy(np.sort(np.concatenate(part))) for part in places]
    train, validation, held_out = (batch[i.to(batch.label.device)] for i in index)
    return (train, validation, held_out), tuple(repeated)


def check_periods(periods: Sequence[Any], n_factors: int) -> tuple[float | None, ...]:
    """The period of each factor, None where it is no angle; no period means that none is one.

    Raises:
        QganError: if a factor has a period but not each has an entry, or one is not positive.
    """
    rule = f"must have a positive number or None for each of the {n_factors} factors"
    try:
        entries = tuple(periods)
    except TypeError:
        raise errors.argument("factor_periods", rule, written(periods)) from None
    numbers = [x for x in entries if x is not None]
    entries = entries if numbers else (None,) * n_factors
    real = all(isinstance(x, Real) and not isinstance(x, bool) for x in numbers)
    if len(entries) != n_factors or not real or not all(0 < x < math.inf for x in numbers):
        raise errors.argument("factor_periods", rule, periods)
    return tuple(None if x is None else float(x) for x in entries)


def check_seed(seed: int) -> None:
    """Refuse a negative seed."""
    errors.integer("seed", seed, least=0)


def draw_parts(
    make: Callable[[int, int, np.random.Generator], Batch],
    sizes: tuple[int, int, int],
    seed: int,
    n_labels: int,
    n_numbers: int = 2,
) -> tuple[Batch, Batch, Batch]:
    """Draw the three parts of a source, with a stream of chance for each part and label.

    Args:
        make: makes a batch from its label, its number of states and its stream of chance.
        sizes: states of each label to train, to validate and to hold out, each at least 1.
        seed: at least 0. A part does not change with the sizes of the others.
        n_labels: number of labels.
        n_numbers: complex numbers of each state.

    Raises:
        QganError: if a size is below 1, the seed is negative, or the states do not fit in the
            memory.
    """
    check_seed(seed)
    names = ("n_train", "n_validation", "n_held_out")
    counts = [errors.integer(*pair, least=1) for pair in zip(names, sizes, strict=True)]
    for name, count in zip(names, counts, strict=True):
        n_states = n_labels * count  # each is made, and joined with those of the other labels
        what = f"{n_states} states of {n_numbers} numbers"
        check_bytes(name, what, 2 * 16 * n_states * n_numbers)
    train, validation, held_out = (
        join([make(k, n, np.random.default_rng([seed, part, k])) for k in range(n_labels)])
        for part, n in enumerate(counts)
    )
    return train, validation, held_out
