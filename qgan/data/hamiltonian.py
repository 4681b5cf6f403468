"""A user's own family of Hamiltonians, described by plain data: ground or thermal states of it."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
import torch
from pydantic import Field, model_validator

from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.ising_chain import MOST_DENSE, Array
from qgan.data.pauli_family import MOST_QUBITS, PauliFamily, along_chain
from qgan.stored import Stored, misfit

__all__ = ["Hamiltonian", "Numbers", "PauliTerm", "from_hamiltonian"]

CONSTANT = "constant"
"""The key of a coefficient that no factor multiplies."""
Real = Annotated[float, Field(ge=-1e6, le=1e6)]
Size = Annotated[int, Field(ge=1, le=10**6)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Word = Annotated[str, Field(pattern="^[IXYZ]{1,12}$")]


class PauliTerm(Stored):
    """A Pauli word with its coefficient, everywhere along the chain or at one place.

    Args:
        word: letters of neighbouring qubits.
        coefficient: a number, or numbers by the names of the factors that they multiply; the one
            named "constant" stands alone.
        at: the first qubit of the word; None puts the word at each place where it fits.
    """

    word: Word
    coefficient: Real | dict[Name, Real] = 1.0
    at: Annotated[int, Field(ge=0, lt=MOST_QUBITS)] | None = None

    def by_factor(self) -> dict[str, float]:
        """The coefficient as numbers by names."""
        one = self.coefficient
        return dict(one) if isinstance(one, dict) else {CONSTANT: one}


class Numbers(Stored):
    """How many states of each label there are in each part."""

    train: Size = 512
    validation: Size = 128
    held_out: Size = 512


class Hamiltonian(Stored):
    """``H(f) = sum_k (a_k + sum_j b_kj f_j) P_k``, and the ranges of the factors f of each label.

    Args:
        qubits: length of the chain.
        boundary: whether the last qubit is a neighbour of the first.
        terms: the Pauli words with their coefficients.
        labels: for each label, by its name, the lowest and highest value of each factor.
        temperature: None for ground states; a number, or the name of a factor, for thermal states
            ``exp(-H / T) / Z``.
        states: how many states of each label are made.
    """

    qubits: Annotated[int, Field(ge=1, le=MOST_QUBITS)]
    boundary: Literal["open", "periodic"] = "open"
    terms: Annotated[tuple[PauliTerm, ...], Field(min_length=1, max_length=100)]
    labels: Annotated[
        dict[Name, dict[Name, tuple[Real, Real]]], Field(min_length=1, max_length=100)
    ]
    temperature: Annotated[float, Field(gt=0, le=1e6)] | Name | None = None
    states: Numbers = Numbers()

    @property
    def factors(self) -> tuple[str, ...]:
        """The names of the factors, in the order of the first label."""
        return tuple(next(iter(self.labels.values())))

    @model_validator(mode="after")
    def fits_together(self) -> Hamiltonian:
        """Refuse labels with other factors, factors that no label has, and words that do not fit.

        Raises:
            PydanticCustomError: for the first that does not fit.
        """
        names = set(self.factors)
        for label, ranges in self.labels.items():
            if set(ranges) != names:
                rule = f"must name the factors of the first label, {', '.join(self.factors)}"
                raise misfit(f"labels.{label}", rule, ", ".join(ranges) or "none")
            for factor, (low, high) in ranges.items():
                if low > high:
                    place = f"labels.{label}.{factor}"
                    raise misfit(place, "must be the lowest and the highest value", [low, high])
        for k, term in enumerate(self.terms):
            unknown = set(term.by_factor()) - names - {CONSTANT}
            if unknown:
                rule = f"must name factors of the labels, or {CONSTANT}"
                raise misfit(f"terms.{k}.coefficient", rule, sorted(unknown)[0])
            if not self.words(term):
                rule = f"must fit on {self.qubits} qubits"
                raise misfit(f"terms.{k}.word", rule, term.word)
        if isinstance(self.temperature, str) and self.temperature not in names:
            raise misfit("temperature", "must name a factor of the labels", self.temperature)
        if isinstance(self.temperature, str):
            for label, ranges in self.labels.items():
                if ranges[self.temperature][0] <= 0:
                    place, low = f"labels.{label}.{self.temperature}", ranges[self.temperature][0]
                    raise misfit(place, "must be above 0, as temperatures are", low)
        if self.temperature is not None and self.qubits > MOST_DENSE:
            rule = f"must be at most {MOST_DENSE} for thermal states"
            raise misfit("qubits", rule, self.qubits)
        return self

    def words(self, term: PauliTerm) -> tuple[str, ...]:
        """A term's word on all qubits, once for each place where it stands."""
        words = along_chain(term.word, self.qubits, self.boundary == "periodic")
        if term.at is None:
            return words
        return words[term.at : term.at + 1]

    def family(self) -> PauliFamily:
        """The Hamiltonians as words with coefficients affine in the factors."""
        words, constants, slopes = [], [], []
        for term in self.terms:
            numbers = term.by_factor()
            for word in self.words(term):
                words.append(word)
                constants.append(numbers.get(CONSTANT, 0.0))
                slopes.append([numbers.get(factor, 0.0) for factor in self.factors])
        return PauliFamily(words, constants, np.array(slopes).reshape(len(words), -1))


def from_hamiltonian(hamiltonian: Hamiltonian, name: str, seed: int = 0) -> Dataset:
    """States of a user's own family of Hamiltonians; the factors are uniform on their ranges.

    Args:
        hamiltonian: its description.
        name: the name of the data set.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure ground states or thermal states of full rank, complex128, with the factors.

    Raises:
        QganError: if a ground state is degenerate, or the seed is negative.

    Example:
        >>> bonds = PauliTerm(word="ZZ", coefficient=-1.0)
        >>> description = Hamiltonian(
        ...     qubits=2,
        ...     terms=(bonds, PauliTerm(word="X", coefficient={"h": -1.0})),
        ...     labels={"weak": {"h": (0.4, 0.6)}, "strong": {"h": (2.0, 3.0)}},
        ...     states=Numbers(train=3, validation=1, held_out=1),
        ... )
        >>> data = from_hamiltonian(description, "own")
        >>> data.label_names, data.factor_names, data.train.states
        (('weak', 'strong'), ('h',), States(6 of 2 qubits, pure))
    """
    family, labels, names = hamiltonian.family(), hamiltonian.labels, hamiltonian.factors
    ranges = [[of_label[name] for name in names] for of_label in labels.values()]
    temperature = hamiltonian.temperature

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        columns = [rng.uniform(low, high, n) for low, high in ranges[label]]
        factors: Array = np.stack(columns, axis=1) if columns else np.zeros((n, 0))
        if temperature is None:
            _, states = family.ground_states(factors)
        else:
            by_name = dict(zip(names, columns, strict=True))
            value = by_name[temperature] if isinstance(temperature, str) else temperature
            states = family.thermal_states(factors, np.broadcast_to(value, (n,)))
        known = torch.from_numpy(factors) if names else None
        return Batch(states, torch.full((n,), label), known)

    sizes = hamiltonian.states
    numbers = (sizes.train, sizes.validation, sizes.held_out)
    n_entries = 2**hamiltonian.qubits if temperature is None else 4**hamiltonian.qubits
    parts = draw_parts(make, numbers, seed, len(ranges), n_entries)
    return Dataset(*parts, tuple(range(len(ranges))), tuple(labels), names, name)
