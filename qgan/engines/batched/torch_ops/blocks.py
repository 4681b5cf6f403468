"""Blocks: which wires turn together as one dense real matrix, chosen by what it costs."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

__all__ = [
    "CALL",
    "LEAST_COLUMNS",
    "MULTIPLY",
    "PASS",
    "Block",
    "block_cost",
    "blocks_of",
    "partition",
    "shared_columns",
    "shared_cost",
]

MOST_WIRES = 6  # of a block: its matrix has 4**k entries
LEAST_COLUMNS = 32  # real columns below which a product is too small to be worth a call

# Seconds on one core, for a call of torch with what Python does around it; one product of a batch
# of products; reading and writing a number; a real multiplication and addition; an entry of a
# Kronecker product. What counts is their ratios.
CALL, PRODUCT, PASS, MULTIPLY, KRONECKER = 1.2e-5, 3.5e-7, 3e-10, 2.2e-11, 6e-10


class Block(NamedTuple):
    """Consecutive wires that turn as one matrix."""

    first: int
    width: int

    def holds_any(self, wires: frozenset[int]) -> bool:
        """Whether any of the wires belongs to the block."""
        return any(self.first <= wire < self.first + self.width for wire in wires)


@lru_cache(maxsize=256)
def partition(n_wires: int, columns: int, batch: int, shared: bool) -> tuple[Block, ...]:
    """The cheapest split of all wires into blocks, as :func:`block_cost` estimates.

    Args:
        n_wires: n.
        columns: r of the states.
        batch: B.
        shared: whether one matrix serves the batch.
    """
    best: list[tuple[float, tuple[Block, ...]]] = [(0.0, ())]
    for stop in range(1, n_wires + 1):
        options = []
        for width in range(1, min(stop, MOST_WIRES) + 1):
            block = Block(stop - width, width)
            cost = block_cost(block, n_wires, columns, batch, shared)
            options.append((best[stop - width][0] + cost, (*best[stop - width][1], block)))
        best.append(min(options))
    return best[-1][1]


def blocks_of(n_wires: int, columns: int, batch: int, shared: bool) -> tuple[Block, ...]:
    """The blocks of a group's turns on ``(B, 2**n, r)``."""
    if shared and shared_columns(n_wires, columns, batch) != columns:
        return partition(n_wires, columns * batch, 1, shared)
    return partition(n_wires, columns, batch, shared)


def shared_columns(n_wires: int, columns: int, batch: int) -> int:
    """The columns that shared turns act on: r, or B r if the batch is better taken as columns."""
    together = shared_cost(n_wires, columns * batch, 1)
    return columns * batch if together < shared_cost(n_wires, columns, batch) else columns


def shared_cost(n_wires: int, columns: int, batch: int) -> float:
    """The seconds that shared turns on all wires take, estimated."""
    blocks = partition(n_wires, columns, batch, True)
    return sum(block_cost(block, n_wires, columns, batch, True) for block in blocks)


def block_cost(block: Block, n_wires: int, columns: int, batch: int, shared: bool) -> float:
    """The seconds to build the matrix of a block, apply it, and take its gradient, estimated."""
    size: int = 2**block.width
    left: int = 2**block.first
    right: int = 2 * columns * 2 ** (n_wires - block.first - block.width)
    numbers: int = batch * 2**n_wires * 2 * columns
    if shared and right < LEAST_COLUMNS:  # by the Kronecker product with a unit matrix
        return CALL + numbers * (PASS + size * right * MULTIPLY)
    matrices = 0.0 if shared else batch * size**2 * KRONECKER
    if not shared and right == 2:  # complex products
        applied = batch * (PRODUCT + 2 * size * left * (PASS + 2 * size * MULTIPLY))
        return 2 * CALL + 3 * matrices + applied
    applied = batch * left * max(PRODUCT, size * right * (PASS + size * MULTIPLY))
    return CALL + applied + matrices
