"""Entanglement between two groups of the qubits of a state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.states.entropies import entropy
from qgan.states import States

__all__ = ["half_chain_entropy", "negativity"]


def half_chain_entropy(states: States, order: int | float = 1) -> Float[Tensor, " B"]:
    """Entropy of the first ``n // 2`` qubits; for pure states the entanglement of both halves.

    Args:
        states: B states of at least 2 qubits.
        order: the order of the Renyi entropy; 1 is von Neumann's entropy.

    Returns:
        ``(B,)`` in nats, [0, (n // 2) log 2].

    Raises:
        QganError: if there are fewer than 2 qubits.

    References:
        Calabrese and Cardy, J. Stat. Mech. P06002 (2004).

    Example:
        >>> bell = States(torch.tensor([1, 0, 0, 1]).cdouble().reshape(1, 4, 1) / 2**0.5)
        >>> round(half_chain_entropy(bell).item(), 4)
        0.6931
    """
    if states.n_qubits < 2:
        raise errors.argument("states", "must have at least 2 qubits", states.n_qubits)
    return entropy(states.reduced(range(states.n_qubits // 2)), order)


def negativity(states: States, wires: Sequence[int]) -> Float[Tensor, " B"]:
    """Negativity across a cut: ``(||rho^T_A||_1 - 1) / 2``, where T_A transposes some qubits.

    For a pure state it is ``((sum_i s_i)^2 - 1) / 2`` with the Schmidt coefficients s, and no
    density matrix is formed.

    Args:
        states: B states of n qubits.
        wires: the qubits on one side of the cut, some but not all.

    Returns:
        ``(B,)``, at least 0; it is 0 for states that are separable across the cut.

    Raises:
        QganError: if the wires are not different qubits of the states, or are none or all of them.

    References:
        Vidal and Werner, Phys. Rev. A 65, 032314 (2002), eq. 3 and proposition 8.

    Example:
        >>> bell = States(torch.tensor([1, 0, 0, 1]).cdouble().reshape(1, 4, 1) / 2**0.5)
        >>> round(negativity(bell, [0]).item(), 6)
        0.5
    """
    n = states.n_qubits
    if not wires or not set(wires) < set(range(n)) or len(set(wires)) != len(wires):
        raise errors.argument("wires", f"must be some, not all, of 0 to {n - 1}", list(wires))
    if states.is_pure:
        schmidt = states.reduced(wires).factor.to(torch.complex128)
        singular: Tensor = torch.linalg.svdvals(schmidt)
        return ((singular.sum(-1).square() - states.traces().double()) / 2).clamp_min(0)
    rho = states.density_matrix().to(torch.complex128)
    split = rho.reshape(len(states), *(2,) * (2 * n))
    order = list(range(2 * n + 1))
    for wire in wires:
        order[1 + wire], order[1 + n + wire] = 1 + n + wire, 1 + wire
    transpose = split.permute(order).reshape(rho.shape)
    values: Tensor = torch.linalg.eigvalsh(transpose)
    return -values.clamp_max(0).sum(-1)
