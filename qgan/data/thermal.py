"""Thermal states of the transverse-field Ising chain, labelled by temperature or by phase."""

from __future__ import annotations

import numpy as np
import torch
from scipy.optimize import brentq

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.ising_chain import Array, IsingChain
from qgan.states import States

__all__ = ["ThermalChain", "gibbs", "gibbs_ensemble"]

MOST_QUBITS = 6
"""Most qubits of the chain: its states are dense matrices of full rank."""
PURITIES = (0.26, 0.74)


class ThermalChain:
    """Thermal states ``rho = exp(-H/T) / Z`` of the open chain at one transverse field, g = 0.

    Args:
        n_qubits: length of the chain, 2 to 6.
        h: transverse field, in units of J.

    Raises:
        QganError: if the length is out of range.

    Example:
        >>> ThermalChain(2, h=1.0).states(np.array([1e6])).purity().round(decimals=4).item()
        0.25
    """

    def __init__(self, n_qubits: int, h: float) -> None:
        n_qubits = errors.integer_between("n_qubits", n_qubits, 2, MOST_QUBITS)
        matrix = IsingChain(n_qubits).matrix(h, 0.0).toarray()
        energies, self._vectors = np.linalg.eigh(matrix)
        self._excitation = energies - energies[0]

    def populations(self, temperature: Array) -> Array:
        """Boltzmann weights ``(N, 2**n)`` at temperatures ``(N,)``, in units of J."""
        weights = np.exp(-self._excitation / temperature[:, None])
        return np.asarray(weights / weights.sum(1, keepdims=True))

    def states(self, temperature: Array) -> States:
        """States, complex128 and of full rank, at temperatures ``(N,)`` above 0, in units of J."""
        factor = self._vectors * np.sqrt(self.populations(temperature))[:, None, :]
        return States(torch.from_numpy(factor.astype(np.complex128)))

    def temperature(self, purity: float) -> float:
        """The temperature at which ``Tr rho^2`` is ``purity``, above ``2**-n`` and below 1."""

        def excess(log_temperature: float) -> float:
            populations = self.populations(np.exp([log_temperature]))
            return float((populations**2).sum()) - purity

        return float(np.exp(brentq(excess, np.log(1e-2), np.log(1e4))))


def gibbs(
    n_qubits: int = 3,
    n_train: int = 64,
    n_validation: int = 16,
    n_held_out: int = 64,
    seed: int = 0,
) -> Dataset:
    """Thermal states of the critical Ising chain, hot or cold: one mixed state per label.

    ``rho = exp(-H/T) / Z``, ``H = -sum Z_i Z_{i+1} - sum X_i``, T such that the purity is 0.26
    ('hot') or 0.74 ('cold'). All states of a label are the same; nothing is hidden.

    Args:
        n_qubits: length of the open chain, 2 to 6.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0, and without effect, since nothing is random here.

    Returns:
        Mixed states of full rank, complex128, without factors.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> gibbs().held_out.of(1).states.purity()[0].round(decimals=6).item()
        0.74
    """
    chain = ThermalChain(n_qubits, h=1.0)
    temperatures = [chain.temperature(purity) for purity in PURITIES]

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        return Batch(chain.states(np.full(n, temperatures[label])), torch.full((n,), label))

    parts = draw_parts(make, (n_train, n_validation, n_held_out), seed, 2, 4 ** int(n_qubits))
    return Dataset(*parts, (0, 1), ("hot", "cold"), (), "gibbs")


def gibbs_ensemble(
    n_qubits: int = 3,
    n_train: int = 512,
    n_validation: int = 128,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """Thermal states of the Ising chain, ordered or disordered: hidden temperature T.

    ``rho = exp(-H/T) / Z``, ``H = -sum Z_i Z_{i+1} - h sum X_i``, T uniform on [0.3, 2]; 'ordered':
    h = 0.5; 'disordered': h = 1.5.

    Args:
        n_qubits: length of the open chain, 2 to 6.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Mixed states of full rank, complex128, with the factor T in units of J.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> gibbs_ensemble(n_train=2, n_validation=1, n_held_out=1).train.states
        States(4 of 3 qubits, rank 8)
    """
    chains = [ThermalChain(n_qubits, h) for h in (0.5, 1.5)]

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        temperature = rng.uniform(0.3, 2.0, n)
        factors = torch.from_numpy(temperature[:, None])
        return Batch(chains[label].states(temperature), torch.full((n,), label), factors)

    parts = draw_parts(make, (n_train, n_validation, n_held_out), seed, 2, 4 ** int(n_qubits))
    return Dataset(*parts, (0, 1), ("ordered", "disordered"), ("T",), "gibbs-ensemble")
