"""The entanglement of each state of a batch across its middle cut, pure or mixed."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.states import States

__all__ = ["entanglement", "entanglement_name"]


def entanglement_name(pure: bool) -> str:
    """The name of the quantity that :func:`entanglement` computes for pure or for mixed states."""
    return "entropy of the middle cut" if pure else "logarithmic negativity"


def entanglement(states: States) -> Float[Tensor, " B"]:
    """Entanglement between the first half of the qubits and the rest, in bits.

    For pure states it is the entropy ``S = -Tr rho_A log2 rho_A``. The entropy of a mixed state
    counts noise too, so for these it is the logarithmic negativity ``E_N = log2 ||rho^{T_A}||_1``.

    Args:
        states: B states of n qubits.

    Returns:
        ``(B,)`` in bits, 0 for a single qubit.

    References:
        Vidal and Werner, Phys. Rev. A 65, 032314 (2002), eq. 8.

    Example:
        >>> bell = States(torch.tensor([1, 0, 0, 1.0]).reshape(1, 4, 1).cdouble() / 2**0.5)
        >>> entanglement(bell).round(decimals=6).tolist()
        [1.0]
    """
    n = states.n_qubits
    if n == 1:
        return torch.zeros(len(states), dtype=torch.float64)
    first, rest = 2 ** (n // 2), 2 ** (n - n // 2)
    if states.is_pure:
        matrix = states.factor.reshape(len(states), first, rest)
        probabilities = torch.linalg.svdvals(matrix).double() ** 2
        nats: Tensor = torch.special.entr(probabilities).sum(1)
        return nats / math.log(2)
    rho = states.density_matrix().reshape(len(states), first, rest, first, rest)
    partial_transpose = rho.permute(0, 3, 2, 1, 4).reshape(len(states), first * rest, -1)
    norm = torch.linalg.eigvalsh(partial_transpose).abs().sum(1).double()
    return torch.log2(norm.clamp_min(1.0))
