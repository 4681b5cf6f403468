"""Pauli words: strings over I, X, Y, Z, wire 0 first, and their expectation values in a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product
from typing import Any, NamedTuple

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors

__all__ = [
    "EVERY",
    "SignTable",
    "bases",
    "check_words",
    "expval",
    "expval_of_matrix",
    "parity_signs",
    "pauli_words",
    "probabilities",
    "word_size",
    "z_words",
]

EVERY = slice(None)
MOST_DENSE = 2**18  # most entries of a table of signs that is held in one piece


def pauli_words(n_qubits: int, max_weight: int) -> tuple[str, ...]:
    """All Pauli words on ``n_qubits`` of weight 1 to ``max_weight``.

    Args:
        n_qubits: number of qubits.
        max_weight: largest number of letters other than I.

    Returns:
        The words, by weight, then position, then letters.

    Example:
        >>> pauli_words(2, 1)
        ('XI', 'YI', 'ZI', 'IX', 'IY', 'IZ')
    """
    n_qubits = errors.integer("n_qubits", n_qubits)
    max_weight = errors.integer("max_weight", max_weight)
    if not 1 <= max_weight <= n_qubits:
        raise errors.argument("max_weight", f"must be from 1 to n_qubits={n_qubits}", max_weight)
    words = []
    for weight in range(1, max_weight + 1):
        for places in combinations(range(n_qubits), weight):
            for letters in product("XYZ", repeat=weight):
                word = ["I"] * n_qubits
                for place, letter in zip(places, letters, strict=True):
                    word[place] = letter
                words.append("".join(word))
    return tuple(words)


def word_size(n_qubits: int) -> int:
    """Bytes that a Pauli word takes in a tuple of words, on 64 bits.

    Example:
        >>> word_size(3)
        60
    """
    return 8 + 49 + n_qubits


def z_words(n_qubits: int, max_weight: int) -> tuple[str, ...]:
    """All words of Z and I of weight 1 to ``max_weight``: one measurement setting gives them all.

    Example:
        >>> z_words(3, 2)
        ('ZII', 'IZI', 'IIZ', 'ZZI', 'ZIZ', 'IZZ')
    """
    return tuple(w for w in pauli_words(n_qubits, max_weight) if not set(w) & {"X", "Y"})


def check_words(words: Sequence[str], n_qubits: int) -> None:
    """Refuse words of another length or with other letters than I, X, Y, Z."""
    for word in words:
        if len(word) != n_qubits or not set(word) <= set("IXYZ"):
            raise errors.argument(
                "observables", f"must be Pauli words of length {n_qubits} over I, X, Y, Z", word
            )


@dataclass(frozen=True)
class SignTable:
    """Signs of products of Z on each basis state, for rows of T products each.

    A small table is held in one piece. A large one is held as two factors, since each sign is a
    sign of the high bits times a sign of the low bits: ``high (rows, T, 2**h)`` and
    ``low (rows, T, 2**l)``.
    """

    high: Tensor | None
    low: Tensor

    @classmethod
    def of(
        cls, rows: Sequence[Sequence[tuple[int, ...]]], n_qubits: int, like: Tensor
    ) -> SignTable:
        """The table for rows of sets of wires; rows are padded with empty sets, whose sign is 1."""
        width = max(1, *(len(row) for row in rows))
        split = 0 if len(rows) * width * 2**n_qubits <= MOST_DENSE else n_qubits // 2
        parts = []
        for wires in (range(split), range(split, n_qubits)):
            table = torch.ones(len(rows), width, 2 ** len(wires), dtype=like.dtype)
            for i, row in enumerate(rows):
                for t, on in enumerate(row):
                    places = tuple(w - wires.start for w in on if w in wires)
                    table[i, t] = parity_signs(places, len(wires))
            parts.append(table.to(like.device))
        return cls(parts[0] if split else None, parts[1])

    @property
    def dimension(self) -> int:
        """D, the number of basis states."""
        return self.low.shape[-1] * (1 if self.high is None else self.high.shape[-1])

    def spread(self, values: Tensor, row: slice | list[int] = EVERY) -> Tensor:
        """``sum_t value_t sign_t(x)`` on each basis state: ``(rows, b, T)`` to ``(rows, b, D)``."""
        low = self.low if row is EVERY else self.low[row]
        if self.high is None:
            return torch.bmm(values, low)
        left = self.high[row].mT.unsqueeze(1)  # (rows, 1, 2**h, T)
        return (left @ (values.unsqueeze(-1) * low.unsqueeze(1))).flatten(2)

    def gather(self, values: Tensor, row: slice | list[int] = EVERY) -> Tensor:
        """``sum_x value(x) sign_t(x)``, the transpose: ``(rows, b, D)`` to ``(rows, b, T)``."""
        low = self.low if row is EVERY else self.low[row]
        if self.high is None:
            return torch.bmm(values, low.mT)
        high = self.high[row].unsqueeze(1)
        split = values.unflatten(-1, (high.shape[-1], low.shape[-1]))
        sums: Tensor = ((high @ split) * low.unsqueeze(1)).sum(-1)
        return sums


def parity_signs(wires: tuple[int, ...], n_qubits: int) -> Tensor:
    """Eigenvalues of the product of Z on ``wires``, float64 ``(2**n,)``."""
    index = torch.arange(2**n_qubits)
    signs = torch.ones(2**n_qubits, dtype=torch.float64)
    for wire in wires:
        signs *= 1 - 2 * ((index >> (n_qubits - 1 - wire)) & 1)
    return signs


class _Tables(NamedTuple):
    """Words grouped by the bits they flip and by whether they hold an odd number of Y.

    ``P|i> = (-i)**y sign(i) |i xor flip>``, so that all words of a group are read off one real
    vector of correlations.
    """

    groups: tuple[tuple[int, bool], ...]
    columns: tuple[Tensor, ...]
    signs: tuple[SignTable, ...]
    units: tuple[Tensor, ...]
    order: Tensor


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _tables(words: tuple[str, ...], dtype: torch.dtype, device: torch.device) -> _Tables:
    like, n = torch.empty(0, dtype=dtype, device=device), len(words[0])
    groups: dict[tuple[int, bool], list[int]] = {}
    for k, word in enumerate(words):
        flip = sum(1 << (n - 1 - wire) for wire, letter in enumerate(word) if letter in "XY")
        groups.setdefault((flip, word.count("Y") % 2 == 1), []).append(k)
    signs, units = [], []
    for members in groups.values():
        wires = [tuple(w for w, a in enumerate(words[k]) if a in "YZ") for k in members]
        signs.append(SignTable.of([wires], n, like))
        # (i)**y is 1, i, -1, -i: its real or imaginary sign, and Re(i c) = -Im(c).
        powers = [(1, -1, -1, 1)[words[k].count("Y") % 4] for k in members]
        units.append(torch.tensor(powers, dtype=dtype, device=device))
    index = torch.arange(2**n, device=device)
    order = torch.tensor([k for members in groups.values() for k in members], device=device)
    columns = tuple(index ^ flip for flip, _ in groups)
    return _Tables(tuple(groups), columns, tuple(signs), tuple(units), torch.argsort(order))


def _squares(factor: Tensor) -> Tensor:
    """``sum_r |A[i, r]|**2``."""
    real, imag = torch.view_as_real(factor).unbind(-1)
    squares = torch.addcmul(real * real, imag, imag)
    return squares.squeeze(-1) if squares.shape[-1] == 1 else squares.sum(-1)


class _Probabilities(torch.autograd.Function):
    """``p(i) = sum_r |A[i, r]|**2``, in half the calls that autograd would make of it."""

    @staticmethod
    def forward(ctx: Any, factor: Tensor) -> Tensor:
        ctx.save_for_backward(factor)
        return _squares(factor)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (factor,) = ctx.saved_tensors
        result: Tensor = factor * (2 * gradient).unsqueeze(-1)
        return result


def probabilities(factor: Complex[Tensor, "B D r"]) -> Float[Tensor, "B D"]:
    """Born probabilities ``sum_r |A[i, r]|**2`` of the basis states."""
    result: Tensor = _Probabilities.apply(factor.resolve_conj())
    return result


class _Diagonal(torch.autograd.Function):
    """Expectation values of words of Z, in few calls."""

    @staticmethod
    def forward(ctx: Any, factor: Tensor, signs: SignTable) -> Tensor:
        ctx.save_for_backward(factor)
        ctx.signs = signs
        values: Tensor = signs.gather(_squares(factor).unsqueeze(0))[0]
        return values

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (factor,) = ctx.saved_tensors
        of_squares = ctx.signs.spread(2 * gradient.unsqueeze(0))[0]
        return factor * of_squares.unsqueeze(-1), None


def expval(factor: Complex[Tensor, "B D r"], words: Sequence[str]) -> Float[Tensor, "B K"]:
    """Expectation values ``Tr[P_k A A^dagger]`` of Pauli words, without forming rho.

    ``<P> = sum_i phase(i) sum_r A[i, r] conj(A[i xor flip, r])``.

    Args:
        factor: states as factors ``A``.
        words: Pauli words of length ``log2 D``.

    Returns:
        Real values ``(B, K)``.

    Example:
        >>> bell = torch.tensor([1, 0, 0, 1], dtype=torch.complex128).reshape(1, 4, 1) / 2**0.5
        >>> expval(bell, ["ZZ", "XX", "YY", "ZI"]).round().tolist()
        [[1.0, 1.0, -1.0, 0.0]]
    """
    check_words(words, factor.shape[1].bit_length() - 1)
    if not words:
        return factor.real.new_zeros(factor.shape[0], 0)
    tables = _tables(tuple(words), factor.dtype.to_real(), factor.device)
    values: list[Tensor] = []
    for (flip, odd), column, signs, unit in zip(*tables[:4], strict=True):
        if not flip:  # words of Z need the probabilities only
            values.append(_Diagonal.apply(factor.resolve_conj(), signs))
            continue
        correlation = (factor.index_select(1, column).conj() * factor).sum(-1)
        part = correlation.imag if odd else correlation.real
        values.append(signs.gather(part.unsqueeze(0))[0] * unit)
    if len(values) == 1:
        return values[0]
    return torch.cat(values, 1)[:, tables.order]


def expval_of_matrix(rho: Complex[Tensor, "B D D"], words: Sequence[str]) -> Float[Tensor, "B K"]:
    """Expectation values ``Tr[P_k rho]`` of Pauli words, read off density matrices.

    ``<P> = sum_i phase(i) rho[i, i xor flip]``.

    Args:
        rho: density matrices.
        words: Pauli words of length ``log2 D``.

    Returns:
        Real values ``(B, K)``.

    Example:
        >>> plus = torch.full((1, 2, 2), 0.5, dtype=torch.complex128)
        >>> expval_of_matrix(plus, ["X", "Z"]).tolist()
        [[1.0, 0.0]]
    """
    check_words(words, rho.shape[1].bit_length() - 1)
    tables = _tables(tuple(words), rho.dtype.to_real(), rho.device)
    index, values = torch.arange(rho.shape[1], device=rho.device), []
    for (_, odd), column, signs, unit in zip(*tables[:4], strict=True):
        entries = rho[:, index, column]
        part = entries.imag if odd else entries.real
        values.append(signs.gather(part.unsqueeze(0))[0] * unit)
    return torch.cat(values, 1)[:, tables.order]


def bases(words: Sequence[str]) -> list[str]:
    """Products of Pauli bases that together measure all words, by a greedy search.

    Example:
        >>> bases(["ZI", "IZ", "XX", "ZZ"])
        ['ZZ', 'XX']
    """
    products: list[str] = []
    for word in sorted(words, key=lambda word: word.count("I")):
        for place, basis in enumerate(products):
            if all("I" in pair or pair[0] == pair[1] for pair in zip(word, basis, strict=True)):
                merged = (b if a == "I" else a for a, b in zip(word, basis, strict=True))
                products[place] = "".join(merged)
                break
        else:
            products.append(word)
    return sorted(products, reverse=True)
