"""Passes recorded as CUDA graphs: launching hundreds of small kernels costs more than they do.

A graph reads and writes buffers of its own, which its next replay writes over. So what is returned
is a copy, and a backward pass whose tape another forward pass has written over since runs its own
forward pass again first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from qgan import errors
from qgan.engines.batched.plan import Plan

CALLS_BEFORE = 2  # of the same shapes, before a pass is recorded
MOST_GRAPHS = 8  # of one plan
MOST_CAPTURED = 2**24  # amplitudes times stages: larger passes do not wait for launches

Given = tuple[Tensor, Tensor, Tensor | None]


class Made(Protocol):
    """A pass (:class:`qgan.engines.batched.tensors.propagate.Pass`)."""

    final: Tensor
    led_back: bool

    def adjoint(
        self, gradient: Tensor, final: Tensor | None, needs: Sequence[bool]
    ) -> tuple[Tensor | None, ...]:
        """Gradients of weights, inputs and start."""


class Graph(NamedTuple):
    """Recorded work: what it gave, in buffers that every replay writes to again."""

    result: tuple[Tensor | None, ...]
    replay: Callable[[], None]
    pool: Any


Record = Callable[[Callable[[], tuple[Tensor | None, ...]], Any], Graph]


def cuda_graph(work: Callable[[], tuple[Tensor | None, ...]], pool: Any) -> Graph:
    """Record work on CUDA, in the memory pool of another graph if there is one."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(2):  # tables are made and libraries start before anything is recorded
            work()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        result = work()
    return Graph(result, graph.replay, graph.pool())


class Recorded:
    """A pass and its adjoint as two graphs.

    Args:
        make: makes a pass of weights, inputs and start.
        given: an example of them.
        needs: which of them need gradients.
        record: records work.
    """

    def __init__(
        self,
        make: Callable[[Given], Made],
        given: Given,
        needs: Sequence[bool],
        record: Record = cuda_graph,
    ) -> None:
        weights, inputs, start = (None if x is None else x.detach().clone() for x in given)
        assert weights is not None and inputs is not None
        self._held: Given = (weights, inputs, start)
        self._owner: object = None
        self._made: Made | None = None

        def forward() -> tuple[Tensor | None, ...]:
            self._made = make(self._held)
            return (self._made.final,)

        self._forward = record(forward, None)
        (final,) = self._forward.result
        assert final is not None
        self._final = final
        self._gradient = torch.zeros_like(final)

        def adjoint() -> tuple[Tensor | None, ...]:
            assert self._made is not None
            last = self._final if self._made.led_back else None
            return self._made.adjoint(self._gradient, last, needs)

        self._adjoint = record(adjoint, self._forward.pool) if any(needs) else None

    def forward(self, owner: object, given: Given) -> Tensor:
        """The final states of an owner's pass."""
        self._run(owner, given)
        return self._final.clone()

    def adjoint(self, owner: object, given: Given, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """The gradients of the same owner's pass."""
        assert self._adjoint is not None
        if self._owner is not owner:
            self._run(owner, given)
        self._gradient.copy_(gradient)
        self._adjoint.replay()
        return tuple(None if x is None else x.clone() for x in self._adjoint.result)

    def _run(self, owner: object, given: Given) -> None:
        for held, new in zip(self._held, given, strict=True):
            if held is not None and new is not None:
                held.copy_(new)
        self._forward.replay()
        self._owner = owner


def recorded(
    plan: Plan,
    given: Given,
    needs: Sequence[bool],
    make: Callable[..., Made],
    record: Record | None = None,
) -> Recorded | None:
    """The graphs of a pass of these shapes; None off CUDA, before it repeats, or where it is large.

    Args:
        plan: the plan.
        given: weights, inputs and start.
        needs: which of them need gradients.
        make: ``make(plan, given, low_memory, keeps)`` makes a pass.
        record: records work; None records CUDA graphs, and only on CUDA.
    """
    weights, inputs, start = given
    if record is None and weights.device.type != "cuda":
        return None
    columns = 1 if start is None else start.shape[2]
    if len(inputs) * columns * len(plan.stages) << plan.n_wires > MOST_CAPTURED:
        return None
    graphs: dict[Any, Recorded | int | None] = plan.kept.setdefault(("graphs",), {})
    key = (len(inputs), columns, start is None, weights.dtype, weights.device, tuple(needs))
    found = graphs.setdefault(key, 0)
    if isinstance(found, int) and found < CALLS_BEFORE:
        graphs[key] = found + 1
        return None
    if isinstance(found, int):
        if sum(isinstance(graph, Recorded) for graph in graphs.values()) >= MOST_GRAPHS:
            return None
        keeps = any(needs)
        try:
            with torch.no_grad():
                found = Recorded(
                    lambda held: make(plan, held, False, keeps), given, needs, record or cuda_graph
                )
        except RuntimeError as error:  # what cannot be recorded runs as before
            errors.warn(f"A pass could not be recorded as a CUDA graph and runs without: {error}")
            found = None
        graphs[key] = found
    return found
