"""Kronecker products of many small matrices at once, in few calls."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["kronecker"]

MOST_GATHERED = 2**14  # entries of factors that one call gathers for all products together
MOST_SPREAD = 2**16  # entries of a matrix that spreads a factor over a Kronecker product


def kronecker(factors: Tensor) -> Tensor:
    """Kronecker products ``(X, p**m, q**m)`` of ``(X, m, p, q)``, in few calls."""
    many, count, p, q = factors.shape
    if count == 1:
        return factors.squeeze(1)
    if p == 2 and many * count * (p * q) ** count <= MOST_GATHERED:
        entries = factors.reshape(many, -1).index_select(1, _entries(count, q, factors.device))
        return entries.view(many, count, -1).prod(1).view(many, p**count, q**count)
    if count % 2:
        return _kron(kronecker(factors[:, :-1]), factors[:, -1])
    pairs = factors.reshape(-1, 2, p, q)
    return kronecker(_kron(pairs[:, 0], pairs[:, 1]).view(many, count // 2, p * p, q * q))


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _entries(count: int, q: int, device: torch.device) -> Tensor:
    """The entry of all factors that each entry of the product takes from each wire's factor."""
    wire = torch.arange(count).view(-1, 1, 1)
    row = torch.arange(2**count).view(1, -1, 1) >> (count - 1 - wire) & 1
    column = torch.arange(q**count).view(1, 1, -1) >> (count - 1 - wire) & 1
    return ((2 * wire + row) * q + column).flatten().to(device)


def _kron(a: Tensor, b: Tensor) -> Tensor:
    """The Kronecker products ``(X, p r, q s)`` of ``(X, p, q)`` and ``(X, r, s)``."""
    many, (p, q), (r, s) = len(a), a.shape[1:], b.shape[1:]
    if q * s > 1 and p * q * r * s * max(p * q, r * s) <= MOST_SPREAD:
        of_a, of_b = _spreads(p, q, r, s, a.dtype, a.device)
        product = torch.mm(a.reshape(many, -1), of_a) * torch.mm(b.reshape(many, -1), of_b)
    else:
        product = a.reshape(many, p, 1, q, 1) * b.reshape(many, 1, r, 1, s)
    return product.view(many, p * r, q * s)


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _spreads(
    p: int, q: int, r: int, s: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor]:
    """Where the entries of two factors stand in their product, as matrices.

    A product with such small matrices is much faster than broadcasting rows of few numbers.
    """
    of_a = torch.kron(torch.eye(p * q, dtype=dtype).view(-1, p, q), torch.ones(r, s, dtype=dtype))
    of_b = torch.kron(torch.ones(p, q, dtype=dtype), torch.eye(r * s, dtype=dtype).view(-1, r, s))
    return of_a.flatten(1).to(device), of_b.flatten(1).to(device)
