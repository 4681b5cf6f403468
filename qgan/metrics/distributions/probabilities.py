"""What counts as probabilities: the check at the door of every measure of distributions."""

from __future__ import annotations

from torch import Tensor

from qgan import errors

SUM_TOLERANCE = 1e-5
"""Sums of probabilities in single precision over a few thousand points stray by less."""


def check(name: str, values: Tensor) -> None:
    """Refuse what is not a batch of distributions over the last axis.

    Raises:
        QganError: without an axis of points, with entries that are negative or not finite, or
            with a sum off 1 by more than ``SUM_TOLERANCE``.
    """
    if not values.ndim or not values.shape[-1]:
        raise errors.argument(name, "must have shape (..., K), K at least 1", tuple(values.shape))
    plain = values.detach()
    if not bool(plain.isfinite().all()) or bool((plain < 0).any()):
        bad = plain[~(plain >= 0) | plain.isinf()].flatten()[0]
        raise errors.argument(name, "must hold numbers from 0 to 1", float(bad))
    sums = plain.sum(-1).flatten()
    off = (sums - 1).abs()
    if len(off) and float(off.max()) > SUM_TOLERANCE:
        rule = "must sum to 1 over its last axis"
        raise errors.argument(name, rule, float(sums[int(off.argmax())]))


def check_pair(p: Tensor, q: Tensor) -> None:
    """Refuse two batches that are not distributions over the same points."""
    if p.shape != q.shape:
        raise errors.argument("q", f"must have the shape {tuple(p.shape)} of p", tuple(q.shape))
    check("p", p)
    check("q", q)
