"""Propagation of a batch of states through a plan, and its adjoint."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qgan import errors
from qgan.engines.batched.plan import Plan, Step

# Keys of the tensors a plan needs: ("phase", shared, 0) and ("turn", shared, width).
Key = tuple[str, bool, int]


def tensors_of(plan: Plan, weights: Tensor, inputs: Tensor) -> dict[Key, Tensor]:
    """Phases (rows, B, 2**n) and turn matrices (rows, B, 2**k, 2**k); B is 1 where shared."""
    real = inputs.dtype
    zero = weights.new_zeros(1, 1, dtype=real)
    shared = _affine(weights.to(real).unsqueeze(0), plan.weight_table)
    stacks = {True: torch.cat([zero, shared], 1)}
    if plan.per_sample:
        rows = inputs.shape[0]
        sample = _affine(inputs, plan.input_table)
        stacks[False] = torch.cat([stacks[True].expand(rows, -1), sample], 1)
    result: dict[Key, Tensor] = {}
    for is_shared, table in plan.phases.items():
        if table is not None:
            angles = stacks[is_shared][:, table.index].transpose(0, 1)  # (rows, B, T)
            signs = table.signs.to(device=inputs.device, dtype=real)
            fixed = table.fixed.to(device=inputs.device, dtype=real)
            result["phase", is_shared, 0] = torch.baddbmm(fixed.unsqueeze(1), angles, signs)
    for (is_shared, width), index in plan.turns.items():
        angles = stacks[is_shared][:, index].sum(-1).transpose(0, 1)  # (rows, B, width)
        result["turn", is_shared, width] = _turn_matrices(angles)
    return result


def _affine(source: Tensor, table: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    entry, scale, shift = (t.to(source.device) for t in table)
    if source.shape[1] == 0:  # constants only
        return shift.to(source.dtype).expand(source.shape[0], -1)
    angles: Tensor = source[:, entry] * scale.to(source.dtype) + shift.to(source.dtype)
    return angles


def _turn_matrices(angles: Tensor) -> Tensor:
    """Tensor products of RY(a) = [[c, -s], [s, c]], ``(rows, B, 2**k, 2**k)``."""
    cos, sin = torch.cos(angles / 2), torch.sin(angles / 2)
    single = torch.stack([cos, -sin, sin, cos], -1).unflatten(-1, (2, 2))  # (rows, B, k, 2, 2)
    matrices = [single[:, :, wire] for wire in range(angles.shape[-1])]
    while len(matrices) > 1:  # pairwise, so that few large calls do the work
        paired = [_kron(*matrices[i : i + 2]) for i in range(0, len(matrices) - 1, 2)]
        matrices = paired + matrices[2 * len(paired) :]
    turned: Tensor = matrices[0]
    return turned


def _kron(a: Tensor, b: Tensor) -> Tensor:
    product = a[..., :, None, :, None] * b[..., None, :, None, :]
    size = a.shape[-1] * b.shape[-1]
    return product.reshape(*a.shape[:-2], size, size)


def propagate(plan: Plan, tensors: dict[Key, Tensor], start: Tensor) -> Tensor:
    """Apply the plan to ``start``, complex ``(B, 2**n, r)``; differentiable once."""
    keys = tuple(tensors)
    if not plan.steps:
        return start
    result: Tensor = _Propagate.apply(plan, keys, start, *tensors.values())
    return result


class _Propagate(torch.autograd.Function):
    """Forward keeps the state after each step; backward runs the adjoint through them."""

    @staticmethod
    def forward(
        ctx: Any, plan: Plan, keys: tuple[Key, ...], start: Tensor, *values: Tensor
    ) -> Tensor:
        tensors = dict(zip(keys, values, strict=True))
        factors = {
            key: torch.polar(torch.ones_like(v), v)
            for key, v in tensors.items()
            if key[0] == "phase"
        }
        keep = any(ctx.needs_input_grad)
        state, states = start, [start]
        for step in plan.steps:
            state = _apply(step, state, tensors, factors, adjoint=False)
            if keep:
                states.append(state)
        if keep:
            ctx.save_for_backward(*states, *values, *factors.values())
            ctx.layout = (plan, keys, len(states), tuple(factors))
        return state

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        with torch.no_grad():
            grads = _Propagate.adjoint(ctx, gradient)
        if not torch.is_grad_enabled():
            return grads
        # A graph of the gradients is being made: whoever follows it meets the refusal.
        _, keys, n_states, _ = ctx.layout
        start, values = ctx.saved_tensors[0], ctx.saved_tensors[n_states : n_states + len(keys)]
        return tuple(
            None if grad is None else _Refusal.apply(grad, gradient, start, *values)
            for grad in grads
        )

    @staticmethod
    def adjoint(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        plan, keys, n_states, factor_keys = ctx.layout
        saved = ctx.saved_tensors
        states, values = saved[:n_states], saved[n_states : n_states + len(keys)]
        tensors = dict(zip(keys, values, strict=True))
        factors = dict(zip(factor_keys, saved[n_states + len(keys) :], strict=True))
        rows: dict[Key, list[Tensor]] = {key: [None] * len(t) for key, t in tensors.items()}  # type: ignore[list-item]
        needs = dict(zip(keys, ctx.needs_input_grad[3:], strict=True))
        for position in range(len(plan.steps) - 1, -1, -1):
            step = plan.steps[position]
            key = _key(step)
            if step.kind == "phase" and needs[key]:
                rows[key][step.row] = _phase_gradient(step, gradient, states[position + 1])
            before = gradient
            gradient = _apply(step, gradient, tensors, factors, adjoint=True)
            if step.kind == "turn" and needs[key]:
                rows[key][step.row] = _turn_gradient(step, before, states[position])
        grads = [torch.stack(rows[key]) if needs[key] else None for key in keys]
        return (None, None, gradient if ctx.needs_input_grad[2] else None, *grads)


class _Refusal(torch.autograd.Function):
    """A gradient as a function of all it depends on, that raises when it is differentiated."""

    @staticmethod
    def forward(ctx: Any, grad: Tensor, *sources: Tensor) -> Tensor:
        return grad.view_as(grad)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        raise errors.unsupported(
            "Second derivative of a circuit",
            "the batched engine gives the first only",
            "use default.qubit with backprop, or a penalty in view space",
        )


def _key(step: Step) -> Key:
    return (step.kind, step.shared, len(step.wires) if step.kind == "turn" else 0)


def _apply(
    step: Step, state: Tensor, tensors: dict[Key, Tensor], factors: dict[Key, Tensor], adjoint: bool
) -> Tensor:
    if step.kind == "phase":
        factor = factors[_key(step)][step.row].unsqueeze(-1)
        return state * (factor.conj() if adjoint else factor)
    if step.kind == "turn":
        matrix = tensors[_key(step)][step.row]
        turned = torch.matmul((matrix.mT if adjoint else matrix).unsqueeze(1), _split(state, step))
        return torch.view_as_complex(turned.reshape(turned.shape[0], *state.shape[1:], 2))
    assert step.matrix is not None
    fixed = step.matrix.to(device=state.device, dtype=state.dtype)
    return apply_matrix(fixed.mH if adjoint else fixed, step.wires, state)


def _split(state: Tensor, step: Step) -> Tensor:
    """Real view (B, left, 2**k, right * 2) with the step's wires in the middle."""
    real = torch.view_as_real(state.resolve_conj().contiguous()).flatten(2)
    sizes = (2 ** step.wires[0], 2 ** len(step.wires), -1)
    split: Tensor = real.unflatten(1, sizes).flatten(3)
    return split


