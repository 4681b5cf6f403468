"""Whether generated states are copies of training states, judged by how near real states come."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.ensembles.covering import LEAST_NEIGHBOUR

__all__ = ["memorised_share", "nearness_threshold", "share_above"]

LEVEL = 0.95
"""The share of fresh real states that are at most as near to a training state as the threshold."""


def nearness_threshold(nearest: Float[Tensor, "*batch R"]) -> Float[Tensor, "*batch"]:
    """The fidelity that a fresh real state exceeds with a probability of at most ``1 - LEVEL``.

    It is the k-th smallest of R fidelities, ``k = min(R, ceil(LEVEL (R + 1)))``. With fewer than 19
    of them, k = R and the probability is ``1 / (R + 1)``.

    Args:
        nearest: fidelity of each held-out state with the nearest training state, ``(..., R)``.

    Returns:
        ``(...)``; nan where the threshold is 1 up to rounding, since real states are then copies
        of training states themselves.

    References:
        Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World, 2005, sec. 2.2.
    """
    n = nearest.shape[-1]
    place = min(n, math.ceil(LEVEL * (n + 1) - 1e-9))
    threshold = nearest.double().sort(-1).values[..., place - 1]
    return torch.where(1 - threshold > LEAST_NEIGHBOUR, threshold, torch.nan)


def share_above(
    nearest: Float[Tensor, "*batch G"], threshold: Float[Tensor, "*batch"]
) -> Float[Tensor, "*batch"]:
    """The share of fidelities above a threshold; nan where the threshold is nan."""
    share = (nearest.double() > threshold[..., None]).double().mean(-1)
    return torch.where(threshold.isnan(), torch.nan, share)


def memorised_share(
    fidelities: Float[Tensor, "G N"], real_fidelities: Float[Tensor, "R _"]
) -> float:
    """The share of generated states nearer to a training state than real states are to it.

    A generated state counts if its greatest fidelity with a training state is above that of 95 per
    cent of the held-out states; one that is equal to this threshold does not count.

    Args:
        fidelities: fidelities of the G generated states with the N training states, ``(G, N)``.
        real_fidelities: fidelities of the R held-out states with them, ``(R, N)``.

    Returns:
        A number in [0, 1]: 1 for copies of training states, 0.05 on average for fresh real states;
        nan where real states are copies of each other, so that nothing can be told.

    Raises:
        QganError: if a matrix is empty, or the numbers of training states differ.

    References:
        Gili, Hibat-Allah, Mauri, Ballance and Perdomo-Ortiz, arXiv:2207.13645, for the distinction
        of memorisation from generalisation.

    Example:
        >>> real = torch.tensor([[0.5, 0.7], [0.6, 0.2]])
        >>> memorised_share(torch.tensor([[1.0, 0.1], [0.3, 0.6]]), real)
        0.5
    """
    for name, matrix in (("fidelities", fidelities), ("real_fidelities", real_fidelities)):
        if matrix.ndim != 2 or not matrix.numel():
            raise errors.argument(name, "must have shape (N, N_train)", tuple(matrix.shape))
    if fidelities.shape[1] != real_fidelities.shape[1]:
        rule = f"must have {fidelities.shape[1]} columns, one per training state"
        raise errors.argument("real_fidelities", rule, real_fidelities.shape[1])
    threshold = nearness_threshold(real_fidelities.amax(1))
    return float(share_above(fidelities.amax(1), threshold))
