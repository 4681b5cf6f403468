"""Blocks: a layer of turns as few dense real matrices, chosen by what they cost.

A state ``(B, 2**n, r)`` is read as real numbers ``(B, left, 2**k, 2 * right)`` with the block's
wires in the middle: one batched product applies it, and one takes its gradient.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

MOST_WIRES = 6  # of a block: its matrix has 4**k entries
LEAST_COLUMNS = 32  # real columns below which products are too small to be worth a call each

# Seconds, measured on one core: a call of torch with what Python does around it; one product of a
# batch of products; passing a number; a real multiply and add. What counts are their ratios.
CALL, PRODUCT, PASS, MULTIPLY = 1.2e-5, 3.5e-7, 3e-10, 2.2e-11


class Block(NamedTuple):
    """Consecutive wires that turn as one matrix."""

    first: int
    width: int

    def holds_any(self, wires: frozenset[int]) -> bool:
        """Whether any of the wires is among its own."""
        return any(self.first <= wire < self.first + self.width for wire in wires)


@lru_cache(maxsize=256)
def partition(n_wires: int, columns: int, batch: int, shared: bool) -> tuple[Block, ...]:
    """The cheapest split of all wires into blocks, by the cost model.

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
    met = shared_columns(n_wires, columns, batch) if shared else columns
    return partition(n_wires, met, 1 if met != columns else batch, shared)


def shared_columns(n_wires: int, columns: int, batch: int) -> int:
    """Columns that shared turns meet: r, or B r where the batch is better taken as columns."""
    together = shared_cost(n_wires, columns * batch, 1)
    return columns * batch if together < shared_cost(n_wires, columns, batch) else columns


def shared_cost(n_wires: int, columns: int, batch: int) -> float:
    """Estimated seconds of a layer of shared turns on all wires."""
    blocks = partition(n_wires, columns, batch, True)
    return sum(block_cost(block, n_wires, columns, batch, True) for block in blocks)


def block_cost(block: Block, n_wires: int, columns: int, batch: int, shared: bool) -> float:
    """Estimated seconds to build a block's matrix, apply it, and take its gradient."""
    size: int = 2**block.width
    left: int = 2**block.first
    right: int = 2 * columns * 2 ** (n_wires - block.first - block.width)
    numbers: int = batch * 2**n_wires * 2 * columns
    if shared and right < LEAST_COLUMNS:  # the matrix times an identity on the columns
        return CALL + numbers * (PASS + size * right * MULTIPLY)
    matrices = 0.0 if shared else 2 * batch * size**2 * PASS
    if not shared and right == 2:  # complex products
        applied = batch * (PRODUCT + 2 * size * left * (PASS + 2 * size * MULTIPLY))
        return 2 * CALL + 3 * matrices + applied
    applied = batch * left * max(PRODUCT, size * right * (PASS + size * MULTIPLY))
    return CALL + applied + matrices


def turn_matrices(cos: Tensor, sin: Tensor, blocks: tuple[Block, ...]) -> list[Tensor]:
    """Tensor products of RY for each block, real ``(rows, b, 2**k, 2**k)``.

    Args:
        cos: of half the angles, ``(rows, b, n)``.
        sin: the same.
    """
    rows, batch, _ = cos.shape
    single = torch.stack([cos, -sin, sin, cos], -1)
    width = blocks[0].width
    if all(block.width == width for block in blocks):  # all blocks at once
        factors = single.view(rows * batch * len(blocks), width, 2, 2)
        matrices = _product(factors).view(rows, batch, len(blocks), 2**width, 2**width)
        return [matrices.squeeze(2)] if len(blocks) == 1 else list(matrices.unbind(2))
    found = []
    for first, width in blocks:
        factors = single.narrow(2, first, width).reshape(rows * batch, width, 2, 2)
        found.append(_product(factors).view(rows, batch, 2**width, 2**width))
    return found


def turn_vectors(cos: Tensor, sin: Tensor) -> Tensor:
    """What a row of RY makes of |0..0>: real ``(b, 2**n)`` from ``(b, n)``."""
    return _product(torch.stack([cos, sin], -1).unsqueeze(-1)).squeeze(-1)


def _product(factors: Tensor) -> Tensor:
    """Kronecker products ``(X, p**m, q**m)`` of ``(X, m, p, q)``, pairwise: few large calls."""
    many, count, p, q = factors.shape
    if count == 1:
        return factors.squeeze(1)
    if count % 2:
        return _kron(_product(factors[:, :-1]), factors[:, -1])
    return _product(_kron(*factors.reshape(many, count // 2, 2, p, q).unbind(2)))


def _kron(a: Tensor, b: Tensor) -> Tensor:
    """Over the last two axes; what stands before them agrees."""
    at = a.ndim - 2
    product = a.unsqueeze(-1).unsqueeze(at + 1) * b.unsqueeze(-2).unsqueeze(at)
    return product.reshape(*a.shape[:-2], a.shape[-2] * b.shape[-2], a.shape[-1] * b.shape[-1])


def apply_block(matrix: Tensor, block: Block, state: Tensor) -> Tensor:
    """Apply a block's matrix, real ``(b, K, K)`` with b 1 if shared, to ``(B, 2**n, r)``."""
    batch, dimension, columns = state.shape
    left, size = 2**block.first, matrix.shape[-1]
    right = dimension // (left * size) * columns
    if len(matrix) > 1 and right == 1:
        turned = state.view(batch, left, size) @ matrix.mT.to(state.dtype)
        return turned.view(state.shape)
    real = torch.view_as_real(state).view(batch, left, size, 2 * right)
    if len(matrix) > 1:
        turned = torch.matmul(matrix.unsqueeze(1), real)
    elif batch * left == 1:
        turned = torch.mm(matrix[0], real.view(size, -1))
    elif 2 * right >= LEAST_COLUMNS:
        many = batch * left
        turned = torch.bmm(matrix.expand(many, -1, -1), real.view(many, size, -1))
    else:
        wide = torch.kron(matrix[0].mT.contiguous(), _eye(2 * right, matrix))
        turned = torch.mm(real.view(batch * left, -1), wide)
    return torch.view_as_complex(turned.view(*state.shape, 2))


def block_gradient(block: Block, shared: bool, gradient: Tensor, state: Tensor) -> Tensor:
    """``K = Re sum conj(G) psi^T`` over the other wires (and the batch), real ``(b, K, K)``."""
    batch, dimension, columns = state.shape
    left, size = 2**block.first, 2**block.width
    right = dimension // (left * size) * columns
    if not shared and right == 1:
        g, psi = gradient.view(batch, left, size), state.view(batch, left, size)
        return torch.matmul(g.mH, psi).real
    g, psi = (torch.view_as_real(x).view(batch, left, size, 2 * right) for x in (gradient, state))
    if not shared:
        return torch.matmul(g, psi.mT).sum(1)
    if batch * left == 1:
        return torch.mm(g.view(size, -1), psi.view(size, -1).T).unsqueeze(0)
    if 2 * right >= LEAST_COLUMNS:
        many = (batch * left, size, 2 * right)
        return torch.bmm(g.view(many), psi.view(many).mT).sum(0, keepdim=True)
    wide = torch.mm(g.view(batch * left, -1).T, psi.view(batch * left, -1))
    wide = wide.view(size, 2 * right, size, 2 * right)
    return wide.diagonal(dim1=1, dim2=3).sum(-1).unsqueeze(0)


def _eye(size: int, like: Tensor) -> Tensor:
    return torch.eye(size, dtype=like.dtype, device=like.device)
