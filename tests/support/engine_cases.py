"""The engines under the contract: a new engine joins by adding a line to ``ENGINES``."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from small_circuits import central_differences
from tolerances import EIGENVECTORS, EXACT, FINITE_DIFFERENCE, LIGHTNING, LIGHTNING_GRADIENT
from torch import Tensor
from torch.testing import assert_close

from qgan.engines.base import Engine
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine


class Case(NamedTuple):
    """An engine under the contract, and how near it must come."""

    make: Callable[[], Engine]
    gives_states: bool
    value: dict[str, float] = EXACT
    gradient: dict[str, float] = FINITE_DIFFERENCE


def pennylane(device: str, method: str) -> Callable[[], Engine]:
    return lambda: PennyLaneEngine(device, method)


ENGINES = {
    "batched": Case(lambda: BatchedEngine(precision="double"), True),
    "batched in torch": Case(lambda: BatchedEngine(precision="double", compiled=False), True),
    "default.qubit": Case(pennylane("default.qubit", "backprop"), True),
    "default.mixed": Case(pennylane("default.mixed", "backprop"), True, EIGENVECTORS, EIGENVECTORS),
    "adjoint": Case(pennylane("lightning.qubit", "adjoint"), False, LIGHTNING, LIGHTNING_GRADIENT),
    "parameter-shift": Case(
        pennylane("lightning.qubit", "parameter-shift"), False, LIGHTNING, LIGHTNING_GRADIENT
    ),
}

each_engine = pytest.mark.parametrize("case", ENGINES.values(), ids=ENGINES)
each_with_states = pytest.mark.parametrize(
    "case",
    [case for case in ENGINES.values() if case.gives_states],
    ids=[name for name, case in ENGINES.items() if case.gives_states],
)

EXPECTED: dict[str, list[Tensor]] = {}
"""Central differences by problem: they are the same for every engine."""


def check_gradients(
    case: Case,
    problem: str,
    values: Callable[..., Tensor],
    referee: Callable[..., Tensor],
    arguments: tuple[Tensor, ...],
) -> None:
    """Compare the gradients of a fixed random combination of all values."""
    leaves = [argument.clone().requires_grad_() for argument in arguments]
    read = values(*leaves)
    generator = torch.Generator().manual_seed(7)
    mix = torch.randn(read.shape, dtype=torch.float64, generator=generator)
    (read * mix).sum().backward()
    if problem not in EXPECTED:
        EXPECTED[problem] = central_differences(
            lambda *entries: (referee(*entries) * mix).sum(), arguments
        )
    for leaf, gradient in zip(leaves, EXPECTED[problem], strict=True):
        found = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        assert_close(found, gradient, **case.gradient)
