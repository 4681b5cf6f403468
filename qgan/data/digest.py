"""A digest of a data set, by which a run knows the data that it learned."""

from __future__ import annotations

import hashlib

import numpy as np
import torch

from qgan.batch import Batch
from qgan.data.dataset import Dataset

__all__ = ["digest"]

N_NUMBERS = 4
"""Numbers by which the digest knows each state."""
DECIMALS = 6
"""Places of these numbers that count: what rounding changes on another machine does not."""


def digest(data: Dataset) -> str:
    """SHA-256 of the states, labels and records of each part of a data set, in their order.

    A state counts by ``<v_k| rho |v_k>`` for four fixed vectors without symmetry, rounded to six
    decimals. So the digest does not depend on phases, on the basis of a degenerate eigenspace or on
    rounding in double precision, in which machines differ. Factors and names do not count.

    Example:
        >>> from qgan.data import basis
        >>> sizes = {"n_train": 2, "n_validation": 1, "n_held_out": 1}
        >>> digest(basis(1, **sizes)) == digest(basis(1, **sizes))
        True
        >>> digest(basis(1, **sizes)) == digest(basis(2, **sizes))
        False
    """
    sha = hashlib.sha256(repr((data.label_values, data.n_qubits)).encode())
    for part in (data.train, data.validation, data.held_out):
        for array in _numbers(part):
            sha.update(f"{array.shape}".encode())
            sha.update(np.ascontiguousarray(array, dtype="<i8").tobytes())
    return sha.hexdigest()


def _numbers(part: Batch) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    """What the digest sees of a part, as integers."""
    factor = part.states.detach().factor.cpu().to(torch.complex128)
    amplitudes = torch.einsum("kd,bdr->bkr", _vectors(factor.shape[1]), factor)
    values = (amplitudes.real**2 + amplitudes.imag**2).sum(-1)
    arrays = [part.label.cpu().numpy(), np.rint(values.numpy() * 10**DECIMALS)]
    if part.records is not None:
        records = part.records
        arrays.append(np.array([records.n_shots, *records.kind.encode()]))
        arrays.append(records.outcome.cpu().numpy())
    return [array.astype(np.int64) for array in arrays]


def _vectors(dimension: int) -> torch.Tensor:
    """The conjugates of the vectors ``v_k``, whose entries are of order one."""
    place = torch.arange(1, dimension + 1, dtype=torch.float64)
    number = torch.arange(1, N_NUMBERS + 1, dtype=torch.float64)[:, None]
    size = 1 + torch.cos(3**0.5 * number * place) / 2
    return torch.polar(size, 2**0.5 * number * place**2)
