"""Turns: layers of RY as dense real matrices on blocks of wires, and their gradients.

A state ``(B, 2**n, r)`` is read as real numbers ``(B, left, 2**k, 2 * right)`` with the block's
wires in the middle: one batched product applies it, and one takes its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import torch
from torch import Tensor

from qgan.engines.batched.torch_ops.blocks import LEAST_COLUMNS, Block
from qgan.engines.batched.torch_ops.gathering import Gathered
from qgan.engines.batched.torch_ops.kronecker import kronecker

__all__ = [
    "Turns",
    "apply_block",
    "turn_generators",
    "turn_gradients",
    "turn_matrices",
    "turn_vectors",
]

MOST_FLIPPED = 2**9  # amplitudes per sample, times wires, for a gradient by J psi itself


class Turns:
    """The turns of a group at given angles.

    Args:
        entries: the entries of RY on each wire, row by row: ``(b, rows, n, 4)``, b = 1 if shared.
        shared: whether the batch shares them.
        blocks: which wires turn together.
    """

    def __init__(self, entries: Tensor, shared: bool, blocks: tuple[Block, ...]) -> None:
        self.entries = entries
        self.shared = shared
        self.blocks = blocks
        self.gathered = Gathered()
        self._matrices: list[Tensor] = []
        self._vectors: dict[int, Tensor] = {}

    def matrices(self, row: int, wires: frozenset[int]) -> list[tuple[Block, Tensor]]:
        """The blocks that turn in a row, with their matrices, real ``(b, K, K)``."""
        if not self._matrices:
            self._matrices = turn_matrices(self.entries, self.blocks)
        return [
            (block, matrix[:, row])
            for block, matrix in zip(self.blocks, self._matrices, strict=True)
            if block.holds_any(wires)
        ]

    def whole(self, rows: slice | list[int]) -> Tensor:
        """The matrices of shared rows on all wires at once, real ``(rows, 2**n, 2**n)``."""
        block = Block(0, self.entries.shape[2])
        return turn_matrices(self.entries[:, rows], (block,))[0][0]

    def vector(self, row: int) -> Tensor:
        """What a row makes of ``|0..0>``: real ``(b, 2**n)``."""
        if row not in self._vectors:
            self._vectors[row] = turn_vectors(self.entries[:, row])
        return self._vectors[row]

    def note(self, rows: Sequence[int], gradient: Tensor, state: Tensor) -> None:
        """Gather the gradients of rows from G and psi after each turn, ``(B, rows, 2**n, r)``."""
        self.gathered.add(rows, turn_gradients(self.blocks, self.shared, gradient, state))


def turn_matrices(entries: Tensor, blocks: tuple[Block, ...]) -> list[Tensor]:
    """The tensor product of RY for each block, real ``(b, rows, 2**k, 2**k)``.

    Args:
        entries: the entries of RY on each wire, row by row, ``(b, rows, n, 4)``.
        blocks: which wires make one matrix.
    """
    batch, rows, _, _ = entries.shape
    width = blocks[0].width
    if all(block.width == width for block in blocks):  # all blocks at once
        factors = entries.reshape(-1, width, 2, 2)
        matrices = kronecker(factors).view(batch, rows, len(blocks), 2**width, 2**width)
        return [matrices.squeeze(2)] if len(blocks) == 1 else list(matrices.unbind(2))
    of_blocks = []
    for first, width in blocks:
        factors = entries.narrow(2, first, width).reshape(-1, width, 2, 2)
        of_blocks.append(kronecker(factors).view(batch, rows, 2**width, 2**width))
    return of_blocks


def turn_vectors(entries: Tensor) -> Tensor:
    """What a row of RY makes of ``|0..0>``: real ``(b, 2**n)`` from entries ``(b, n, 4)``."""
    return kronecker(entries[..., ::2, None]).squeeze(-1)


def apply_block(matrix: Tensor, block: Block, state: Tensor) -> Tensor:
    """Apply the matrix of a block, real ``(b, K, K)`` with b = 1 if shared, to ``(B, 2**n, r)``."""
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
    """The gradients of the half angles of all wires, ``(b, m, n)``, for m rows of turns.

    ``RY(2 s) = exp(s J)`` with ``J = [[0, -1], [1, 0]]``: ``dL/ds_q = Re sum conj(G) J_q psi``.

    Args:
        blocks: which wires turned together.
        shared: whether the batch shares the angles; then b = 1.
        gradient: G after each of the turns, ``(B, m, 2**n, r)``.
        state: psi after each of the turns, ``(B, m, 2**n, r)``.
    """
    n = blocks[-1].first + blocks[-1].width
    if not shared and state.shape[3] == 1 and n * state.shape[2] <= MOST_FLIPPED:
        return _flipped(n, gradient, state)
    of_blocks = []
    for block in blocks:
        correlations = _correlations(block, shared, gradient, state)
        generators = turn_generators(block.width, correlations.dtype, correlations.device)
        of_blocks.append(correlations.flatten(2) @ generators)
    return of_blocks[0] if len(of_blocks) == 1 else torch.cat(of_blocks, 2)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def turn_generators(width: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The matrices of J on each of ``width`` wires as columns, ``(4**width, width)``.

    ``RY(2 s) = exp(s J)`` with ``J = [[0, -1], [1, 0]]``, so that dL/ds = <J, K> with
    ``K = Re sum conj(G) psi^T`` after the turn.
    """
    table = torch.zeros(2**width, 2**width, width, dtype=dtype)
    for wire in range(width):
        bit = 1 << (width - 1 - wire)
        for i in range(2**width):
            table[i, i ^ bit, wire] = 1.0 if i & bit else -1.0
    return table.flatten(0, 1).to(device)


def _flipped(n: int, gradient: Tensor, state: Tensor) -> Tensor:
    """The gradients of all wires of pure states, from J psi itself: without a matrix per sample."""
    batch, rows, dimension, _ = state.shape
    flips = _flips(n, gradient.dtype.to_real(), gradient.device)
    moved = torch.mm(torch.view_as_real(state).view(-1, 2 * dimension), flips)
    g = torch.view_as_real(gradient).view(-1, 1, 2 * dimension)
    return (moved.view(-1, n, 2 * dimension) * g).sum(-1).view(batch, rows, n)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _flips(n: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """J on each wire as a matrix for real and imaginary parts in turn, ``(2 2**n, n 2 2**n)``."""
    moved = torch.eye(2 * 2**n, dtype=dtype).view(-1, *(2,) * n, 2)
    on_wires = [
        torch.stack([-moved.select(wire, 1), moved.select(wire, 0)], wire).flatten(1)
        for wire in range(1, n + 1)
    ]
    return torch.cat(on_wires, 1).to(device)


def _correlations(block: Block, shared: bool, gradient: Tensor, state: Tensor) -> Tensor:
    """``K = Re sum conj(G) psi^T`` over the other wires, real ``(b, m, K, K)``.

    The sum runs over the batch too where it shares the angles.
    """
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
