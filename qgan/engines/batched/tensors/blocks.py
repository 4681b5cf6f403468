"""Blocks: a layer of turns as few dense real matrices, chosen by what they cost.

A state ``(B, 2**n, r)`` is read as real numbers ``(B, left, 2**k, 2 * right)`` with the block's
wires in the middle: one batched product applies it, and one takes its gradient.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from qgan.engines.batched.tensors.kronecker import kronecker
from qgan.engines.batched.tensors.layout import turn_generators

MOST_WIRES = 6  # of a block: its matrix has 4**k entries
LEAST_COLUMNS = 32  # real columns below which products are too small to be worth a call each

MOST_FLIPPED = 2**9  # amplitudes a sample that all wires' J move, for a gradient by flips

# Seconds, measured on one core: a call of torch with what Python does around it; one product of a
# batch of products; passing a number; a real multiply and add; an entry of a Kronecker product.
# What counts are their ratios.
CALL, PRODUCT, PASS, MULTIPLY, KRONECKER = 1.2e-5, 3.5e-7, 3e-10, 2.2e-11, 6e-10


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
    matrices = 0.0 if shared else batch * size**2 * KRONECKER
    if not shared and right == 2:  # complex products
        applied = batch * (PRODUCT + 2 * size * left * (PASS + 2 * size * MULTIPLY))
        return 2 * CALL + 3 * matrices + applied
    applied = batch * left * max(PRODUCT, size * right * (PASS + size * MULTIPLY))
    return CALL + applied + matrices


def turn_matrices(entries: Tensor, blocks: tuple[Block, ...]) -> list[Tensor]:
    """Tensor products of RY for each block, real ``(b, rows, 2**k, 2**k)``.

    Args:
        entries: of RY on each wire, row by row, ``(b, rows, n, 4)``.
        blocks: which wires make one matrix.
    """
    batch, rows, _, _ = entries.shape
    width = blocks[0].width
    if all(block.width == width for block in blocks):  # all blocks at once
        factors = entries.reshape(-1, width, 2, 2)
        matrices = kronecker(factors).view(batch, rows, len(blocks), 2**width, 2**width)
        return [matrices.squeeze(2)] if len(blocks) == 1 else list(matrices.unbind(2))
    found = []
    for first, width in blocks:
        factors = entries.narrow(2, first, width).reshape(-1, width, 2, 2)
        found.append(kronecker(factors).view(batch, rows, 2**width, 2**width))
    return found


def turn_vectors(entries: Tensor) -> Tensor:
    """What a row of RY makes of |0..0>: real ``(b, 2**n)`` from ``(b, n, 4)``."""
    return kronecker(entries[..., ::2, None]).squeeze(-1)


def apply_block(matrix: Tensor, block: Block, state: Tensor) -> Tensor:
    """Apply a block's matrix, real ``(b, K, K)`` with b 1 if shared, to ``(B, 2**n, r)``."""
    batch, dimension, columns = state.shape
    left, size = 2**block.first, matrix.shape[-1]
    right = dimension // (left * size) * columns
    if len(matrix) > 1 and right == 1 and left > 1:
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


def turn_gradients(
    blocks: tuple[Block, ...], shared: bool, gradient: Tensor, state: Tensor
) -> Tensor:
    """Gradients of the half angles of all wires, ``(b, m, n)``, for m rows of turns.

    ``RY(2 s) = exp(s J)`` with ``J = [[0, -1], [1, 0]]``: ``dL/ds_q = Re sum conj(G) J_q psi``.

    Args:
        blocks: which wires turned together.
        shared: whether the batch shares the angles, b = 1.
        gradient: G after each of the turns, ``(B, m, 2**n, r)``.
        state: psi, the same.
    """
    n = blocks[-1].first + blocks[-1].width
    if not shared and state.shape[3] == 1 and n * state.shape[2] <= MOST_FLIPPED:
        return _flipped(n, gradient, state)
    parts = []
    for block in blocks:
        correlations = _correlations(block, shared, gradient, state)
        generators = turn_generators(block.width, correlations.dtype, correlations.device)
        parts.append(correlations.flatten(2) @ generators)
    return parts[0] if len(parts) == 1 else torch.cat(parts, 2)


def _flipped(n: int, gradient: Tensor, state: Tensor) -> Tensor:
    """Of all wires of pure states, from J psi itself: no matrix a sample."""
    batch, rows, dimension, _ = state.shape
    flips = _flips(n, gradient.dtype.to_real(), gradient.device)
    moved = torch.mm(torch.view_as_real(state).view(-1, 2 * dimension), flips)
    met = torch.view_as_real(gradient).view(-1, 1, 2 * dimension)
    return (moved.view(-1, n, 2 * dimension) * met).sum(-1).view(batch, rows, n)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _flips(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """J on each wire, on rows of real and imaginary parts, ``(2 2**n, n 2 2**n)``."""
    moved = torch.eye(2 * 2**n, dtype=dtype).view(-1, *(2,) * n, 2)
    on_wires = [
        torch.stack([-moved.select(wire, 1), moved.select(wire, 0)], wire).flatten(1)
        for wire in range(1, n + 1)
    ]
    return torch.cat(on_wires, 1).to(device)


def _correlations(block: Block, shared: bool, gradient: Tensor, state: Tensor) -> Tensor:
    """``K = Re sum conj(G) psi^T`` over the other wires (and the batch), real ``(b, m, K, K)``."""
    batch, rows, dimension, columns = state.shape
    left, size = 2**block.first, 2**block.width
    right = dimension // (left * size) * columns
    if not shared and right == 1:
        g, psi = gradient.view(batch, rows, left, size), state.view(batch, rows, left, size)
        return torch.matmul(g.mH, psi).real
    split = (batch, rows, left, size, 2 * right)
    g, psi = (torch.view_as_real(x).view(split) for x in (gradient, state))
    if not shared:
        return torch.matmul(g, psi.mT).sum(2)
    if 2 * right >= LEAST_COLUMNS or batch * left == 1:
        many = (batch * rows * left, size, 2 * right)
        products = torch.bmm(g.view(many), psi.view(many).mT).view(batch, rows, left, size, size)
        return products.sum((0, 2)).unsqueeze(0) if batch * left > 1 else products.squeeze(2)
    flat = [x.transpose(0, 1).reshape(rows, batch * left, -1) for x in (g, psi)]
    wide = torch.bmm(flat[0].mT, flat[1]).view(rows, size, 2 * right, size, 2 * right)
    return wide.diagonal(dim1=2, dim2=4).sum(-1).unsqueeze(0)


def _eye(size: int, like: Tensor) -> Tensor:
    return torch.eye(size, dtype=like.dtype, device=like.device)
