"""The first call of a circuit on a device is checked: are its batch and its gradient right?

Where PennyLane loses a gradient it says nothing. So the derivative along a random direction is
compared with central differences of values that are computed sample by sample, without a gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from qgan.engines.pennylane.joint import Piece
from qgan.engines.pennylane.request import Request
from qgan.engines.weak import WeakNotes

__all__ = ["CircuitNotes", "find_fault", "first_samples", "same_for_each"]

SAMPLES = 2  # so many samples are checked, since two are a batch
STEP = 1e-4
SPREAD = 0.3  # standard deviation, in radians, of the distance from the angles of the call
TOLERANCE = 1e-4

Values = Callable[[Request], Tensor]
"""The values ``(B, K)`` of the words of a request."""


class CircuitNotes:
    """What has been found out about each circuit, alone or joined to another, while it lives."""

    def __init__(self) -> None:
        self._notes: WeakNotes[WeakNotes[dict[Any, bool]]] = WeakNotes()

    def of(self, pieces: Sequence[Piece]) -> dict[Any, bool]:
        """The notes on an execution; they are not kept for a circuit without weak references."""
        first, last = pieces[0].circuit, pieces[-1].circuit
        joined = self._notes.get(first)
        if joined is None:
            joined = self._notes.set(first, WeakNotes())
        notes = joined.get(last)
        return joined.set(last, {}) if notes is None else notes


def same_for_each(operations: Sequence[Any], samples: Mapping[int, Sequence[Any]]) -> bool:
    """Whether the operations of a batch are those of its samples, angle by angle.

    Some templates take the axis of a batch for something else.

    Args:
        operations: the operations of the batch.
        samples: the operations of some samples, by their places in the batch.
    """
    for place, rows in samples.items():
        if [(op.name, op.wires) for op in operations] != [(op.name, op.wires) for op in rows]:
            return False
        for operation, row in zip(operations, rows, strict=True):
            for of_batch, of_sample in zip(operation.data, row.data, strict=True):
                shape, own = qml.math.shape(of_batch), qml.math.shape(of_sample)
                if shape != own and isinstance(operation, qml.operation.Channel):
                    return False  # PennyLane's channels take one strength
                entry = of_batch if shape == own else of_batch[place]
                if qml.math.shape(entry) != own or not qml.math.allclose(entry, of_sample):
                    return False
    return True


def first_samples(request: Request) -> Request:
    """The samples of a request that are checked, on the CPU and without a gradient."""
    few = request.samples(slice(SAMPLES))
    vectors = None if few.vectors is None else few.vectors.detach().cpu()
    return replace(few.at([entry.detach().double().cpu() for entry in few.angles]), vectors=vectors)


def find_fault(request: Request, values: Values, reference: Values) -> str | None:
    """What a device gets wrong, and for which operations; None where it is right.

    With v a random direction of all angles and f a random combination of the values, it compares
    ``v . grad f``, by the device's own gradient, with ``(f(a + h v) - f(a - h v)) / 2h``. Where
    they differ, bisection finds the last of the operations concerned, then the first.

    Args:
        request: some samples, whose words are read.
        values: the values as the device gives them, for the batch and with their gradient.
        reference: the values sample by sample, without a gradient.
    """
    rng = torch.Generator().manual_seed(0)
    shifts, direction = (
        [torch.randn(entry.shape, generator=rng, dtype=torch.float64) for entry in request.angles]
        for _ in range(2)
    )
    for spread in (SPREAD, 0.0):  # some circuits are defined near the angles of the call only
        point = request.at(_moved(request.angles, shifts, spread))
        if reference(point).isfinite().all():
            break
    else:
        return None

    def fault(start: int, stop: int) -> str | None:
        return _fault(replace(point, window=(start, stop)), direction, values, reference)

    operations = point.samples(0).queued()
    reason = fault(0, len(operations))
    if reason is None or _stops_gradients(point, direction):
        return None
    stop = _least(lambda k: fault(0, k) is not None, 1, len(operations))
    start = -_least(lambda k: fault(-k, stop) is not None, 1 - stop, 0)
    names = [f"{part.name} on wires {list(part.wires)}" for part in operations[start:stop]]
    place = names[0] if len(names) == 1 else f"from {names[0]} to {names[-1]}"
    return f"{fault(start, stop) or reason}, {place}"


def _fault(
    request: Request, direction: list[Tensor], values: Values, reference: Values
) -> str | None:
    """What is wrong with the values or the derivative of a request, or None."""
    expected = reference(request)
    leaves = [entry.clone().requires_grad_() for entry in request.angles]
    read = values(request.at(leaves))
    if _differ(read.detach(), expected):
        return "its values for a batch are not those of the samples one by one"
    rng = torch.Generator().manual_seed(1)
    mix = torch.randn(expected.shape, generator=rng, dtype=torch.float64)
    derivative = _by_differences(
        lambda angles: (reference(request.at(angles)) * mix).sum(), request.angles, direction
    )
    slope = _by_autograd((read * mix).sum(), leaves, direction)
    if _differ(slope, derivative):
        return f"its derivative is {float(slope):.4g} where it must be {float(derivative):.4g}"
    return None


def _stops_gradients(request: Request, direction: list[Tensor]) -> bool:
    """Whether the circuit itself computes angles whose derivative is not what autograd says.

    A user may detach an angle on purpose, or round it to half precision: no device is to blame.
    """
    rng = torch.Generator()

    def mixed(angles: Sequence[Tensor]) -> Tensor:
        numbers = [
            torch.as_tensor(number).to(torch.complex128).flatten()
            for operation in request.at(angles).queued()
            for number in operation.data
        ]
        joined = torch.cat([torch.zeros(1, dtype=torch.complex128), *numbers])
        weights = torch.randn(joined.shape, generator=rng.manual_seed(2), dtype=torch.float64)
        return (weights * (joined.real + 0.7 * joined.imag)).sum()

    leaves = [entry.clone().requires_grad_() for entry in request.angles]
    derivative = _by_differences(mixed, request.angles, direction)
    return _differ(_by_autograd(mixed(leaves), leaves, direction), derivative)


def _by_autograd(value: Tensor, leaves: list[Tensor], direction: list[Tensor]) -> Tensor:
    """The derivative of a value along a direction; 0 for a value without a graph."""
    slope = torch.zeros((), dtype=torch.float64)
    if value.requires_grad:
        slopes = torch.autograd.grad(value, leaves, allow_unused=True)
        for part, unit in zip(slopes, direction, strict=True):
            slope += 0.0 if part is None else (part * unit).sum()
    return slope


def _by_differences(
    function: Callable[[Sequence[Tensor]], Tensor],
    angles: Sequence[Tensor],
    direction: list[Tensor],
) -> Tensor:
    """The derivative of a function of all angles along a direction, by central differences."""
    step = STEP / math.sqrt(max(1, sum(entry.numel() for entry in angles)))
    above, below = (function(_moved(angles, direction, sign * step)) for sign in (1, -1))
    return ((above - below) / (2 * step)).detach()


def _differ(read: Tensor, expected: Tensor) -> bool:
    return not bool(((read - expected).abs() <= TOLERANCE * (1 + expected.abs())).all())


def _moved(point: Sequence[Tensor], direction: list[Tensor], distance: float) -> list[Tensor]:
    return [entry + distance * part for entry, part in zip(point, direction, strict=True)]


def _least(holds: Callable[[int], bool], least: int, most: int) -> int:
    """The least number from which on a condition holds, which holds for the most."""
    while least < most:
        middle = (least + most) // 2
        if holds(middle):
            most = middle
        else:
            least = middle + 1
    return least
