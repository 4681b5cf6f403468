"""GHZ states after local noise, labelled by its kind; its strength is hidden."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.ising_chain import Array
from qgan.states import States

__all__ = ["CHANNELS", "noise", "through_channel"]

MOST_QUBITS = 5
"""Most qubits of noisy states: they are dense matrices of full rank."""
STRENGTHS = (0.05, 0.6)
CHANNELS = ("depolarising", "amplitude-damping", "dephasing")


def _kraus(kind: str, strength: Array) -> Array:
    """The Kraus operators of each strength, ``(N, K, 2, 2)``."""
    p = np.asarray(strength, dtype=np.float64)[:, None, None, None]
    one, x = np.eye(2, dtype=complex), np.array([[0, 1], [1, 0]], dtype=complex)
    y, z = np.array([[0, -1j], [1j, 0]]), np.diag([1.0 + 0j, -1.0])
    up, down = np.diag([1.0 + 0j, 0.0]), np.diag([0.0 + 0j, 1.0])
    if kind == "depolarising":
        paulis = [np.sqrt(p / 4) * pauli for pauli in (x, y, z)]
        return np.concatenate([np.sqrt(1 - 3 * p / 4) * one, *paulis], axis=1)
    if kind == "amplitude-damping":
        raised = np.array([[0, 1], [0, 0]], dtype=complex)
        return np.concatenate([up + np.sqrt(1 - p) * down, np.sqrt(p) * raised], axis=1)
    return np.concatenate([np.sqrt(1 - p / 2) * one, np.sqrt(p / 2) * z], axis=1)


def through_channel(states: States, kind: str, strength: Float[Array, " N"]) -> States:
    """States after a channel on each of their qubits.

    Args:
        states: N states of at most 5 qubits.
        kind: "depolarising", ``rho -> (1 - p) rho + p Tr_q[rho] x I/2`` on qubit q;
            "amplitude-damping", where |1> falls to |0> with probability p; or "dephasing", which
            multiplies the entries between |0> and |1> by 1 - p.
        strength: the p of each state, in [0, 1], ``(N,)``.

    Returns:
        Mixed states of full rank, complex128.

    Raises:
        QganError: if the kind is unknown, a strength is out of range, or there are more qubits.

    References:
        Nielsen and Chuang, sec. 8.3.

    Example:
        >>> plus = States(torch.full((1, 2, 1), 2**-0.5, dtype=torch.complex128))
        >>> noisy = through_channel(plus, "dephasing", np.array([0.25]))
        >>> round(float(noisy.expval(["X"])), 6)
        0.75
    """
    if kind not in CHANNELS:
        raise errors.argument("kind", f"must be one of {', '.join(CHANNELS)}", repr(kind))
    if states.n_qubits > MOST_QUBITS:
        raise errors.argument("states", f"must have at most {MOST_QUBITS} qubits", states)
    values = np.asarray(strength, dtype=np.float64)
    if values.shape != (len(states),) or not ((values >= 0) & (values <= 1)).all():
        rule = f"must be {len(states)} numbers in [0, 1]"
        raise errors.argument("strength", rule, values.tolist())
    kraus, n = _kraus(kind, values), states.n_qubits
    rho = states.density_matrix().to(torch.complex128).numpy()
    for qubit in range(n):
        left, right = 2**qubit, 2 ** (n - 1 - qubit)
        tensor = rho.reshape(-1, left, 2, right, left, 2, right)
        tensor = np.einsum("nkij,najbcld,nkml->naibcmd", kraus, tensor, kraus.conj(), optimize=True)
        rho = tensor.reshape(rho.shape)
    return States.from_numpy(rho)


def noise(
    n_qubits: int = 3,
    n_train: int = 512,
    n_validation: int = 128,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """GHZ states after noise on each qubit, labelled by its kind: hidden strength p.

    Labels: 'depolarising', 'amplitude-damping' and 'dephasing', as :func:`through_channel` has
    them, with p uniform on [0.05, 0.6].

    Args:
        n_qubits: 1 to 5; of one qubit the state before the noise is |+>.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Mixed states of full rank, complex128, with the factor p.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> noise(n_train=2, n_validation=1, n_held_out=1).train.states
        States(6 of 3 qubits, rank 8)
    """
    n_qubits = errors.integer_between("n_qubits", n_qubits, 1, MOST_QUBITS)
    ghz = torch.zeros(1, 2**n_qubits, 1, dtype=torch.complex128)
    ghz[0, 0, 0] = ghz[0, -1, 0] = 2**-0.5

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        strength = rng.uniform(*STRENGTHS, n)
        states = through_channel(States(ghz.repeat(n, 1, 1)), CHANNELS[label], strength)
        return Batch(states, torch.full((n,), label), torch.from_numpy(strength[:, None]))

    sizes = (n_train, n_validation, n_held_out)
    parts = draw_parts(make, sizes, seed, len(CHANNELS), 4**n_qubits)
    return Dataset(*parts, tuple(range(len(CHANNELS))), CHANNELS, ("p",), "noise")
