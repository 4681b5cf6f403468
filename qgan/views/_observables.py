"""Sums of Pauli words as matrices, and the range of their eigenvalues."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import pauli

__all__ = ["eigenvalue_bounds", "operator"]

MOST_DENSE = 6
"""Most qubits for which an observable is written as a matrix to find its eigenvalues."""


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _tables(words: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """The bits that each word P flips, and its phases ``(K, 2**n)``.

    ``P|i> = phase[i] |i xor flip>``.
    """
    n = len(words[0])
    flips, phases = [], []
    for word in words:
        flips.append(sum(1 << (n - 1 - w) for w, letter in enumerate(word) if letter in "XY"))
        signs = pauli.parity_signs(tuple(w for w, a in enumerate(word) if a in "YZ"), n)
        phases.append(signs.to(torch.complex128) * 1j ** word.count("Y"))
    return torch.tensor(flips), torch.stack(phases)


def operator(weights: Float[Tensor, "*rows K"], words: Sequence[str]) -> Complex[Tensor, ...]:
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
    flips, phases = (table.to(weights.device) for table in _tables(tuple(words)))
    dimension = phases.shape[1]
    column = torch.arange(dimension, device=weights.device)
    row = column ^ flips.unsqueeze(1)
    dtype = torch.complex64 if weights.dtype == torch.float32 else torch.complex128
    values = (weights.unsqueeze(-1) * phases.to(dtype)).flatten(-2)
    empty = values.new_zeros(*weights.shape[:-1], dimension**2)
    entries: Tensor = empty.index_add(-1, (row * dimension + column).flatten(), values)
    return entries.reshape(*weights.shape[:-1], dimension, dimension)


def eigenvalue_bounds(
    weights: Float[Tensor, "*rows K"], words: Sequence[str]
) -> tuple[Float[Tensor, ...], Float[Tensor, ...]]:
    """Numbers between which the eigenvalues of ``sum_k w_k P_k`` lie.

    They are exact for words of Z and I, which are diagonal together, and up to 6 qubits. Otherwise
    they are ``sum_k |w_k|`` and minus that.

    Example:
        >>> eigenvalue_bounds(torch.tensor([1.0, 1.0]), ["ZI", "IZ"])
        (tensor(-2.), tensor(2.))
    """
    if not set("".join(words)) & {"X", "Y"}:
        values = weights @ _tables(tuple(words))[1].real.to(weights)
    elif len(words[0]) <= MOST_DENSE:
        values = torch.linalg.eigvalsh(operator(weights, words))
    else:
        most = weights.abs().sum(-1)
        return -most, most
    return values.amin(-1), values.amax(-1)
