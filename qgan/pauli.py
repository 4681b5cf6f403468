"""Pauli words: strings over I, X, Y, Z, wire 0 first, and their expectation in a batch."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, product

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors

MOST_DENSE = 6
"""Qubits up to which an observable is written as a matrix."""


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


def z_words(n_qubits: int, max_weight: int) -> tuple[str, ...]:
    """All words of Z and I of weight 1 to ``max_weight``: one measurement setting gives all.

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


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _tables(words: tuple[str, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """For each word P: the bits it flips, and P|i> = phase[i] |i xor flip>, phases (K, 2^n).

    Returned as the flips that occur, which of them each word has, and the phases.
    """
    n = len(words[0])
    index = torch.arange(2**n)
    flips, phases = [], torch.ones(len(words), 2**n, dtype=torch.complex128)
    for k, word in enumerate(words):
        flip = 0
        for wire, letter in enumerate(word):
            bit = 1 << (n - 1 - wire)
            sign = 1 - 2 * ((index & bit) != 0).to(torch.float64)
            if letter in "XY":
                flip |= bit
            if letter in "YZ":
                phases[k] *= sign
            if letter == "Y":
                phases[k] *= 1j
        flips.append(flip)
    distinct = sorted(set(flips))
    which = torch.tensor([distinct.index(flip) for flip in flips])
    return torch.tensor(distinct), which, phases


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
    flips, which, phases = (table.to(factor.device) for table in _tables(tuple(words)))
    index = torch.arange(factor.shape[1], device=factor.device)
    if len(flips) == 1 and not flips.any():  # Z words only: the probabilities say it all
        probabilities = (factor.real**2 + factor.imag**2).sum(-1)
        return probabilities @ phases.real.to(probabilities.dtype).T
    moved = factor[:, index[None, :] ^ flips[:, None]]  # (B, flips, D, r)
    correlation = (factor[:, None] * moved.conj()).sum(-1)[:, which]  # (B, K, D)
    return (correlation * phases.to(factor.dtype)).sum(-1).real


def operator(weights: Float[Tensor, "*rows K"], words: Sequence[str]) -> Complex[Tensor, "..."]:
    """The matrices ``sum_k w_k P_k``.

    Args:
        weights: coefficients ``(..., K)``.
        words: K Pauli words of one length n.

    Returns:
        Hermitian matrices ``(..., 2**n, 2**n)``.

    Example:
        >>> operator(torch.tensor([1.0, 2.0]), ["Z", "X"]).real.tolist()
        [[1.0, 2.0], [2.0, -1.0]]
    """
    flips, which, phases = (table.to(weights.device) for table in _tables(tuple(words)))
    dimension = phases.shape[1]
    column = torch.arange(dimension, device=weights.device)
    row = column ^ flips[which].unsqueeze(1)
    dtype = torch.complex64 if weights.dtype == torch.float32 else torch.complex128
    values = (weights.unsqueeze(-1) * phases.to(dtype)).flatten(-2)
    empty = values.new_zeros(*weights.shape[:-1], dimension**2)
    filled: Tensor = empty.index_add(-1, (row * dimension + column).flatten(), values)
    return filled.reshape(*weights.shape[:-1], dimension, dimension)


def eigenvalue_bounds(
    weights: Float[Tensor, "*rows K"], words: Sequence[str]
) -> tuple[Float[Tensor, "..."], Float[Tensor, "..."]]:
    """Numbers between which the eigenvalues of ``sum_k w_k P_k`` lie.

    Exact for words of Z and I, which are diagonal together, and up to 6 qubits; else
    ``sum_k |w_k|``.

    Example:
        >>> eigenvalue_bounds(torch.tensor([1.0, 1.0]), ["ZI", "IZ"])
        (tensor(-2.), tensor(2.))
    """
    if not set("".join(words)) & {"X", "Y"}:
        values = weights @ _tables(tuple(words))[2].real.to(weights)
    elif len(words[0]) <= MOST_DENSE:
        values = torch.linalg.eigvalsh(operator(weights, words))
    else:
        most = weights.abs().sum(-1)
        return -most, most
    return values.amin(-1), values.amax(-1)
