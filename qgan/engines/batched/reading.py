"""Numbers read off states that are there already: by compiled loops, or by operations of torch.

Compiled loops read on a CPU, in single and in double precision. On other devices, and wherever a
gradient is to be differentiated again, torch computes the same formula.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Complex, Float
from numpy.typing import NDArray
from torch import Tensor

from qgan import pauli
from qgan.engines.batched.numba_loops.chunks import on_threads, serves, split_lanes

__all__ = ["entries_of", "values_of_words"]


def values_of_words(factor: Complex[Tensor, "B D r"], words: Sequence[str]) -> Float[Tensor, "B K"]:
    """Expectation values ``Tr[P_k A A^dagger]`` of Pauli words (see :func:`qgan.pauli.expval`).

    Args:
        factor: states as factors ``A``.
        words: Pauli words of length ``log2 D``.

    Returns:
        Real values ``(B, K)``.

    Raises:
        QganError: for words of another length or with other letters.

    Example:
        >>> plus = torch.full((1, 2, 1), 0.5**0.5, dtype=torch.complex128)
        >>> values_of_words(plus, ["X", "Z"]).round().tolist()
        [[1.0, 0.0]]
    """
    n_qubits, columns = factor.shape[1].bit_length() - 1, factor.shape[2]
    # Words of Z need the probabilities only, and torch sums these over columns before it reads.
    only_z = columns > 1 and not set("".join(words)) & {"X", "Y"}
    if not words or only_z or not (_compiles(factor) and serves(n_qubits, len(factor))):
        return pauli.expval(factor, words)
    pauli.check_words(words, n_qubits)
    values: Tensor = _Values.apply(factor, tuple(words))
    return values


def entries_of(
    source: Complex[Tensor, "B D c"], formula: Callable[[Tensor], Tensor]
) -> Float[Tensor, "B K"]:
    """The diagonal of density matrices, then sqrt(2) times the parts above it: ``K = D**2``.

    They stand in the order of :class:`qgan.views.DensityView`.

    Args:
        source: vectors ``(B, D, 1)`` of pure states, or density matrices ``(B, D, D)``.
        formula: computes the same numbers by operations of torch.
    """
    if not _compiles(source):
        return formula(source)
    numbers: Tensor = _Entries.apply(source, formula)
    return numbers


def _compiles(source: Tensor) -> bool:
    return source.device.type == "cpu" and source.dtype in (torch.complex64, torch.complex128)


class _Values(torch.autograd.Function):
    """Expectation values of words by compiled loops."""

    @staticmethod
    def forward(ctx: Any, factor: Tensor, words: tuple[str, ...]) -> Tensor:
        from qgan.engines.batched.numba_loops import reading  # imports numba
        from qgan.engines.batched.numba_loops.observables import words_of

        ctx.save_for_backward(factor)
        ctx.words = words
        batch, dimension, columns = factor.shape
        values = factor.new_empty(batch * columns, len(words), dtype=factor.dtype.to_real())
        pairs, bits, numbers = _pairs(factor), words_of(words), values.numpy()
        bounds = split_lanes(len(values), dimension)

        def run(i: int, j: int) -> None:
            reading.read_values(pairs, bits, numbers, bounds[i : j + 1])

        on_threads(run, len(bounds) - 1, len(values) * dimension * len(bits.flips))
        return values if columns == 1 else values.view(batch, columns, -1).sum(1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (factor,), words = ctx.saved_tensors, ctx.words
        if torch.is_grad_enabled():
            return _in_torch(lambda a: pauli.expval(a, words), factor, gradient), None
        from qgan.engines.batched.numba_loops import reading
        from qgan.engines.batched.numba_loops.observables import words_of

        of_factor = torch.empty_like(factor, memory_format=torch.contiguous_format)
        pairs, bits, slopes = _pairs(factor), words_of(words), gradient.contiguous().numpy()
        target, lanes = torch.view_as_real(of_factor).numpy(), factor.shape[0] * factor.shape[2]
        bounds = split_lanes(lanes, factor.shape[1])

        def run(i: int, j: int) -> None:
            reading.pull_values(pairs, bits, slopes, target, bounds[i : j + 1])

        on_threads(run, len(bounds) - 1, 2 * lanes * factor.shape[1] * len(bits.flips))
        return of_factor, None


class _Entries(torch.autograd.Function):
    """Entries of density matrices by compiled loops."""

    @staticmethod
    def forward(ctx: Any, source: Tensor, formula: Callable[[Tensor], Tensor]) -> Tensor:
        from qgan.engines.batched.numba_loops.reading import read_entries  # imports numba

        ctx.save_for_backward(source)
        ctx.formula = formula
        batch, dimension = source.shape[:2]
        entries = source.new_empty(batch, dimension**2, dtype=source.dtype.to_real())
        pairs, numbers = _pairs(source), entries.numpy()
        root, bounds = numbers.dtype.type(math.sqrt(2)), split_lanes(batch, dimension)

        def run(i: int, j: int) -> None:
            read_entries(pairs, root, numbers, bounds[i], bounds[j])

        on_threads(run, len(bounds) - 1, entries.numel())
        return entries

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (source,) = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _in_torch(ctx.formula, source, gradient), None
        from qgan.engines.batched.numba_loops.reading import pull_entries

        of_source = torch.empty_like(source, memory_format=torch.contiguous_format)
        pairs, slopes = _pairs(source), gradient.contiguous().numpy()
        target = torch.view_as_real(of_source).numpy()
        root, bounds = slopes.dtype.type(math.sqrt(2)), split_lanes(*source.shape[:2])

        def run(i: int, j: int) -> None:
            pull_entries(pairs, root, slopes, target, bounds[i], bounds[j])

        on_threads(run, len(bounds) - 1, gradient.numel())
        return of_source, None


def _in_torch(formula: Callable[[Tensor], Tensor], source: Tensor, gradient: Tensor) -> Tensor:
    """The gradient of a source as a function of source and gradient, to be differentiated again."""
    return torch.autograd.grad(formula(source), source, gradient, create_graph=True)[0]


def _pairs(source: Tensor) -> NDArray[Any]:
    """The real and imaginary parts of a complex tensor on a last axis of their own."""
    return torch.view_as_real(source.detach().resolve_conj().contiguous()).numpy()
