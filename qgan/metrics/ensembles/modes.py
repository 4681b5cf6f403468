"""How many real states an ensemble is worth, and how much of the data's variety it reaches."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors

N_MODES = 16
"""Real states that stand for the modes of a label."""
N_BINS = 20
"""Parts of a factor's range."""


def best_frozen(fidelities: Float[Tensor, "R N"]) -> tuple[Int[Tensor, " K"], Float[Tensor, " K"]]:
    """Frozen states chosen one by one for the greatest coverage.

    Each next state adds the most to ``mean_i max_j F_ij``. The greedy choice reaches at least
    1 - 1/e of what the best one gains, and in practice nearly all.

    Args:
        fidelities: ``(R, N)`` of the real states to cover with N candidates.

    Returns:
        The places of the candidates in the order of choice, and the coverage after each;
        choosing ends where no candidate adds anything.

    Raises:
        QganError: if the matrix is empty.

    References:
        Nemhauser, Wolsey and Fisher, Math. Program. 14, 265 (1978).

    Example:
        >>> chosen, reached = best_frozen(torch.tensor([[1.0, 0.5], [0.0, 0.5]]))
        >>> chosen.tolist(), reached.tolist()
        ([0, 1], [0.5, 0.75])
    """
    if not fidelities.numel():
        raise errors.argument("fidelities", "must not be empty", tuple(fidelities.shape))
    columns = fidelities.T.contiguous()
    best = torch.zeros_like(columns[0])
    chosen: list[int] = []
    reached: list[float] = []
    for _ in range(len(columns)):
        totals = torch.maximum(columns, best).mean(1)
        place = int(totals.argmax())
        if reached and float(totals[place]) <= reached[-1] + 1e-12:
            break
        chosen.append(place)
        reached.append(float(totals[place]))
        best = torch.maximum(best, columns[place])
    return torch.tensor(chosen), torch.tensor(reached, dtype=torch.float64)


def equivalent_frozen(coverage: float, reached: Float[Tensor, " K"]) -> int:
    """``K_eq``: how many best-chosen frozen real states reach the same coverage.

    Args:
        coverage: of the generated ensemble.
        reached: coverage by 1, 2, ..., K frozen states, of :func:`best_frozen`.

    Returns:
        A number from 1 to K, or K + 1 where all of them do not reach it.

    Example:
        >>> equivalent_frozen(0.95, torch.tensor([0.9, 0.94, 0.96]))
        3
    """
    return 1 + int((reached < coverage - 1e-9).sum())


def effective_modes(occupied: Int[Tensor, "*batch N"], n_modes: int) -> Float[Tensor, "*batch"]:
    """Effective number of modes: ``exp(-sum_k w_k log w_k)`` of their shares w.

    Args:
        occupied: the mode of each state, in [0, n_modes).
        n_modes: modes there are.

    Returns:
        Numbers from 1 to ``n_modes``.

    Raises:
        QganError: without states.

    References:
        Hill, Ecology 54, 427 (1973): the number of order 1.

    Example:
        >>> effective_modes(torch.tensor([0, 0, 1, 1]), 3).item()
        2.0
    """
    if not occupied.shape[-1]:
        raise errors.argument("occupied", "must hold at least one state", "none")
    rows = occupied.reshape(-1, occupied.shape[-1])
    ones = torch.ones_like(rows, dtype=torch.float64)
    share = torch.zeros(len(rows), n_modes, dtype=torch.float64).scatter_add_(1, rows, ones)
    share = share / rows.shape[1]
    found = torch.exp(-(share * torch.where(share > 0, share, 1.0).log()).sum(1))
    return found.reshape(occupied.shape[:-1])


def range_bins(
    factor: Float[Tensor, " N"], real: Float[Tensor, " M"], n_bins: int = N_BINS
) -> tuple[Int[Tensor, " N"], int]:
    """The part of the data's range that each value lies in, and the number of occupied parts."""
    low, high = real.min(), real.max()
    width = (high - low).clamp_min(1e-300)

    def part(values: Tensor) -> Tensor:
        return ((values - low) / width * n_bins).long().clamp(0, n_bins - 1)

    return part(factor), len(part(real).unique())


def factor_reached(
    factor: Float[Tensor, " N"], real: Float[Tensor, " M"], n_bins: int = N_BINS
) -> float:
    """Share of the data's range of a hidden factor that turning z reaches.

    The range is cut into equal parts; those that hold generated states, over those that hold
    data. Frozen states reach as many parts as there are states at most.

    Args:
        factor: of the real state nearest to each generated one, ``(N,)``.
        real: of the data, ``(M,)``.
        n_bins: parts.

    Returns:
        A number in (0, 1].

    Raises:
        QganError: without values on either side.

    Example:
        >>> factor_reached(torch.tensor([0.1, 0.2]), torch.linspace(0, 1, 101), n_bins=4)
        0.25
    """
    if not len(factor) or not len(real):
        raise errors.argument("factor", "must hold a value, and so must real", "none")
    parts, occupied = range_bins(factor, real, n_bins)
    return len(parts.unique()) / occupied
