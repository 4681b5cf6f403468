"""What a limited rank of states costs in fidelity."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.states import States

__all__ = ["fidelity_cap"]


def fidelity_cap(states: States, n_traced: int) -> Float[Tensor, " B"]:
    """The greatest fidelity with rho of a pure state of which ``n_traced`` qubits are traced out.

    ``max F(rho, sigma)`` over sigma of rank ``r = 2**t`` is the sum of the r largest eigenvalues of
    rho. It is reached by rho restricted to their eigenvectors.

    Args:
        states: B states rho.
        n_traced: t, the number of qubits that are traced out, at least 0.

    Returns:
        ``(B,)`` in [0, 1], double precision.

    Raises:
        QganError: if t is negative.

    References:
        Nielsen and Chuang, Quantum Computation and Quantum Information, sec. 9.2.2.

    Example:
        >>> import torch
        >>> mixed = States(torch.eye(4).cdouble()[None] / 2)
        >>> [fidelity_cap(mixed, t).item() for t in (0, 1, 2)]
        [0.25, 0.5, 1.0]
    """
    n_traced = errors.integer("n_traced", n_traced, least=0)
    values = torch.linalg.svdvals(states.factor.to(torch.complex128)).square()
    weight: Tensor = values[:, : 2**n_traced].sum(1)
    return weight.clamp(0, 1)
