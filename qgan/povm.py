"""Informationally complete measurements (POVMs) of one qubit, and products of them."""

from __future__ import annotations

import functools
import math
from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors

__all__ = [
    "OUTCOMES",
    "POVMS",
    "check_kind",
    "contract",
    "estimators",
    "every_word",
    "outcome_probabilities",
]

_ROOT2, _ROOT3 = math.sqrt(2), math.sqrt(3)

POVMS: dict[str, list[list[float]]] = {
    # The element of an outcome is c_I I + c_X X + c_Y Y + c_Z Z.
    "pauli-4": [
        [1 / 6, 1 / 6, 0, 0],
        [1 / 6, 0, 1 / 6, 0],
        [1 / 6, 0, 0, 1 / 6],
        [1 / 2, -1 / 6, -1 / 6, -1 / 6],
    ],
    "pauli-6": [
        [1 / 6, sign * (axis == 0) / 6, sign * (axis == 1) / 6, sign * (axis == 2) / 6]
        for axis in range(3)
        for sign in (1, -1)
    ],
    "tetrahedral": [
        [1 / 4, 0, 0, 1 / 4],
        [1 / 4, _ROOT2 / 6, 0, -1 / 12],
        [1 / 4, -_ROOT2 / 12, _ROOT2 / _ROOT3 / 4, -1 / 12],
        [1 / 4, -_ROOT2 / 12, -_ROOT2 / _ROOT3 / 4, -1 / 12],
    ],
}
"""The elements of each measurement of one qubit, as coefficients of I, X, Y, Z."""

OUTCOMES = {
    "pauli-4": ("X+", "Y+", "Z+", "the rest"),
    "pauli-6": ("X+", "X-", "Y+", "Y-", "Z+", "Z-"),
    "tetrahedral": ("Z+", "below X+", "below X- and Y+", "below X- and Y-"),
}
"""What the outcomes 0, 1, ... of each measurement are, in their order.

Others count in other orders: the code of Carrasquilla et al. has its Pauli-4 as Z+, X+, Y+, rest.
"""


def check_kind(kind: str) -> None:
    """Refuse a measurement that is not listed."""
    if kind not in POVMS:
        raise errors.argument("povm", f"must be one of {', '.join(POVMS)}", repr(kind))


def every_word(n_qubits: int) -> tuple[str, ...]:
    """All ``4**n`` Pauli words; the identity comes first."""
    return tuple("".join(letters) for letters in product("IXYZ", repeat=n_qubits))


def outcome_probabilities(values: Float[Tensor, "B W"], kind: str) -> Float[Tensor, "B K"]:
    """Probabilities ``p(a) = Tr[M_a1 x .. x M_an rho]`` of the outcomes of a product measurement.

    Args:
        values: expectation values of all words but the identity, ``(B, 4**n - 1)``.
        kind: which measurement.
    """
    check_kind(kind)
    n_qubits = round(math.log(values.shape[1] + 1, 4))
    all_values = torch.cat([torch.ones_like(values[:, :1]), values], 1)
    return contract(all_values, torch.tensor(POVMS[kind], dtype=torch.float64).to(values), n_qubits)


@functools.lru_cache(maxsize=8)
@torch.inference_mode(False)
def estimators(kind: str) -> Float[Tensor, "letters outcomes"]:
    """What an outcome adds to the estimate of I, X, Y, Z: a left inverse of the elements.

    Example:
        >>> estimators("pauli-6").round(decimals=3)[1:].tolist()[0]
        [3.0, -3.0, 0.0, 0.0, 0.0, 0.0]
    """
    inverse: Tensor = torch.linalg.pinv(torch.tensor(POVMS[kind], dtype=torch.float64))
    inverse[inverse.abs() < 1e-12] = 0
    return inverse


def contract(
    values: Float[Tensor, "B V"], matrix: Float[Tensor, "rows width"], n_qubits: int
) -> Float[Tensor, "B K"]:
    """Apply a matrix to the axis of each qubit of ``(B, width**n)``, to ``(B, rows**n)``."""
    rows, width = matrix.shape
    tensor = values.reshape(-1, *(width,) * n_qubits)
    for _ in range(n_qubits):  # the front axis is summed over, and its result comes last
        tensor = torch.tensordot(tensor, matrix, dims=([1], [1]))
    return tensor.reshape(-1, rows**n_qubits)
