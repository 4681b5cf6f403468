"""A batch of states through a plan by compiled loops, as one function of autograd."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from qgan.engines.batched.numba_loops import passes
from qgan.engines.batched.numba_loops.chunks import on_threads, split_lanes
from qgan.engines.batched.numba_loops.compiling import announce
from qgan.engines.batched.numba_loops.observables import Words, words_of
from qgan.engines.batched.numba_loops.program import Parts, parts_of
from qgan.engines.batched.numba_loops.slots import gather, tabulate
from qgan.engines.batched.plan import FIRST_ONLY, INSTEAD, Plan
from qgan.engines.refusal import differentiable_once

__all__ = ["run_in_numba"]

_Array = NDArray[Any]


def run_in_numba(
    plan: Plan,
    weights: Tensor,
    inputs: Tensor,
    start: Tensor | None,
    words: tuple[str, ...] | None = None,
) -> Tensor:
    """Apply the plan on a CPU; differentiable once, by the adjoint method.

    No states are kept but the final ones, which the backward pass takes back gate by gate.

    Args:
        plan: the plan.
        weights: real ``(n_weights,)``.
        inputs: real ``(B, n_inputs)`` in the same precision.
        start: complex ``(B, 2**n, r)``; None is ``|0..0>``.
        words: Pauli words on all wires, at least one; None asks for the states.

    Returns:
        Complex ``(B, 2**n, r)``, or the words' expectation values ``(B, K)``; with batch 1 if
        nothing differs between samples.
    """
    _announce()
    result: Tensor = _InNumba.apply(plan, weights, inputs, start, words)
    return result


class _Residuals(NamedTuple):
    """What the forward pass leaves for the backward pass.

    Args:
        parts: what was run.
        slots, diagonals: the numbers of it that all samples share; a lean plan has no diagonals.
        lanes: the final states as compiled loops hold them, if only words were read.
        words: the words that were read, if any were.
        bounds: where the chunks of the batch begin, and where the last one ends.
        columns: r.
    """

    parts: Parts
    slots: _Array
    diagonals: _Array | None
    lanes: _Array | None
    words: Words | None
    bounds: _Array
    columns: int


class _InNumba(torch.autograd.Function):
    """The states or the expectation values at the end of a plan."""

    @staticmethod
    def forward(
        ctx: Any,
        plan: Plan,
        weights: Tensor,
        inputs: Tensor,
        start: Tensor | None,
        words: tuple[str, ...] | None,
    ) -> Tensor:
        batch = inputs.shape[0] if plan.per_sample or start is not None else 1
        columns, dimension = (1 if start is None else start.shape[2]), 2**plan.n_wires
        parts = parts_of(plan, start is None, weights.dtype)
        bits = None if words is None else words_of(words)
        program, n_lanes = parts.program, batch * columns
        real = program.base.dtype
        diagonals = None
        if parts.fixed is not None:
            diagonals = np.empty((program.n_kept, 2, dimension), real)
        slots = tabulate(program, _array(weights), diagonals)
        final = values = lanes = None
        # Torch itself allocates what it goes on with: sums of its products depend on alignment.
        if words is None:
            result = weights.new_empty(batch, dimension, columns, 2)
            final = result.numpy()
        else:
            result = weights.new_empty(n_lanes, len(words))
            values, lanes = result.numpy(), np.empty(n_lanes * 2 * dimension, real)
        starts, entries = _absent(4, real) if start is None else _pairs(start), _array(inputs)
        bounds = split_lanes(n_lanes, dimension)

        def run(i: int, j: int) -> None:
            passes.forward(
                *parts, slots, diagonals, entries, starts, columns, final, lanes, bits, values,
                bounds[i : j + 1],
            )  # fmt: skip

        on_threads(run, len(bounds) - 1, n_lanes * dimension * len(program.stages))
        if words is None:
            result = torch.view_as_complex(result)
        elif columns > 1:
            result = result.view(batch, columns, -1).sum(1)
        if any(ctx.needs_input_grad):
            ctx.save_for_backward(weights, inputs, start, result if words is None else None)
            ctx.residuals = _Residuals(parts, slots, diagonals, lanes, bits, bounds, columns)
        return result

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        grads = _InNumba.adjoint(ctx, gradient)
        sources = (gradient, *ctx.saved_tensors[:3])
        return (None, *differentiable_once(grads, sources, FIRST_ONLY, INSTEAD), None)

    @staticmethod
    def adjoint(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of weights, inputs and start."""
        weights, inputs, _, final = ctx.saved_tensors
        parts, slots, diagonals, lanes, words, bounds, columns = ctx.residuals
        program, batch = parts.program, inputs.shape[0]
        dimension = 1 << program.n
        of_slots = np.zeros((len(bounds) - 1, slots.shape[1]), slots.dtype)
        of_weights = weights.new_zeros(weights.shape[0])
        of_inputs = inputs.new_zeros(batch * columns, inputs.shape[1])
        n_starts = batch if ctx.needs_input_grad[3] else 0
        of_start = weights.new_empty(n_starts, dimension, columns, 2)
        ends: tuple[_Array | None, _Array | None] = None, None
        of_values = None
        if final is None:
            of_values = _array(gradient)
        else:
            ends = _pairs(final), _pairs(gradient)
        entries, of_entries, of_starts = _array(inputs), of_inputs.numpy(), of_start.numpy()

        def run(i: int, j: int) -> None:
            passes.adjoint(
                *parts, slots, diagonals, entries, columns, *ends, lanes, words, of_values,
                of_starts, of_slots[i:j], of_entries, bounds[i : j + 1],
            )  # fmt: skip

        on_threads(run, len(bounds) - 1, 2 * batch * columns * dimension * len(program.stages))
        gather(program, of_slots, of_weights.numpy())
        if columns > 1:
            of_inputs = of_inputs.view(batch, columns, -1).sum(1)
        return of_weights, of_inputs, torch.view_as_complex(of_start) if n_starts else None


@lru_cache(maxsize=1)
def _announce() -> None:
    announce(passes.forward, passes.adjoint)


@lru_cache(maxsize=16)
def _absent(axes: int, real: np.dtype[Any]) -> _Array:
    """An empty array, in place of one that is not asked for."""
    return np.empty((0,) * axes, real)


def _array(reals: Tensor) -> _Array:
    return reals.detach().contiguous().numpy()


def _pairs(state: Tensor) -> _Array:
    """The real and imaginary parts of ``(B, 2**n, r)``, as ``(B, 2**n, r, 2)``."""
    return torch.view_as_real(state.detach().resolve_conj().contiguous()).numpy()
