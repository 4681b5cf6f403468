"""The quantum Wasserstein semimetric of Chakrabarti et al., as a cost of couplings.

``W(rho, sigma) = min Tr[pi C]`` over states pi of two copies with marginals rho and sigma, and
``C = (1 - SWAP) / 2``. For pure states the only coupling is the product, and W = (1 - F) / 2.
"""

from __future__ import annotations

from functools import lru_cache

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors

__all__ = ["coupling_excess", "swap_cost"]

MOST_QUBITS = 4
"""For more qubits the matrix exponentials of two copies take too long for a training step."""


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def swap_cost(n_qubits: int) -> Complex[Tensor, "D2 D2"]:
    """``C = (1 - SWAP) / 2`` on two copies of n qubits, complex128.

    Raises:
        QganError: if there are more than 4 qubits.

    Example:
        >>> torch.linalg.eigvalsh(swap_cost(1)).round().tolist()  # 1 for the singlet
        [0.0, 0.0, 0.0, 1.0]
    """
    n_qubits = errors.integer("n_qubits", n_qubits)
    if n_qubits > MOST_QUBITS:
        raise errors.argument("n_qubits", f"must be at most {MOST_QUBITS}", n_qubits)
    dimension = 2**n_qubits
    with torch.device("cpu"):  # what is kept must not depend on where the first caller works
        index = torch.arange(dimension**2).reshape(dimension, dimension)
        eye = torch.eye(dimension**2, dtype=torch.complex128)
        return (eye - eye[index.T.flatten()]) / 2


def coupling_excess(
    real: Complex[Tensor, "D D"],
    fake: Complex[Tensor, "D D"],
    of_real: Complex[Tensor, "D D"],
    of_fake: Complex[Tensor, "D D"],
    strength: float,
) -> Float[Tensor, ""]:
    """How far two potentials break the constraint ``I x psi - phi x I <= C`` of the dual problem.

    ``(lambda / e) Tr[(P x Q) exp((-C - phi x I + I x psi) / lambda)]``. The dual value of the
    semimetric is the maximum of ``Tr[Q psi] - Tr[P phi]`` minus this excess.

    Args:
        real: Q, the density matrix of the real state.
        fake: P, the density matrix of the generated state.
        of_real: psi, the Hermitian potential of the real state.
        of_fake: phi, the Hermitian potential of the generated state.
        strength: lambda, above 0. The smaller it is, the more strictly the constraint holds.

    Returns:
        A number, above 0; differentiable.

    References:
        Chakrabarti et al., arXiv:1911.00111, sec. 3 for the dual and sec. 4 for its regularised
        form.
    """
    dimension = len(real)
    eye = torch.eye(dimension, dtype=real.dtype, device=real.device)
    cost = swap_cost(dimension.bit_length() - 1).to(real)
    excess = torch.kron(eye, of_real) - torch.kron(of_fake, eye) - cost
    exponential: Tensor = torch.linalg.matrix_exp(excess / strength)
    # Tr[(P x Q) E], without forming the product of the states.
    blocks = exponential.reshape(dimension, dimension, dimension, dimension)
    weight = torch.einsum("ji,lk,ikjl->", fake, real, blocks)
    return strength / torch.e * weight.real
