"""The distribution that latents are drawn from."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors

__all__ = ["Prior"]


@dataclass(frozen=True)
class Prior:
    """The latent z is uniform on ``[-1, 1]^n_latent``; its last entry may take a few levels only.

    A continuous latent must pass between the branches of an ensemble that falls into separate
    pieces; a discrete entry beside it jumps.

    Args:
        n_latent: entries of z, at least 0.
        n_levels: 0 for a continuous last entry; else the number of equally spaced values from -1
            to 1, at least 2, that it takes with equal probability.

    Raises:
        QganError: if ``n_levels`` is 1 or negative, or there is no entry to make discrete.

    Example:
        >>> Prior(1, n_levels=3).sample(64, torch.Generator().manual_seed(0)).unique().tolist()
        [-1.0, 0.0, 1.0]
    """

    n_latent: int
    n_levels: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_latent", errors.integer("n_latent", self.n_latent, least=0))
        object.__setattr__(self, "n_levels", errors.integer("n_levels", self.n_levels))
        if self.n_levels < 0 or self.n_levels == 1 or (self.n_levels and not self.n_latent):
            raise errors.argument(
                "n_levels", "must be 0 or at least 2 with n_latent >= 1", self.n_levels
            )

    def sample(self, n: int, rng: torch.Generator) -> Float[Tensor, "n z"]:
        """Draw ``n`` latents, float32 ``(n, n_latent)``."""
        n = errors.integer("n", n, least=0)
        latent = 2 * torch.rand(n, self.n_latent, generator=rng) - 1
        if self.n_levels:
            level = torch.randint(self.n_levels, (n,), generator=rng)
            latent[:, -1] = 2 * level / (self.n_levels - 1) - 1
        return latent