def _phase_gradient(step: Step, gradient: Tensor, after: Tensor) -> Tensor:
    """d/d phi of exp(i phi) psi: Im(g conj(psi_after)), summed over columns (and the batch)."""
    product = (gradient.imag * after.real - gradient.real * after.imag).sum(-1)
    return product.sum(0, keepdim=True) if step.shared else product


def _turn_gradient(step: Step, gradient: Tensor, before: Tensor) -> Tensor:
    g, psi = _split(gradient, step), _split(before, step)
    if step.shared:  # one product over batch, left and right together
        size = g.shape[2]
        return (g.movedim(2, 0).reshape(size, -1) @ psi.movedim(2, 0).reshape(size, -1).T)[None]
    return torch.matmul(g, psi.mT).sum(1)


def apply_matrix(matrix: Tensor, wires: tuple[int, ...], state: Tensor) -> Tensor:
    """Apply a matrix to any wires of ``state`` (B, 2**n, r)."""
    n = state.shape[1].bit_length() - 1
    rest = [q for q in range(n) if q not in wires]
    order = [0, *(w + 1 for w in wires), *(q + 1 for q in rest), n + 1]
    tensor = state.reshape(state.shape[0], *(2,) * n, state.shape[2]).permute(order)
    columns = 2 ** len(rest) * state.shape[2]
    moved = matrix @ tensor.reshape(state.shape[0], 2 ** len(wires), columns)
    back = torch.argsort(torch.tensor(order)).tolist()
    return moved.reshape(tensor.shape).permute(back).reshape(state.shape)
