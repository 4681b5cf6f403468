"""States as smooth functions of the latent: double precision, inside the graph."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from qgan import errors
from qgan.engines import BatchedEngine
from qgan.engines.base import Engine
from qgan.generator import Generator
from qgan.states import States

Smooth = Callable[[Tensor, Tensor], States]
"""From (label ``(B,)``, latent ``(B, n_latent)`` in double precision) to B states."""

COPIES = 2**21
"""Amplitudes of the copies that are differentiated at a time."""


def smooth_states(generator: Generator) -> Smooth:
    """A generator whose states can be differentiated by the latent.

    Args:
        generator: trained; it is copied, and its weights take no part in the derivative.

    Raises:
        QganError: if the generator has no latent.
    """
    if not generator.n_latent:
        raise errors.argument("model", "must have a latent", "a generator without one")
    exact = copy.deepcopy(generator).double().requires_grad_(False)
    engine: Engine = BatchedEngine(precision="double")
    if engine.why_not(exact.circuit) is not None:
        engine = exact.engine

    def states(label: Tensor, latent: Tensor) -> States:
        exact.check(label, latent)
        inputs = exact.embedding(label, latent.double())
        return engine.run(exact.circuit, exact.weights, inputs)

    return states


def slopes(
    smooth: Smooth, label: Int[Tensor, " P"], latent: Float[Tensor, "P z"]
) -> tuple[Complex[Tensor, "P D r"], Complex[Tensor, "P z D r"]]:
    """Factors ``A`` and their derivatives ``dA / dz_k``, exact, by reverse differentiation.

    Each real number of A needs a backward pass of its own; the passes run as one batch of copies.
    """
    factors, parts = [], []
    for one_label, one in zip(label, latent, strict=True):
        with torch.no_grad():
            shape = smooth(one_label[None], one[None]).factor.shape
        numbers = 2 * shape[1] * shape[2]
        chunk = max(1, COPIES // numbers)
        rows = []
        for start in range(0, numbers, chunk):
            places = torch.arange(start, min(numbers, start + chunk))
            copies = one.double().repeat(len(places), 1).requires_grad_()
            with torch.enable_grad():
                factor = smooth(one_label.repeat(len(places)), copies).factor
                flat = torch.view_as_real(factor).flatten(1)
                picked = flat.gather(1, places[:, None]).sum()
            rows.append(torch.autograd.grad(picked, copies)[0])
        factors.append(factor[0].detach())
        slope = torch.cat(rows).T.reshape(-1, shape[1], shape[2], 2)
        parts.append(torch.view_as_complex(slope.contiguous()))
    return torch.stack(factors), torch.stack(parts)
