"""How a measure that has a range keeps to it in spite of rounding."""

from __future__ import annotations

import torch
from jaxtyping import Float

__all__ = ["within"]

ROUNDING = 1e-3
"""What rounding in single precision may come to; what is further off has another cause."""


def within(
    values: Float[torch.Tensor, "*shape"], low: float, high: float
) -> Float[torch.Tensor, "*shape"]:
    """Values that lie in a range but for rounding, moved into the range; the gradient is theirs.

    A fidelity of ``1 + 1e-7`` has no arccosine. A plain clamp would take the gradient from it.

    Args:
        values: values of any shape.
        low: the least value.
        high: the greatest value, which may be infinite.

    Returns:
        Values from ``low`` to ``high`` with the gradient of ``values``; what is further off than
        rounding explains, such as the purity of states of another trace, stays as it is.

    Example:
        >>> within(torch.tensor([-1e-9, 0.5, 1 + 1e-6]), 0.0, 1.0).tolist()
        [0.0, 0.5, 1.0]
    """
    near = values.detach()
    inside = near.clamp(low, high)
    inside = torch.where((near - inside).abs() < ROUNDING, inside, near)
    moved = inside + (values - values.detach()).nan_to_num()  # infinity less infinity
    return torch.where(values == inside, values, moved)
