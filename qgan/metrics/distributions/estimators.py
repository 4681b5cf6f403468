"""Estimates, with standard errors, from samples of a model whose log-probabilities are known."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors

__all__ = ["Estimate", "classical_fidelity", "sampled_kl"]


@dataclass(frozen=True)
class Estimate:
    """A mean over samples.

    Args:
        value: the mean.
        standard_error: its standard error, ``std / sqrt N``; infinite where the mean is.
    """

    value: float
    standard_error: float


def classical_fidelity(log_p: Float[Tensor, " N"], log_q: Float[Tensor, "*_"]) -> Estimate:
    """Fidelity of two distributions, ``sum_x sqrt(p q) = E_{x ~ p} sqrt(q / p)``, from samples.

    This is the root of Uhlmann's F for commuting states. It is 1 for equal distributions.

    Args:
        log_p: ``log p(x_i)`` at N samples x_i drawn from p, at least 2.
        log_q: ``log q(x_i)`` at the same samples; minus infinity where q is zero.

    Returns:
        The estimate; its variance is at most ``1 / N``, whatever p and q are.

    Raises:
        QganError: if there are fewer than 2 samples, if the shapes differ, or if a log-probability
            is not a number.

    References:
        Carrasquilla et al., Nature Mach. Intell. 1, 155 (2019): reconstructed quantum states.

    Example:
        >>> log_p = torch.tensor([0.5, 0.5]).log()
        >>> round(classical_fidelity(log_p, torch.tensor([1.0, 0.0]).log()).value ** 2, 6)
        0.5
    """
    _check(log_p, log_q)
    return _mean(((log_q.double() - log_p.double()) / 2).exp())


def sampled_kl(log_p: Float[Tensor, " N"], log_q: Float[Tensor, "*_"]) -> Estimate:
    """``KL(P || Q) = E_{x ~ p} [log p - log q]`` from samples, in nats.

    Args:
        log_p: ``log p(x_i)`` at N samples x_i drawn from p, at least 2.
        log_q: ``log q(x_i)`` at the same samples; minus infinity makes the estimate infinite.

    Returns:
        The estimate. It is unbiased, so it may be negative where the divergence is small.

    Raises:
        QganError: as :func:`classical_fidelity`.
    """
    _check(log_p, log_q)
    return _mean(log_p.double() - log_q.double())


def _mean(values: Tensor) -> Estimate:
    """The mean of some values with its standard error; infinite if a value is not finite."""
    values = values.detach()
    if not bool(values.isfinite().all()):
        return Estimate(float("inf"), float("inf"))
    return Estimate(float(values.mean()), float(values.std()) / len(values) ** 0.5)


def _check(log_p: Tensor, log_q: Tensor) -> None:
    """Refuse log-probabilities that are not those of two models at the same possible samples."""
    if len(log_p) < 2 or log_q.shape != log_p.shape:
        rule = "must have the shape (N,) of log_p, N at least 2"
        raise errors.argument("log_q", rule, tuple(log_q.shape))
    if not bool(log_p.isfinite().all()):
        raise errors.argument("log_p", "must be finite: its samples are possible", "inf or nan")
    if bool(torch.isnan(log_q).any()) or bool((log_q == torch.inf).any()):
        raise errors.argument("log_q", "must hold numbers below infinity", "nan or inf")
