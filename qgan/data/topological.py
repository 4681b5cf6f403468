"""The exactly solvable path from a cluster state to a product state, through a transition."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.ising_chain import Array
from qgan.data.pauli_family import MOST_QUBITS
from qgan.states import States

__all__ = ["cluster_states", "topological", "topological_coefficients"]

RANGES = {"topological": (-1.0, -0.05), "trivial": (0.05, 1.0)}


def cluster_states(n_qubits: int, g: Float[Array, " N"]) -> States:
    """Ground states on a ring, as a matrix-product state of bond dimension 2.

    ``psi(i_1, ..., i_n) = Tr[A_{i_1} ... A_{i_n}]`` with ``A_0 = [[0, 0], [1, 1]]`` and
    ``A_1 = [[1, g], [0, 0]]``, divided by its norm. It is the ground state of

        H(g) = sum_i 2 (g^2 - 1) Z_i Z_{i+1} - (1 + g)^2 X_i + (g - 1)^2 Z_{i-1} X_i Z_{i+1}:

    the cluster state whose ZXZ are all -1 at g = -1, the product state of all |+> at g = 1, with a
    transition at 0.

    Args:
        n_qubits: length of the ring, 3 to 12.
        g: parameters ``(N,)``, in [-1, 1].

    Returns:
        Pure states, complex128.

    Raises:
        QganError: if a number is out of range.

    References:
        Wolf et al., Phys. Rev. Lett. 97, 110403 (2006), eq. 5 and 6; Smith et al.,
        arXiv:1910.05351, who run it on a device.

    Example:
        >>> cluster_states(3, np.array([1.0])).expval(["XII", "XXX"]).round(decimals=6).tolist()
        [[1.0, 1.0]]
    """
    n_qubits = errors.integer_between("n_qubits", n_qubits, 3, MOST_QUBITS)
    if not bool((np.abs(g) <= 1).all()):
        raise errors.argument("g", "must be in [-1, 1]", np.asarray(g).tolist()[:8])
    matrices = np.zeros((len(g), 2, 2, 2))  # sample, outcome, row, column
    matrices[:, 0, 1, :] = 1.0
    matrices[:, 1, 0, 0], matrices[:, 1, 0, 1] = 1.0, g
    products = matrices
    for _ in range(n_qubits - 1):
        products = np.einsum("nsab,ntbc->nstac", products, matrices)
        products = products.reshape(len(g), -1, 2, 2)
    amplitudes = np.trace(products, axis1=2, axis2=3)
    amplitudes /= np.linalg.norm(amplitudes, axis=1, keepdims=True)
    return States(torch.from_numpy(amplitudes.astype(np.complex128))[:, :, None])


def topological_coefficients(g: float) -> dict[str, float]:
    """The coefficients of the words ZZ, X and ZXZ along the ring, at one g.

    Example:
        >>> topological_coefficients(0.0)
        {'ZZ': -2.0, 'X': -1.0, 'ZXZ': 1.0}
    """
    return {"ZZ": 2 * (g**2 - 1), "X": -((1 + g) ** 2), "ZXZ": (g - 1) ** 2}


def topological(
    n_qubits: int = 4,
    n_train: int = 2048,
    n_validation: int = 512,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """Ring from a cluster state to a product state, topological or trivial: hidden g.

    The ground states of :func:`cluster_states`; 'topological': g in [-1, -0.05]; 'trivial': g in
    [0.05, 1]. The transition is at g = 0.

    Args:
        n_qubits: length of the ring, 3 to 12.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with the factor g.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> topological(n_train=2, n_validation=1, n_held_out=1).train.states
        States(4 of 4 qubits, pure)
    """
    ranges = list(RANGES.values())

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        g = rng.uniform(*ranges[label], n)
        factors = torch.from_numpy(g[:, None])
        return Batch(cluster_states(n_qubits, g), torch.full((n,), label), factors)

    sizes = (n_train, n_validation, n_held_out)
    parts = draw_parts(make, sizes, seed, len(ranges), 2 ** errors.integer("n_qubits", n_qubits))
    return Dataset(*parts, (0, 1), tuple(RANGES), ("g",), "topological")
