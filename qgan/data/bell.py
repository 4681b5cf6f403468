"""Depolarised Bell states: mixed states of two qubits with a hidden strength of the noise."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.states import States

__all__ = ["bell", "depolarised", "depolarised_bell"]

STRENGTHS = (0.05, 0.6)
_BELL = torch.tensor(  # rows Phi+, Psi-, Phi-, Psi+; label k has the state of row k
    [[1, 0, 0, 1], [0, 1, -1, 0], [1, 0, 0, -1], [0, 1, 1, 0]], dtype=torch.complex128
) / 2**0.5  # fmt: skip


def depolarised(label: int, strength: Float[Tensor, " N"]) -> States:
    """Bell states after depolarising noise.

    ``rho = (1 - p) |B><B| + p I/4``, B = Phi+ for label 0 and Psi- for label 1.

    Args:
        label: 0 or 1.
        strength: the noise p of each state, ``(N,)``, in [0, 1].

    Returns:
        States of rank 4, complex128.

    Raises:
        QganError: if the label or a strength is out of range.

    Example:
        >>> states = depolarised(1, torch.tensor([0.2]))
        >>> states.expval(["ZZ", "XX", "YY"]).round(decimals=6).tolist()
        [[-0.8, -0.8, -0.8]]
    """
    if label not in (0, 1):
        raise errors.argument("label", "must be 0 or 1", label)
    if not bool(((strength >= 0) & (strength <= 1)).all()):
        raise errors.argument("strength", "must be in [0, 1]", strength.tolist())
    p = strength.to(torch.float64).unsqueeze(-1)
    values = (p / 4).repeat(1, 4)
    values[:, label] += 1 - p[:, 0]
    return States(_BELL.T * values.sqrt().unsqueeze(-2))


def _draw(label: int, n: int, rng: np.random.Generator) -> Batch:
    """States of one label with p uniform on [0.05, 0.6]."""
    strength = torch.from_numpy(rng.uniform(*STRENGTHS, n))
    return Batch(depolarised(label, strength), torch.full((n,), label), strength.unsqueeze(-1))


def depolarised_bell(n: int, seed: int = 0) -> Batch:
    """``n`` depolarised Bell states of each label in one batch, to fill a file with.

    Args:
        n: states of each label, at least 1.
        seed: at least 0.

    Returns:
        States of rank 4 with the factor p, uniform on [0.05, 0.6]; label 0 first.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> depolarised_bell(2).label.tolist()
        [0, 0, 1, 1]
    """
    return draw_parts(_draw, (n, 1, 1), seed, 2, 16)[0]


def bell(
    n_qubits: int = 2,
    n_train: int = 512,
    n_validation: int = 128,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """Depolarised Bell states, Phi+ or Psi-: hidden strength p of the noise.

    ``rho = (1 - p) |B><B| + p I/4``, p uniform on [0.05, 0.6].

    Args:
        n_qubits: 2; an argument because other sources have a choice.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Mixed states of rank 4, complex128, with the factor p.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> bell(n_train=2, n_validation=1, n_held_out=1).train.states
        States(4 of 2 qubits, rank 4)
    """
    n_qubits = errors.integer("n_qubits", n_qubits)
    if n_qubits != 2:
        raise errors.argument("n_qubits", "must be 2 for Bell states", n_qubits)
    parts = draw_parts(_draw, (n_train, n_validation, n_held_out), seed, 2, 4**n_qubits)
    return Dataset(*parts, (0, 1), ("Phi+", "Psi-"), ("p",), "bell")
