"""Passes as graphs, captured by what writes over its buffers as a CUDA graph does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from small_circuits import draw_angles, random_states, reader, register, reuploading
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from qgan.engines import BatchedEngine
from qgan.engines.batched.engine import segments_of
from qgan.engines.batched.torch_ops import graphs as home
from qgan.engines.batched.torch_ops import run as module
from qgan.engines.batched.torch_ops.graphs import CALLS_BEFORE, Graph, GraphPass, graph_pass
from qgan.errors import QganWarning
from qgan.states import States

PLAIN = BatchedEngine("double", compiled=False)
WORDS = ["ZII", "XYI"]


def again(work: Callable[[], tuple[Tensor | None, ...]], pool: Any) -> Graph:
    """Does the work anew at each replay, into the buffers of the first time."""
    buffers = work()

    def replay() -> None:
        for buffer, result in zip(buffers, work(), strict=True):
            if buffer is not None and result is not None:
                buffer.copy_(result)

    return Graph(buffers, replay, None)


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[GraphPass]:
    """The passes that were captured; on a CPU too."""
    captured: list[GraphPass] = []

    def always(plan: Any, arguments: Any, needs: Any) -> GraphPass | None:
        graph = graph_pass(plan, arguments, needs, again)
        if graph is not None and graph not in captured:
            captured.append(graph)
        return graph

    monkeypatch.setattr(module, "graph_pass", always)
    return captured


def slopes(circuit: Any, seed: int, source: States | None = None) -> list[Tensor]:
    leaves = [angle.requires_grad_() for angle in draw_angles(circuit, 3, seed)]
    words = [word + "I" * (circuit.registers.n_wires - 3) for word in WORDS]
    values = PLAIN.expval(circuit, *leaves, words, source)
    grads = torch.autograd.grad(values.square().sum(), leaves, allow_unused=True)
    return [values.detach(), *(g for g in grads if g is not None)]


@pytest.mark.parametrize("build", [reuploading, register, reader])
def test_replays_give_what_passes_give(
    build: Callable[[], Any], graphs: list[GraphPass], monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit = build()
    replays = [slopes(circuit, seed) for seed in range(5)]
    assert len(graphs) == 1
    monkeypatch.undo()
    for seed, replay in enumerate(replays):
        for ours, theirs in zip(replay, slopes(circuit, seed), strict=True):
            assert_close(ours, theirs, **EXACT)


def test_two_passes_before_either_goes_back(graphs: list[GraphPass]) -> None:
    """The second writes over the tape of the first, which is then run again."""
    circuit = reader()
    for seed in range(CALLS_BEFORE + 1):
        slopes(circuit, seed, random_states(3, 2, 1))
    assert len(graphs) == 1

    def values(seed: int) -> tuple[Tensor, list[Tensor]]:
        leaves = [angle.requires_grad_() for angle in draw_angles(circuit, 3, seed)]
        source = random_states(3, 2, 1)
        return PLAIN.expval(circuit, *leaves, WORDS, source).square().sum(), leaves

    first, second = values(11), values(12)
    together = [torch.autograd.grad(*value_and_leaves) for value_and_leaves in (second, first)]
    for seed, slope in zip((12, 11), together, strict=True):
        value, leaves = values(seed)
        assert_close(slope, torch.autograd.grad(value, leaves), **EXACT)


def test_what_is_returned_is_not_written_over(graphs: list[GraphPass]) -> None:
    circuit = reuploading()
    states = [PLAIN.run(circuit, *draw_angles(circuit, 2, seed)).factor for seed in range(5)]
    copies = [factor.clone() for factor in states]
    PLAIN.run(circuit, *draw_angles(circuit, 2, 9))
    assert len(graphs) == 1
    assert all(torch.equal(a, b) for a, b in zip(states, copies, strict=True))


def test_what_cannot_be_captured_runs_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(work: Any, pool: Any) -> Graph:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(module, "graph_pass", lambda *call: graph_pass(*call, fails))
    circuit = reuploading()
    expected = slopes(circuit, 4)
    slopes(circuit, 4)
    with pytest.warns(QganWarning, match="could not be captured as a CUDA graph"):
        without = slopes(circuit, 4)
    assert_close(without, expected, **EXACT)
    assert_close(slopes(circuit, 4), expected, **EXACT)  # and says so once


def test_nothing_is_captured_on_a_cpu_or_if_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = reuploading()
    for _ in range(4):
        slopes(circuit, 0)
    monkeypatch.setattr(home, "MOST_CAPTURED", 1)
    monkeypatch.setattr(module, "graph_pass", lambda *call: graph_pass(*call, again))
    for _ in range(4):
        slopes(circuit, 0)
    assert not any(segment.cache.get(("graphs",)) for segment in segments_of(circuit))
