"""Recorded passes, with a recorder that writes over its buffers as a CUDA graph does."""

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
from qgan.engines.batched.tensors import propagate as module
from qgan.engines.batched.tensors.recorded import CALLS_BEFORE, Graph, Recorded, recorded
from qgan.errors import QganWarning
from qgan.states import States

PLAIN = BatchedEngine("double", compiled=False)
WORDS = ["ZII", "XYI"]


def again(work: Callable[[], tuple[Tensor | None, ...]], pool: Any) -> Graph:
    """Does the work anew at each replay, into the buffers of the first time."""
    kept = work()

    def replay() -> None:
        for buffer, new in zip(kept, work(), strict=True):
            if buffer is not None and new is not None:
                buffer.copy_(new)

    return Graph(kept, replay, None)


@pytest.fixture
def graphs(monkeypatch: pytest.MonkeyPatch) -> list[Recorded]:
    """Every pass is recorded; those that were."""
    made: list[Recorded] = []

    def always(plan: Any, given: Any, needs: Any, make: Any) -> Recorded | None:
        found = recorded(plan, given, needs, make, again)
        if found is not None and found not in made:
            made.append(found)
        return found

    monkeypatch.setattr(module, "recorded", always)
    return made


def slopes(circuit: Any, seed: int, source: States | None = None) -> list[Tensor]:
    leaves = [angle.requires_grad_() for angle in draw_angles(circuit, 3, seed)]
    words = [word + "I" * (circuit.registers.n_wires - 3) for word in WORDS]
    values = PLAIN.expval(circuit, *leaves, words, source)
    grads = torch.autograd.grad(values.square().sum(), leaves, allow_unused=True)
    return [values.detach(), *(g for g in grads if g is not None)]


@pytest.mark.parametrize("build", [reuploading, register, reader])
def test_replays_give_what_passes_give(
    build: Callable[[], Any], graphs: list[Recorded], monkeypatch: pytest.MonkeyPatch
) -> None:
    circuit = build()
    found = [slopes(circuit, seed) for seed in range(5)]
    assert len(graphs) == 1
    monkeypatch.undo()
    for seed, kept in enumerate(found):
        for ours, theirs in zip(kept, slopes(circuit, seed), strict=True):
            assert_close(ours, theirs, **EXACT)


def test_two_passes_before_either_goes_back(graphs: list[Recorded]) -> None:
    """The second writes over the tape of the first, which is then run again."""
    circuit = reader()
    for seed in range(CALLS_BEFORE + 1):
        slopes(circuit, seed, random_states(3, 2, 1))
    assert len(graphs) == 1

    def values(seed: int) -> tuple[Tensor, list[Tensor]]:
        leaves = [angle.requires_grad_() for angle in draw_angles(circuit, 3, seed)]
        source = random_states(3, 2, 1)
        return PLAIN.expval(circuit, *leaves, WORDS, source).square().sum(), leaves

    (first, mine), (second, others) = values(11), values(12)
    together = [torch.autograd.grad(second, others), torch.autograd.grad(first, mine)]
    for seed, found in zip((12, 11), together, strict=True):
        value, leaves = values(seed)
        assert_close(found, torch.autograd.grad(value, leaves), **EXACT)


def test_what_is_returned_is_not_written_over(graphs: list[Recorded]) -> None:
    circuit = reuploading()
    states = [PLAIN.run(circuit, *draw_angles(circuit, 2, seed)).factor for seed in range(5)]
    kept = [factor.clone() for factor in states]
    PLAIN.run(circuit, *draw_angles(circuit, 2, 9))
    assert len(graphs) == 1
    assert all(torch.equal(a, b) for a, b in zip(states, kept, strict=True))


def test_what_cannot_be_recorded_runs_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(work: Any, pool: Any) -> Graph:
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(module, "recorded", lambda *given: recorded(*given, fails))
    circuit = reuploading()
    expected = slopes(circuit, 4)
    slopes(circuit, 4)
    with pytest.warns(QganWarning, match="could not be recorded as a CUDA graph"):
        found = slopes(circuit, 4)
    assert_close(found, expected, **EXACT)
    assert_close(slopes(circuit, 4), expected, **EXACT)  # and says so once


def test_nothing_is_recorded_on_a_cpu_or_if_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    from qgan.engines.batched.tensors import recorded as home

    circuit = reuploading()
    for _ in range(4):
        slopes(circuit, 0)
    monkeypatch.setattr(home, "MOST_CAPTURED", 1)
    monkeypatch.setattr(module, "recorded", lambda *given: recorded(*given, again))
    for _ in range(4):
        slopes(circuit, 0)
    from qgan.engines.batched.engine import segments_of

    assert not any("graphs" in key for segment in segments_of(circuit) for key in segment.kept)
