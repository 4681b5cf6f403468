"""Tensors that know how they depend on the angles of a circuit, entry by entry.

A circuit that is called with such tensors does to them what it would do to numbers. Operations that
are affine (sums, products with constants, indexing, stacking) are carried out on the coefficients.
After any other operation the tensor remembers its name: the angle is then not affine, whatever its
values are. No value can be read, so nothing else can depend on one either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from qgan import errors

__all__ = ["AffineTensor", "NotTraceableError", "affine_vector"]

LINEAR = {
    "_conj", "_neg_view", "_reshape_alias", "_to_copy", "_unsafe_view", "alias", "clone",
    "constant_pad_nd", "cumsum", "diag_embed", "diagonal", "expand", "flip", "gather", "index",
    "index_select", "lift_fresh", "mean", "neg", "permute", "repeat", "roll", "select", "slice",
    "split", "split_with_sizes", "squeeze", "sum", "t", "trace", "transpose", "tril", "triu",
    "unbind", "unfold", "unsqueeze", "view", "view_as_complex", "view_as_real",
}  # fmt: skip
"""Operations that are linear in their one tensor of numbers, whatever its values are."""

SUMMANDS = {
    **dict.fromkeys(("add", "sub", "rsub", "complex"), (0, 1)),
    **dict.fromkeys(("stack", "cat"), (0,)),
    "where": (1, 2),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), (0,)),
}
"""Operations that add or join, by the places of their summands; the last three add a product."""

PRODUCTS = {
    **dict.fromkeys(("mul", "mm", "mv", "bmm", "dot", "vdot"), 0),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), 1),
}
"""Operations that are linear in each of two factors, by the place of the first factor."""

SHAPE_ONLY = {
    "zeros_like", "ones_like", "full_like", "empty_like", "new_zeros", "new_ones", "new_full",
    "new_empty",
}  # fmt: skip
"""Operations that take nothing but shape and dtype from their tensor."""

READS = {
    "_local_scalar_dense", "is_nonzero", "equal", "item", "nonzero", "masked_select",
    "unique_dim", "_unique", "_unique2", "unique_consecutive", "bincount", "repeat_interleave",
    "argwhere",
}  # fmt: skip
"""Operations by which a value, or a shape that depends on values, gets out of a tensor."""


class NotTraceableError(errors.QganError):
    """Something was done to an angle that cannot be followed while a circuit is traced.

    Args:
        what: what was done, as "reads the value of an angle (item)".
    """

    def __init__(self, what: str) -> None:
        super().__init__(f"Angle: what {what} cannot be traced.")
        self.what = what


class AffineTensor(Tensor):
    """A tensor whose entries are affine functions of unknowns: ``c + sum_k a_k x_k``.

    Args:
        parts: ``(n + 1, *shape)``: the constants c, then the coefficients of each unknown.
        bent_by: name of the first operation that was not affine; the parts then say nothing but
            the shape.

    Attributes:
        parts: the argument.
        bent_by: the argument; None for an affine tensor.
    """

    parts: Tensor
    bent_by: str | None

    @staticmethod
    def __new__(cls, parts: Tensor, bent_by: str | None = None) -> AffineTensor:
        """A tensor without memory of its own."""
        tensor: Any = torch.Tensor._make_wrapper_subclass(
            cls, parts.shape[1:], dtype=parts.dtype, device=parts.device
        )
        tensor.parts, tensor.bent_by = parts, bent_by
        return tensor  # type: ignore[no-any-return]

    @property
    def requires_grad(self) -> bool:  # type: ignore[override]
        """True: PennyLane takes no short cut with an angle that is trained."""
        return True

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """What an operation of torch makes of affine tensors and constants."""
        name = func.overloadpacket.__name__
        kwargs = dict(kwargs or {})
        operands = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, cls)]
        # Below it there is no vmap, and conjugations that torch has put off would be lost.
        with torch.overrides.enable_reentrant_dispatch():
            constant = _filled(func, args, kwargs, [operand.parts[0] for operand in operands])
            if name in SHAPE_ONLY:
                return constant
            if name in READS or _by_mask(operands, name) or not _is_tensors(constant):
                raise _read(name)
            if func._schema.is_mutable:
                raise NotTraceableError(f"writes an angle into a tensor ({name})")
            bent_by = next((operand.bent_by for operand in operands if operand.bent_by), None)
            bent_by = bent_by or (None if _is_affine(name, args, kwargs) else name)
            if bent_by is not None:
                return pytree.tree_map(lambda t: cls(t.unsqueeze(0), bent_by), constant)
            sloped = _slope_arguments(name, args)
            slopes = torch.vmap(lambda *parts: _filled(func, sloped, kwargs, parts))(
                *(operand.parts[1:] for operand in operands)
            )
            return pytree.tree_map(
                lambda c, s: cls(torch.cat([c.unsqueeze(0), s])), constant, slopes
            )

    def numpy(self, *, force: bool = False) -> Any:
        """Refuse: an angle has no value while a circuit is traced."""
        raise _read("numpy")

    def tolist(self) -> Any:
        """Refuse: an angle has no value while a circuit is traced."""
        raise _read("tolist")

    def __matmul__(self, other: Any) -> Tensor:
        """A vector times a matrix; torch would make it from a matrix, in place."""
        if self.ndim == 1 and other.ndim == 2:
            return torch.matmul(other.mT, self)
        return torch.matmul(self, other)

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        return f"AffineTensor{tuple(self.shape)}"

    def __format__(self, format_spec: str) -> str:
        return repr(self)

    def __deepcopy__(self, memo: Any) -> AffineTensor:
        return self


# PennyLane finds the functions for a tensor by the module of its class.
AffineTensor.__module__ = "torch"


def affine_vector(n: int) -> Tensor:
    """The unknowns themselves: entry k is ``x_k``.

    Args:
        n: the number of unknowns; without any, the vector is an ordinary tensor.

    Returns:
        A tensor ``(n,)`` in double precision.

    Example:
        >>> x = affine_vector(2)
        >>> (2 * x[0] - x[1] + 0.5).parts.tolist()
        [0.5, 2.0, -1.0]
        >>> torch.sin(x[0]).bent_by
        'sin'
    """
    if n == 0:
        return torch.zeros(0, dtype=torch.float64)
    eye = torch.eye(n, dtype=torch.float64)
    return AffineTensor(torch.cat([torch.zeros_like(eye[:1]), eye]))


def _is_affine(name: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> bool:
    """Whether an operation is affine in its affine arguments, whatever their values are."""
    if name in LINEAR:
        dtype = kwargs.get("dtype")
        return dtype is None or dtype.is_floating_point or dtype.is_complex
    if name == "div":
        return kwargs.get("rounding_mode") is None and not isinstance(args[1], AffineTensor)
    if name in PRODUCTS:
        first = PRODUCTS[name]
        return sum(isinstance(arg, AffineTensor) for arg in args[first : first + 2]) <= 1
    return name in SUMMANDS


def _slope_arguments(name: str, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments with which coefficients are computed: what is constant in a sum is 0 there."""
    places = list(SUMMANDS.get(name, ()))
    first = PRODUCTS.get(name, 0)
    if first and not any(isinstance(arg, AffineTensor) for arg in args[first : first + 2]):
        places.append(first)  # the product is a constant
    sloped = [
        pytree.tree_map(_slope_of_constant, arg) if place in places else arg
        for place, arg in enumerate(args)
    ]
    if name == "constant_pad_nd":
        sloped[2:] = [0.0]
    return tuple(sloped)


