"""Ground states of Ising chains, labelled by the side of the transition; the fields are hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.ising_chain import MOST_DENSE, Array, IsingChain

__all__ = ["FieldRange", "ising", "level_crossing", "tfim"]


@dataclass(frozen=True)
class FieldRange:
    """Fields of one label, uniform on their ranges; the sign of g is random on request.

    Args:
        h: lowest and highest transverse field, in units of J.
        g: lowest and highest longitudinal field, in units of J.
        either_sign: whether g changes its sign with probability 1/2.

    Example:
        >>> FieldRange((1.0, 2.0), (0.0, 0.0)).draw(3, np.random.default_rng(0)).shape
        (3, 2)
    """

    h: tuple[float, float]
    g: tuple[float, float]
    either_sign: bool = False

    def draw(self, n: int, rng: np.random.Generator) -> Array:
        """Fields ``(n, 2)`` with columns (h, g)."""
        sign = rng.choice([-1.0, 1.0], n) if self.either_sign else 1.0
        return np.stack([rng.uniform(*self.h, n), sign * rng.uniform(*self.g, n)], axis=1)


def _ground_states(
    name: str,
    ranges: dict[str, FieldRange],
    n_qubits: int,
    sizes: tuple[int, int, int | None],
    seed: int,
    factor_names: tuple[str, ...] = ("h", "g"),
) -> Dataset:
    """Ground states in the fields of each label; ``factor_names`` says which fields are factors."""
    chain = IsingChain(n_qubits)
    of_label = list(ranges.values())

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        fields = of_label[label].draw(n, rng)
        factors = torch.from_numpy(fields[:, : len(factor_names)].copy())
        return Batch(chain.ground_states(fields), torch.full((n,), label), factors)

    n_held_out = sizes[2] if sizes[2] is not None else 4096 if n_qubits <= MOST_DENSE else 1024
    sizes = (*sizes[:2], n_held_out)
    parts = draw_parts(make, sizes, seed, len(ranges), 2**chain.n_qubits)
    return Dataset(*parts, tuple(range(len(ranges))), tuple(ranges), factor_names, name)


def ising(
    n_qubits: int = 4,
    n_train: int = 2048,
    n_validation: int = 512,
    n_held_out: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Ising chain in a mixed field, ordered or disordered: two hidden fields, h and g.

    ``H = -sum Z_i Z_{i+1} - h sum X_i - g sum Z_i``; 'ordered': h in [0.3, 0.9], g in [-0.5, 0.5];
    'disordered': h in [1.1, 2.0], g in [-1, 1].

    Args:
        n_qubits: length of the open chain, 2 to 20.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label; None takes 4096 up to 6 qubits and 1024 beyond,
            where each takes longer.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with factors (h, g) in units of J.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> data = ising(n_train=2, n_validation=1, n_held_out=1)
        >>> data.label_names, data.factor_names, data.train.states
        (('ordered', 'disordered'), ('h', 'g'), States(4 of 4 qubits, pure))
    """
    ranges = {
        "ordered": FieldRange((0.3, 0.9), (-0.5, 0.5)),
        "disordered": FieldRange((1.1, 2.0), (-1.0, 1.0)),
    }
    return _ground_states("ising", ranges, n_qubits, (n_train, n_validation, n_held_out), seed)


def tfim(
    n_qubits: int = 4,
    n_train: int = 2048,
    n_validation: int = 512,
    n_held_out: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Transverse-field Ising chain, ordered or disordered: one hidden field, h.

    ``H = -sum Z_i Z_{i+1} - h sum X_i - g sum Z_i`` with g = 1e-3, which breaks the symmetry;
    'ordered': h in [0.1, 0.95]; 'disordered': h in [1.05, 3.0].

    Args:
        n_qubits: length of the open chain, 2 to 20.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label; None takes 4096 up to 6 qubits and 1024 beyond,
            where each takes longer.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with the factor h in units of J.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> data = tfim(n_qubits=5, n_train=2, n_validation=1, n_held_out=1)
        >>> data.factor_names, data.train.states
        (('h',), States(4 of 5 qubits, pure))
    """
    ranges = {
        "ordered": FieldRange((0.1, 0.95), (1e-3, 1e-3)),
        "disordered": FieldRange((1.05, 3.0), (1e-3, 1e-3)),
    }
    sizes = (n_train, n_validation, n_held_out)
    return _ground_states("tfim", ranges, n_qubits, sizes, seed, ("h",))


def level_crossing(
    n_qubits: int = 4,
    n_train: int = 2048,
    n_validation: int = 512,
    n_held_out: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Ordered Ising chain that jumps between two branches where g changes its sign.

    ``H = -sum Z_i Z_{i+1} - h sum X_i - g sum Z_i``, |g| in [0.05, 0.5] of either sign: the ground
    state is magnetised up or down, and no state of the ensemble lies between. 'weak': h in
    [0.1, 0.3]; 'strong': h in [0.4, 0.6].

    Args:
        n_qubits: length of the open chain, 2 to 20.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label; None takes 4096 up to 6 qubits and 1024 beyond,
            where each takes longer.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with factors (h, g) in units of J.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> data = level_crossing(n_train=8, n_validation=1, n_held_out=1)
        >>> bool((data.train.factors[:, 1].abs() >= 0.05).all())
        True
    """
    ranges = {
        "weak": FieldRange((0.1, 0.3), (0.05, 0.5), either_sign=True),
        "strong": FieldRange((0.4, 0.6), (0.05, 0.5), either_sign=True),
    }
    sizes = (n_train, n_validation, n_held_out)
    return _ground_states("level-crossing", ranges, n_qubits, sizes, seed)
