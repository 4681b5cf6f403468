"""The distribution that latents are drawn from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors

__all__ = ["LATENT_RANGES", "Prior", "as_prior", "latent_features", "latent_shares"]

LATENT_RANGES = {"uniform": (-1.0, 1.0), "normal": (-3.0, 3.0), "periodic": (0.0, 2 * math.pi)}
"""From where to where a latent of each kind is turned; 0.3 % of a normal's draws lie outside."""
LEAST_SHARE = 2.0**-25
"""Half of the least positive number that is drawn: a normal latent of share 0 would be infinite."""


@dataclass(frozen=True)
class Prior:
    """Latents z that are independent, each uniform, normal or an angle; the last may be discrete.

    A latent is uniform on ``[-1, 1]``, normal with mean 0 and deviation 1, or uniform on the circle
    ``[0, 2 pi)``. A periodic latent follows a hidden factor that is a phase, which no interval can:
    its ends would have to meet. A continuous latent must pass between the branches of an ensemble
    that falls into separate pieces; a discrete entry beside it jumps.

    Args:
        n_latent: entries of z, at least 0.
        n_levels: 0 for a continuous last entry; else the number of equally spaced values from -1
            to 1, at least 2, that it takes with equal probability, whatever the kind of the others.
        kinds: "uniform", "normal" or "periodic", one word for all entries or one for each.

    Raises:
        QganError: if ``n_levels`` is 1 or negative, there is no entry to make discrete, or the
            kinds are unknown, not one for each entry, or not uniform of a discrete one.

    Example:
        >>> Prior(1, n_levels=3).sample(64, torch.Generator().manual_seed(0)).unique().tolist()
        [-1.0, 0.0, 1.0]
        >>> Prior(2, kinds=("periodic", "normal")).wraps
        (True, False)
    """

    n_latent: int
    n_levels: int = 0
    kinds: str | Sequence[str] = "uniform"

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_latent", errors.integer("n_latent", self.n_latent, least=0))
        object.__setattr__(self, "n_levels", errors.integer("n_levels", self.n_levels))
        if self.n_levels < 0 or self.n_levels == 1 or (self.n_levels and not self.n_latent):
            raise errors.argument(
                "n_levels", "must be 0 or at least 2 with n_latent >= 1", self.n_levels
            )
        kinds = _of_each(self.kinds, self.n_latent)
        if self.n_levels and isinstance(self.kinds, str):
            kinds = (*kinds[:-1], "uniform")
        if self.n_levels and kinds[-1] != "uniform":
            raise errors.argument("kinds", "must end with uniform if n_levels is not 0", kinds)
        object.__setattr__(self, "kinds", kinds)

    @property
    def n_features(self) -> int:
        """Number of columns of :func:`latent_features`: two for an angle, one for any other."""
        return self.n_latent + sum(self.wraps)

    @property
    def wraps(self) -> tuple[bool, ...]:
        """Whether each latent is an angle, ``n_latent`` entries."""
        return tuple(kind == "periodic" for kind in self.kinds)

    @property
    def ranges(self) -> tuple[tuple[float, float], ...]:
        """From where to where each latent is turned; see ``LATENT_RANGES``."""
        return tuple(LATENT_RANGES[kind] for kind in self.kinds)

    def sample(self, n: int, rng: torch.Generator) -> Float[Tensor, "n z"]:
        """Draw ``n`` latents, float32 ``(n, n_latent)``."""
        n = errors.integer("n", n, least=0)
        latent = self.at(torch.rand(n, self.n_latent, generator=rng))
        if self.n_levels:
            level = torch.randint(self.n_levels, (n,), generator=rng)
            latent[:, -1] = 2 * level / (self.n_levels - 1) - 1
        return latent

    def at(self, shares: Float[Tensor, "B z"]) -> Float[Tensor, "B z"]:
        """The latents below which these shares of the prior lie: the inverse of its distribution.

        Args:
            shares: numbers in [0, 1], ``(B, n_latent)``.

        Example:
            >>> Prior(3, kinds=("uniform", "normal", "periodic")).at(torch.full((1, 3), 0.5))
            tensor([[0.0000, 0.0000, 3.1416]])
        """
        latent = 2 * shares - 1
        for k, kind in enumerate(self.kinds):
            if kind == "normal":
                inside = shares[:, k].double().clamp(LEAST_SHARE, 1 - LEAST_SHARE)
                latent[:, k] = torch.special.ndtri(inside).to(latent)
            elif kind == "periodic":
                latent[:, k] = 2 * math.pi * shares[:, k]
        return latent

    def shares(self, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B z"]:
        """The share of the prior that lies below each latent; see :func:`latent_shares`."""
        return latent_shares(latent, self.kinds)

    def into_range(self, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B z"]:
        """The same latents with angles between 0 and 2 pi, and others cut off at their range."""
        columns = [
            column.remainder(high) if wraps else column.clamp(low, high)
            for column, wraps, (low, high) in zip(
                latent.unbind(1), self.wraps, self.ranges, strict=True
            )
        ]
        return torch.stack(columns, 1) if columns else latent

    def between(self, first: Tensor, last: Tensor) -> Float[Tensor, " z"]:
        """The straight way from one latent ``(n_latent,)`` to another: angles go the shorter way.

        Example:
            >>> Prior(1, kinds="periodic").between(torch.tensor([6.0]), torch.tensor([0.5]))
            tensor([0.7832])
        """
        way: Tensor = last - first
        angles = torch.tensor(self.wraps, dtype=torch.bool, device=way.device)
        turn = 2 * math.pi
        return torch.where(angles, (way + turn / 2).remainder(turn) - turn / 2, way)

    def positions(self, axis: int, n: int) -> Float[Tensor, " n"]:
        """``n`` places from one end of the range of a latent to the other, in double precision."""
        return torch.linspace(*self.ranges[axis], n, dtype=torch.float64)

    @property
    def levels(self) -> Float[Tensor, " L"]:
        """The values of a discrete last entry, in double precision; none of a continuous one."""
        return torch.linspace(-1, 1, self.n_levels, dtype=torch.float64)


def _of_each(kinds: str | Sequence[str], n_latent: int) -> tuple[str, ...]:
    """The kind of each latent, checked."""
    each = (kinds,) * n_latent if isinstance(kinds, str) else tuple(kinds)
    known = {kinds} if isinstance(kinds, str) else set(each)
    if not known <= set(LATENT_RANGES) or len(each) != n_latent:
        rule = f"must be one of {', '.join(LATENT_RANGES)}, or {n_latent} of them, one per latent"
        raise errors.argument("kinds", rule, kinds)
    return each


def as_prior(prior: Prior | int) -> Prior:
    """The prior itself, or that of so many uniform latents."""
    return prior if isinstance(prior, Prior) else Prior(prior)


def latent_features(latent: Float[Tensor, "B z"], kinds: Sequence[str]) -> Float[Tensor, "B f"]:
    """What a network is shown of latents: cosine and sine of an angle, and any other as it is.

    Args:
        latent: ``(B, n_latent)``.
        kinds: the kind of each; none for no angles.

    Returns:
        ``(B, n_latent + n_angles)``: each angle has become its cosine, and the sines come last.

    Example:
        >>> latent_features(torch.tensor([[0.0, 0.5]]), ("periodic", "uniform"))
        tensor([[1.0000, 0.5000, 0.0000]])
    """
    angles = [k for k, kind in enumerate(kinds) if kind == "periodic"]
    if not angles:
        return latent
    columns = list(latent.unbind(1))
    sines = [columns[k].sin() for k in angles]
    for k in angles:
        columns[k] = columns[k].cos()
    return torch.stack([*columns, *sines], 1)


def latent_shares(latent: Float[Tensor, "B z"], kinds: Sequence[str]) -> Float[Tensor, "B z"]:
    """The share of the prior that lies below each latent, in [0, 1] for each inside its range.

    A uniform latent outside of its range has a share below 0 or above 1; an angle wraps round.

    Args:
        latent: ``(B, n_latent)``.
        kinds: the kind of each; none for uniform ones.

    Example:
        >>> latent_shares(torch.tensor([[0.0, 0.0, -torch.pi / 2]]),
        ...     ("uniform", "normal", "periodic"))
        tensor([[0.5000, 0.5000, 0.7500]])
    """
    shares = (latent + 1) / 2
    for k, kind in enumerate(kinds):
        if kind == "normal":
            shares[:, k] = torch.special.ndtr(latent[:, k])
        elif kind == "periodic":
            shares[:, k] = (latent[:, k] / (2 * math.pi)).remainder(1)
    return shares
