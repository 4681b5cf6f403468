"""The check of probabilities with which every measure of distributions begins."""

from __future__ import annotations

from torch import Tensor

from qgan import errors

__all__ = ["check", "check_pair"]

SUM_TOLERANCE = 1e-5
"""The largest error of a sum of probabilities; single precision over a few thousand points stays
below."""


def check(name: str, values: Tensor) -> None:
    """Refuse values that are not a batch of distributions over the last axis.

    Args:
        name: the name of the argument, for the message.
        values: the values.

    Raises:
        QganError: if there is no axis of points, if an entry is negative or not finite, or if a sum
            differs from 1 by more than ``SUM_TOLERANCE``.
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
    """Refuse p and q unless both are batches of distributions, of one shape.

    Raises:
        QganError: if the shapes differ, and as :func:`check`.
    """
    if p.shape != q.shape:
        raise errors.argument("q", f"must have the shape {tuple(p.shape)} of p", tuple(q.shape))
    check("p", p)
    check("q", q)