def _filled(
    func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], parts: Sequence[Tensor]
) -> Any:
    """What an operation gives with ordinary tensors in the places of affine ones, in order."""
    leaves, tree = pytree.tree_flatten((args, kwargs))
    values = iter(parts)
    filled = [next(values) if isinstance(leaf, AffineTensor) else leaf for leaf in leaves]
    plain_args, plain_kwargs = pytree.tree_unflatten(filled, tree)
    result = func(*plain_args, **plain_kwargs)
    return pytree.tree_map_only(Tensor, lambda t: t.resolve_conj().resolve_neg(), result)


def _slope_of_constant(summand: Any) -> Any:
    """What stands for a summand where coefficients are computed: 0 for one that is constant."""
    if isinstance(summand, AffineTensor):
        return summand
    return torch.zeros_like(summand) if isinstance(summand, Tensor) else 0


def _by_mask(operands: list[AffineTensor], name: str) -> bool:
    """Whether a shape follows from values: indexing by a mask that was computed from angles."""
    return name == "index" and any(operand.dtype == torch.bool for operand in operands)


def _is_tensors(result: Any) -> bool:
    return all(isinstance(leaf, Tensor) for leaf in pytree.tree_leaves(result))


def _read(operation: str) -> NotTraceableError:
    return NotTraceableError(f"reads the value of an angle ({operation})")
