"""The program of a plan in torch: a tuple of steps, which are chosen by what they cost."""

from __future__ import annotations

from qgan.engines.batched.plan import Plan, Stage
from qgan.engines.batched.torch_ops.blocks import CALL, MULTIPLY, PASS, shared_columns, shared_cost
from qgan.engines.batched.torch_ops.merged import MergedStep
from qgan.engines.batched.torch_ops.stages import ColumnsStep, ProductStep, StageStep, Step

__all__ = ["steps_of"]

MOST_MERGED_WIRES = 6  # of whole stages as single matrices, which have 4**n entries each


def steps_of(
    plan: Plan, batch: int, columns: int, from_zero: bool, merges: bool = True
) -> tuple[Step, ...]:
    """The steps of a plan; the first call chooses them.

    Args:
        plan: the plan.
        batch: B of the states.
        columns: r of the states.
        from_zero: whether the plan starts in ``|0..0>``.
        merges: whether stages may become single matrices.
    """
    key = ("steps", batch, columns, from_zero, merges)
    if key not in plan.cache:
        plan.cache[key] = _choose_steps(plan, batch, columns, from_zero, merges)
    steps: tuple[Step, ...] = plan.cache[key]
    return steps


def _choose_steps(
    plan: Plan, batch: int, columns: int, from_zero: bool, merges: bool
) -> tuple[Step, ...]:
    steps: list[Step] = []
    stages = list(plan.stages)
    if from_zero:
        while stages and stages[0].is_phase:
            stages.pop(0)  # a phase of |0..0> is a global one
        if stages and stages[0].turn is not None:
            steps.append(ProductStep(stages.pop(0)))
    while stages:
        count = next((i for i, stage in enumerate(stages) if not _mergeable(stage)), len(stages))
        n = plan.n_wires
        if (
            merges
            and count
            and _merged_cost(n, count, batch * columns) < count * _stage_cost(n, columns, batch)
        ):
            steps.append(MergedStep(tuple(stages[:count]), n, first=batch * columns > 2**n))
            stages = stages[count:]
        else:
            count = next((i for i, stage in enumerate(stages) if not stage.shared), len(stages))
            if count and shared_columns(n, columns, batch) != columns:
                steps.append(ColumnsStep(tuple(stages[:count])))
            else:
                steps.extend(StageStep(stage) for stage in stages[: max(1, count)])
            stages = stages[max(1, count) :]
    return tuple(steps)


def _mergeable(stage: Stage) -> bool:
    both = stage.turn is not None and stage.phase is not None
    return both and stage.shared


def _merged_cost(n_wires: int, count: int, columns: int) -> float:
    """The seconds that so many stages take as single matrices, estimated."""
    if n_wires > MOST_MERGED_WIRES:
        return float("inf")
    size: int = 2**n_wires
    first = columns > size
    product = 8 * size**2 * MULTIPLY
    each = CALL + product * min(columns, size) + size**2 * 10 * PASS
    return count * each + (CALL + product * columns if first else 0.0)


def _stage_cost(n_wires: int, columns: int, batch: int) -> float:
    """The seconds that a shared stage takes as a step of its own, estimated."""
    numbers: int = batch * columns * 2**n_wires
    turns = min(shared_cost(n_wires, columns, batch), shared_cost(n_wires, columns * batch, 1))
    return turns + 2 * CALL + numbers * 3 * PASS
