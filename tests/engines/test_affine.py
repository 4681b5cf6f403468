"""Affine tensors: what stays affine has the right coefficients, what does not is known by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from qgan.engines.affine import AffineTensor, NotTraceableError, affine_vector

N = 6
CONSTANT = torch.linspace(-1, 2, N, dtype=torch.float64)
MATRIX = torch.outer(CONSTANT, CONSTANT + 1)

AFFINE: dict[str, Callable[[Tensor], Tensor]] = {
    "entry": lambda x: x[..., 3],
    "slice": lambda x: x[1:4],
    "sum with a number": lambda x: 2 * x - 0.3,
    "number minus": lambda x: 1.5 - x[2],
    "number of NumPy": lambda x: np.pi * x + np.float64(2),
    "quotient": lambda x: x / 3,
    "difference": lambda x: x[0] - x[1],
    "sum with a factor": lambda x: torch.add(x[0], x[1], alpha=2),
    "sum with a constant": lambda x: x + CONSTANT,
    "product with a constant": lambda x: x * CONSTANT,
    "matrix and vector": lambda x: MATRIX @ x,
    "vector and matrix": lambda x: x @ MATRIX,
    "two matrices": lambda x: x.reshape(2, 3) @ MATRIX[:3],
    "inner product": lambda x: torch.dot(CONSTANT, x),
    "einsum": lambda x: torch.einsum("ij,j->i", MATRIX, x),
    "tensordot": lambda x: torch.tensordot(x, MATRIX, 1),
    "linear layer of constants": lambda x: torch.nn.functional.linear(CONSTANT, MATRIX, x),
    "addmm of constants": lambda x: torch.addmm(x.reshape(2, 3), MATRIX[:2], MATRIX[:, :3]),
    "addmv of constants": lambda x: torch.addmv(x, MATRIX, CONSTANT, beta=2, alpha=3),
    "baddbmm of constants": lambda x: torch.baddbmm(
        x.reshape(1, 2, 3), MATRIX[None, :2], MATRIX[None, :, :3]
    ),
    "padded with a number": lambda x: torch.nn.functional.pad(x, (1, 2), value=0.5),
    "imaginary part of a conjugate": lambda x: ((x + 0.1) * (1 + 2j)).conj().imag,
    "conjugate and a product": lambda x: (torch.complex(x, 3 * x).conj() * (1 + 1j)).real,
    "adjoint of a matrix": lambda x: (
        (((x + 0.1) * (1 + 2j)).reshape(2, 3).mH @ MATRIX[:2, :2].to(torch.complex128)).imag
    ),
    "linear layer": lambda x: torch.nn.functional.linear(x, MATRIX, CONSTANT),
    "outer product": lambda x: torch.outer(x, CONSTANT),
    "sum of all": lambda x: x.sum(),
    "sum over a dimension": lambda x: x.reshape(2, 3).sum(1),
    "mean": lambda x: x.mean(),
    "cumulative sum": lambda x: torch.cumsum(x, 0),
    "differences": lambda x: x.diff(),
    "negative": lambda x: -x,
    "rolled": lambda x: torch.roll(x, 2),
    "flipped": lambda x: x.flip(0),
    "transposed": lambda x: x.view(2, 3).T,
    "stacked": lambda x: torch.stack([x[0], 2 * x[1], torch.tensor(3.0).double()]),
    "joined": lambda x: torch.cat([x, CONSTANT, x + 1]),
    "repeated": lambda x: x.repeat(2),
    "expanded": lambda x: x[0].expand(4),
    "by a list": lambda x: x[[4, 1]],
    "by an array": lambda x: x[np.array([4, 1])],
    "gathered": lambda x: torch.gather(x, 0, torch.tensor([5])),
    "padded": lambda x: torch.nn.functional.pad(x, (1, 2)),
    "unbound": lambda x: list(x)[4],
    "split": lambda x: x.split(2)[1],
    "where, by a constant mask": lambda x: torch.where(CONSTANT > 0, x, 2 * CONSTANT),
    "single precision": lambda x: x.float().double(),
    "imaginary twice": lambda x: (1j * x * -1j).real,
    "parts of a complex number": lambda x: torch.complex(x, 2 * x).imag,
    "its own constant": lambda x: x - x + 0.3,
}


@pytest.mark.parametrize("name", AFFINE)
def test_coefficients_give_the_values_everywhere(name: str) -> None:
    """``f(x) = c + sum_k a_k x_k`` at small and at large x."""
    function = AFFINE[name]
    form = function(affine_vector(N))
    assert isinstance(form, AffineTensor)
    assert form.bent_by is None
    rng = torch.Generator().manual_seed(0)
    for size in (0.01, 1.0, 100.0):
        x = size * torch.randn(N, dtype=torch.float64, generator=rng)
        if name == "single precision":
            x = x.float().double()
        expected = function(x)
        assert form.shape == expected.shape
        values = form.parts[0] + torch.tensordot(x, form.parts[1:].to(x), 1)
        assert_close(values, expected, **EXACT)


BENT: dict[str, Callable[[Tensor], Tensor]] = {
    "mul": lambda x: x[0] * x[1],
    "pow": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "div": lambda x: x[0] / x[1],
    "mm": lambda x: x.reshape(1, N) @ x.reshape(N, 1),
    "mv": lambda x: torch.outer(x, CONSTANT) @ x,
    "sin": torch.sin,
    "abs": abs,
    "clamp": lambda x: torch.clamp(x, -1e9, 1e9),
    "relu": torch.relu,
    "round": torch.round,
    "remainder": lambda x: torch.remainder(x, 100),
    "gt": lambda x: torch.where(x > 3.2, 2 * x, x),
    "maximum": lambda x: torch.maximum(x[0], x[1]),
    "sort": lambda x: x.sort().values,
    "_to_copy": lambda x: x.int(),
    "detach": lambda x: x.detach() + x,
    "prod": lambda x: x.prod(),
}


@pytest.mark.parametrize("name", BENT)
def test_what_is_not_affine_is_known_by_its_name(name: str) -> None:
    result = BENT[name](affine_vector(N))
    assert isinstance(result, AffineTensor)
    assert result.bent_by == name


READS: dict[str, Callable[[Tensor], Any]] = {
    "truth": lambda x: bool(x[0] > 0),
    "float": lambda x: float(x[0]),
    "item": lambda x: x[0].item(),
    "list": lambda x: x.tolist(),
    "NumPy": lambda x: x.detach().numpy(),
    "array": np.asarray,
    "mask": lambda x: x[x > 0],
    "positions": lambda x: (x > 0).nonzero(),
    "comparison": lambda x: torch.equal(x, CONSTANT),
    "nearness": lambda x: torch.allclose(x, CONSTANT),
    "membership": lambda x: 0.3 in x,
    "unique": lambda x: x.unique(),
}


@pytest.mark.parametrize("name", READS)
def test_no_value_can_be_read(name: str) -> None:
    with pytest.raises(NotTraceableError, match="reads the value of an angle"):
        READS[name](affine_vector(N))


def test_writing_into_a_tensor_is_refused() -> None:
    x = affine_vector(N)
    for target in (torch.zeros(N, dtype=torch.float64), x.clone()):
        with pytest.raises(NotTraceableError, match="writes an angle into a tensor"):
            target[0] = x[1]


def test_what_takes_the_shape_alone_is_constant() -> None:
    for constant in (torch.zeros_like(affine_vector(N)), affine_vector(N).new_ones(3)):
        assert type(constant) is Tensor


def test_without_unknowns_there_is_an_ordinary_tensor() -> None:
    assert type(affine_vector(0)) is Tensor
