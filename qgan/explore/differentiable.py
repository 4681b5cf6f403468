"""States as differentiable functions of the latent, in double precision."""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from qgan import errors
from qgan.generator import Generator
from qgan.states import States

__all__ = ["SmoothStates", "slopes", "smooth_states"]

SmoothStates = Callable[[Tensor, Tensor], States]
"""A function of label ``(B,)`` and latent ``(B, n_latent)``, in double precision, to B states."""

MOST_AMPLITUDES = 2**21
"""Most amplitudes that are differentiated at a time, over all copies of a point."""


def smooth_states(generator: Generator) -> SmoothStates:
    """A generator whose states can be differentiated by the latent.

    Args:
        generator: a trained generator. It is copied, and its weights are taken as constants.

    Raises:
        QganError: if the generator has no latent, or one that is rounded to bits.
    """
    if not generator.n_latent:
        raise errors.argument("model", "must have a latent", "a generator without one")
    if generator.levels is not None:
        raise errors.unsupported(
            "A derivative by the latent",
            "the circuit holds the latent in bits, so that its states change in steps",
            "compare the states of neighbouring levels (Generator.levels)",
        )
    exact = copy.deepcopy(generator).double().requires_grad_(False)
    engine = exact.exact_engine()

    def states(label: Tensor, latent: Tensor) -> States:
        return exact.states(label, latent, engine)

    return states


def slopes(
    smooth: SmoothStates, label: Int[Tensor, " P"], latent: Float[Tensor, "P z"]
) -> tuple[Complex[Tensor, "P D r"], Complex[Tensor, "P z D r"]]:
    """Factors ``A`` of states and their derivatives ``dA / dz_k``, by reverse differentiation.

    Each real number of A needs its own backward pass. The passes of a point run together, as one
    batch of copies of that point.

    Args:
        smooth: states as a function of label and latent.
        label: the class index of each point, ``(P,)``.
        latent: the points, ``(P, n_latent)``.

    Returns:
        The factors ``(P, D, r)`` and their derivatives ``(P, n_latent, D, r)``.
    """
    factors, derivatives = [], []
    for one_label, point in zip(label, latent, strict=True):
        with torch.no_grad():
            shape = smooth(one_label[None], point[None]).factor.shape
        numbers = 2 * shape[1] * shape[2]
        chunk = max(1, MOST_AMPLITUDES // numbers)
        gradients = []
        for start in range(0, numbers, chunk):
            places = torch.arange(start, min(numbers, start + chunk))
            copies = point.double().repeat(len(places), 1).requires_grad_()
            with torch.enable_grad():
                factor = smooth(one_label.repeat(len(places)), copies).factor
                flat = torch.view_as_real(factor).flatten(1)
                total = flat.gather(1, places[:, None]).sum()
            gradients.append(torch.autograd.grad(total, copies)[0])
        factors.append(factor[0].detach())
        slope = torch.cat(gradients).T.reshape(-1, shape[1], shape[2], 2)
        derivatives.append(torch.view_as_complex(slope.contiguous()))
    return torch.stack(factors), torch.stack(derivatives)
