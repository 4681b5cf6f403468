"""How many real states an ensemble is worth, and how much of the variety of the data it reaches."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors

__all__ = [
    "N_BINS",
    "N_MODES",
    "best_frozen",
    "effective_modes",
    "equivalent_frozen",
    "factor_reached",
    "range_bins",
]

N_MODES = 16
"""The number of real states that stand for the modes of a label."""
N_BINS = 20
"""The number of bins that the range of a factor is cut into."""


def best_frozen(fidelities: Float[Tensor, "R N"]) -> tuple[Int[Tensor, " K"], Float[Tensor, " K"]]:
    """Frozen states that are chosen one by one for the greatest coverage.

    Each choice adds the most to ``mean_i max_j F_ij``. The coverage of this greedy choice is at
    least 1 - 1/e of that of the best choice of as many states, and in practice nearly the same.

    Args:
        fidelities: fidelities of the R real states to be covered with N candidates, ``(R, N)``.

    Returns:
        The places of the candidates in the order of choice, and the coverage after each choice.
        The choice ends where no candidate adds anything.

    Raises:
        QganError: if the matrix is empty.

    References:
        Nemhauser, Wolsey and Fisher, Math. Program. 14, 265 (1978).

    Example:
        >>> places, coverages = best_frozen(torch.tensor([[1.0, 0.5], [0.0, 0.5]]))
        >>> places.tolist(), coverages.tolist()
        ([0, 1], [0.5, 0.75])
    """
    if not fidelities.numel():
        raise errors.argument("fidelities", "must not be empty", tuple(fidelities.shape))
    columns = fidelities.T.contiguous()
    best = torch.zeros_like(columns[0])
    places: list[int] = []
    coverages: list[float] = []
    for _ in range(len(columns)):
        totals = torch.maximum(columns, best).mean(1)
        place = int(totals.argmax())
        if coverages and float(totals[place]) <= coverages[-1] + 1e-12:
            break
        places.append(place)
        coverages.append(float(totals[place]))
        best = torch.maximum(best, columns[place])
    return torch.tensor(places), torch.tensor(coverages, dtype=torch.float64)


def equivalent_frozen(coverage: float, coverages: Float[Tensor, " K"]) -> int:
    """``K_eq``: the number of frozen real states, chosen at best, that reach the same coverage.

    Args:
        coverage: the coverage of the generated ensemble.
        coverages: the coverages of 1, 2, ..., K frozen states, from :func:`best_frozen`.

    Returns:
        A number from 1 to K, or K + 1 if even K frozen states do not reach the coverage.

    Example:
        >>> equivalent_frozen(0.95, torch.tensor([0.9, 0.94, 0.96]))
        3
    """
    return 1 + int((coverages < coverage - 1e-9).sum())


def effective_modes(modes: Int[Tensor, "*batch N"], n_modes: int) -> Float[Tensor, "*batch"]:
    """Effective number of modes, ``exp(-sum_k w_k log w_k)``, with the share w_k of mode k.

    Args:
        modes: the mode of each of N states, in [0, n_modes).
        n_modes: the number of modes.

    Returns:
        Numbers from 1 to ``n_modes``, one per row of states.

    Raises:
        QganError: if there is no state.

    References:
        Hill, Ecology 54, 427 (1973), for the number of order 1.

    Example:
        >>> effective_modes(torch.tensor([0, 0, 1, 1]), 3).item()
        2.0
    """
    if not modes.shape[-1]:
        raise errors.argument("modes", "must hold at least one state", "none")
    rows = modes.reshape(-1, modes.shape[-1])
    ones = torch.ones_like(rows, dtype=torch.float64)
    share = torch.zeros(len(rows), n_modes, dtype=torch.float64).scatter_add_(1, rows, ones)
    share = share / rows.shape[1]
    numbers = torch.exp(-(share * torch.where(share > 0, share, 1.0).log()).sum(1))
    return numbers.reshape(modes.shape[:-1])


def range_bins(
    factor: Float[Tensor, " N"],
    real: Float[Tensor, " M"],
    n_bins: int = N_BINS,
    period: float | None = None,
) -> tuple[Int[Tensor, " N"], int]:
    """The bin of the range of the data that each value lies in, and the number of bins with data.

    Args:
        factor: N values.
        real: the M values of the data.
        n_bins: the number of equal bins that the range is cut into.
        period: the period of an angle, whose range is the whole circle; None for a number.
    """
    low, high = real.min(), real.max()
    width = (high - low).clamp_min(1e-300)

    def bins(values: Tensor) -> Tensor:
        share = (values - low) / width if period is None else (values / period).remainder(1)
        return (share * n_bins).long().clamp(0, n_bins - 1)

    return bins(factor), len(bins(real).unique())


def factor_reached(
    factor: Float[Tensor, " N"],
    real: Float[Tensor, " M"],
    n_bins: int = N_BINS,
    period: float | None = None,
) -> float:
    """The share of the range of a hidden factor that generated states reach.

    The range of the data, or the circle of an angle, is cut into equal bins. The share is the
    number of bins with generated states, divided by the number of bins with data. Frozen states
    reach at most one bin each.

    Args:
        factor: the factor of the real state nearest to each generated state, ``(N,)``.
        real: the factor of all real states, ``(M,)``.
        n_bins: the number of bins.
        period: the period of a factor that is an angle; None for a number.

    Returns:
        A number in (0, 1].

    Raises:
        QganError: if there is no generated or no real state.

    Example:
        >>> factor_reached(torch.tensor([0.1, 0.2]), torch.linspace(0, 1, 101), n_bins=4)
        0.25
    """
    if not len(factor) or not len(real):
        raise errors.argument("factor", "must hold a value, and so must real", "none")
    bins, n_real = range_bins(factor, real, n_bins, period)
    return len(bins.unique()) / n_real
