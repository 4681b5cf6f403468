"""Latents that are angles, added to angles of a circuit: states that start as a closed curve."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.prior import Prior

__all__ = ["Winding"]


class Winding(nn.Module):
    """Adds each latent that is an angle to one input of a circuit: ``x_i = z_k``.

    Cosine and sine of an angle alone, through a network that starts at random, make a curve of
    states that winds round a hidden circle any number of times, most often none: there and back.
    Training seldom changes that number. A rotation by the latent itself winds once, and a whole
    turn of a rotation ``exp(-i x P / 2)`` that nothing controls is a sign of the whole state.

    Args:
        prior: distribution of the latents.
        n_inputs: number of inputs of the circuit.
        places: for each latent that is an angle an input.

    Raises:
        QganError: if there is not one input for each angle, or it is out of range.

    Example:
        >>> winding = Winding(Prior(2, kinds=("periodic", "uniform")), 3, (1,))
        >>> winding(torch.tensor([[0.5, 0.2]])).tolist()
        [[0.0, 0.5, 0.0]]
    """

    def __init__(self, prior: Prior, n_inputs: int, places: Sequence[int]) -> None:
        super().__init__()
        angles = [k for k, wraps in enumerate(prior.wraps) if wraps]
        if len(places) != len(angles) or not all(0 <= i < n_inputs for i in places):
            rule = f"must be {len(angles)} inputs below {n_inputs}, one per angle, or none"
            raise errors.argument("winds", rule, tuple(places))
        turns = torch.zeros(prior.n_latent, n_inputs)
        for latent, place in zip(angles, places, strict=True):
            turns[latent, place] = 1.0
        self.register_buffer("turns", turns, persistent=False)
        self.columns = [*angles, *range(prior.n_latent, prior.n_features)]

    turns: Tensor

    def forward(self, latent: Float[Tensor, "B z"]) -> Float[Tensor, "B X"]:
        """What is added to the inputs, ``(B, n_inputs)``."""
        return latent @ self.turns.to(latent)

    def without_effect(self, weights: Float[Tensor, "*rows f"]) -> None:
        """Set to zero, in place, the weights of the cosines and sines of angles.

        Args:
            weights: with a last axis for the features of :func:`qgan.prior.latent_features`.
        """
        weights[..., self.columns] = 0.0
