"""Fixed matrices on any wires, applied to a batch of factors."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["apply_matrix"]


def apply_matrix(matrix: Tensor, wires: tuple[int, ...], state: Tensor) -> Tensor:
    """Apply a matrix on any wires to ``state``, ``(B, 2**n, r)``."""
    n = state.shape[1].bit_length() - 1
    rest = [q for q in range(n) if q not in wires]
    order = [0, *(w + 1 for w in wires), *(q + 1 for q in rest), n + 1]
    tensor = state.reshape(state.shape[0], *(2,) * n, state.shape[2]).permute(order)
    columns = 2 ** len(rest) * state.shape[2]
    product = matrix @ tensor.reshape(state.shape[0], 2 ** len(wires), columns)
    back = torch.argsort(torch.tensor(order)).tolist()
    return product.reshape(tensor.shape).permute(back).reshape(state.shape).contiguous()
