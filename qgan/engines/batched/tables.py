"""Tables of a plan on one device in one precision: from angles to slots to phases, and back.

A slot is half of a turn's angle or minus half of a phase's; all slots of all layers come from one
product, and their gradients go back through its transpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

MOST_DENSE = 2**18  # entries of a map or of a table of signs that is kept as one dense matrix


@dataclass(frozen=True)
class AngleMap:
    """A linear map from entries to slots, ``slots[j] += scale_k entries[i_k]`` over its terms."""

    slot: Tensor
    entry: Tensor
    scale: Tensor
    n_entries: int
    n_slots: int
    matrix: Tensor | None

    @classmethod
    def of(
        cls, terms: list[tuple[int, int, float]], n_entries: int, n_slots: int, like: Tensor
    ) -> AngleMap:
        """Map of terms (slot, entry, scale), in the precision and on the device of ``like``."""
        slots, entries, scales = zip(*terms, strict=True) if terms else ((), (), ())
        slot = torch.tensor(slots, dtype=torch.int64, device=like.device)
        entry = torch.tensor(entries, dtype=torch.int64, device=like.device)
        scale = torch.tensor(scales, dtype=like.dtype, device=like.device)
        matrix = None
        if n_entries * n_slots <= MOST_DENSE:
            matrix = like.new_zeros(n_entries, n_slots)
            matrix.index_put_((entry, slot), scale, accumulate=True)
        return cls(slot, entry, scale, n_entries, n_slots, matrix)

    def push(self, entries: Tensor) -> Tensor:
        """Slots of entries, over the last axis."""
        if self.matrix is not None:
            return entries @ self.matrix
        slots = entries.new_zeros(*entries.shape[:-1], self.n_slots)
        return slots.index_add_(-1, self.slot, entries[..., self.entry] * self.scale)

    def pull(self, gradient: Tensor) -> Tensor:
        """Gradient of entries from the gradient of slots, over the last axis."""
        if self.matrix is not None:
            return gradient @ self.matrix.T
        entries = gradient.new_zeros(*gradient.shape[:-1], self.n_entries)
        return entries.index_add_(-1, self.entry, gradient[..., self.slot] * self.scale)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def turn_generators(width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """J on each of ``width`` wires, ``J = [[0, -1], [1, 0]]``, as columns ``(4**width, width)``.

    ``RY(2 s) = exp(s J)``, so dL/ds = <J, K> with ``K = Re sum conj(G) psi^T`` after the turn.
    """
    table = torch.zeros(2**width, 2**width, width, dtype=dtype)
    for wire in range(width):
        bit = 1 << (width - 1 - wire)
        for i in range(2**width):
            table[i, i ^ bit, wire] = 1.0 if i & bit else -1.0
    return table.flatten(0, 1).to(device)
