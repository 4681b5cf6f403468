"""Passes as CUDA graphs: launching hundreds of small kernels costs more than they do.

A graph reads and writes buffers of its own, which its next replay writes over. So what is returned
is a copy, and a backward pass whose tape another forward pass has written over since runs its own
forward pass again first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from qgan import errors
from qgan.engines.batched.plan import Plan
from qgan.engines.batched.torch_ops.passes import Arguments, Pass

__all__ = ["CALLS_BEFORE", "Capture", "Graph", "GraphPass", "Work", "capture_on_cuda", "graph_pass"]

CALLS_BEFORE = 2  # of the same shapes, before a pass is captured
MOST_GRAPHS = 8  # of one plan
MOST_CAPTURED = 2**24  # amplitudes times stages: larger passes do not wait for launches


class Graph(NamedTuple):
    """Work that was captured: its results, in buffers that every replay writes to again."""

    results: tuple[Tensor | None, ...]
    replay: Callable[[], None]
    pool: Any


Work = Callable[[], tuple[Tensor | None, ...]]
Capture = Callable[[Work, Any], Graph]


def capture_on_cuda(work: Work, pool: Any) -> Graph:
    """Capture work on CUDA, in the memory pool of another graph if there is one."""
    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(2):  # tables are made and libraries start before anything is captured
            work()
    torch.cuda.current_stream().wait_stream(beside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, pool=pool):
        results = work()
    return Graph(results, graph.replay, graph.pool())


class GraphPass:
    """A pass and its adjoint as two graphs.

    Args:
        plan: the plan.
        arguments: an example of weights, inputs and start.
        needs: which of them need gradients.
        capture: captures work.
    """

    def __init__(
        self,
        plan: Plan,
        arguments: Arguments,
        needs: Sequence[bool],
        capture: Capture = capture_on_cuda,
    ) -> None:
        weights, inputs, start = (None if x is None else x.detach().clone() for x in arguments)
        assert weights is not None and inputs is not None
        self._buffers: Arguments = (weights, inputs, start)
        self._owner: object = None
        self._pass: Pass | None = None

        def forward() -> tuple[Tensor | None, ...]:
            self._pass = Pass(plan, self._buffers, low_memory=False, keeps=any(needs))
            return (self._pass.final,)

        self._forward = capture(forward, None)
        (final,) = self._forward.results
        assert final is not None
        self._final = final
        self._gradient = torch.zeros_like(final)

        def adjoint() -> tuple[Tensor | None, ...]:
            assert self._pass is not None
            last = self._final if self._pass.takes_back else None
            return self._pass.adjoint(self._gradient, last, needs)

        self._adjoint = capture(adjoint, self._forward.pool) if any(needs) else None

    def forward(self, owner: object, arguments: Arguments) -> Tensor:
        """The final states of the pass of an owner."""
        self._run(owner, arguments)
        return self._final.clone()

    def adjoint(
        self, owner: object, arguments: Arguments, gradient: Tensor
    ) -> tuple[Tensor | None, ...]:
        """The gradients of the pass of the same owner."""
        assert self._adjoint is not None
        if self._owner is not owner:
            self._run(owner, arguments)
        self._gradient.copy_(gradient)
        self._adjoint.replay()
        return tuple(None if x is None else x.clone() for x in self._adjoint.results)

    def _run(self, owner: object, arguments: Arguments) -> None:
        for buffer, argument in zip(self._buffers, arguments, strict=True):
            if buffer is not None and argument is not None:
                buffer.copy_(argument)
        self._forward.replay()
        self._owner = owner


def graph_pass(
    plan: Plan, arguments: Arguments, needs: Sequence[bool], capture: Capture | None = None
) -> GraphPass | None:
    """The graphs of a pass of these shapes; None off CUDA, before it repeats, or where it is large.

    Args:
        plan: the plan.
        arguments: weights, inputs and start.
        needs: which of them need gradients.
        capture: captures work; None captures CUDA graphs, and only on CUDA.
    """
    weights, inputs, start = arguments
    if capture is None and weights.device.type != "cuda":
        return None
    columns = 1 if start is None else start.shape[2]
    if len(inputs) * columns * len(plan.stages) << plan.n_wires > MOST_CAPTURED:
        return None
    graphs: dict[Any, GraphPass | int | None] = plan.cache.setdefault(("graphs",), {})
    key = (len(inputs), columns, start is None, weights.dtype, weights.device, tuple(needs))
    graph = graphs.setdefault(key, 0)  # calls so far, until there is a graph
    if isinstance(graph, int) and graph < CALLS_BEFORE:
        graphs[key] = graph + 1
        return None
    if isinstance(graph, int):
        if sum(isinstance(other, GraphPass) for other in graphs.values()) >= MOST_GRAPHS:
            return None
        try:
            with torch.no_grad():
                graph = GraphPass(plan, arguments, needs, capture or capture_on_cuda)
        except RuntimeError as error:  # what cannot be captured runs as before
            errors.warn(f"A pass could not be captured as a CUDA graph and runs without: {error}")
            graph = None
        graphs[key] = graph
    return graph
