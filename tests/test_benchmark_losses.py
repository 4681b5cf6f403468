"""The loss of the benchmark whose derivatives are written by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close

from qgan.states import States

FOLDER = Path(__file__).parents[1] / "examples" / "benchmarks"


def test_squared_distance_and_its_gradients(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the density matrix; the first two derivatives by finite differences."""
    monkeypatch.setattr(sys, "path", [str(FOLDER), *sys.path])
    from quadratic import squared_distance

    zero = torch.tensor([1, 0], dtype=torch.complex128).reshape(1, 2, 1)
    assert_close(squared_distance(zero, torch.eye(2).to(zero) / 2), torch.tensor([0.5]).double())
    factor = random_states(3, 2, 2).factor.requires_grad_()
    operator = random_states(1, 2, 3).density_matrix()[0]
    found = squared_distance(factor, operator)
    difference = States(factor).density_matrix() - operator
    expected = torch.linalg.matrix_norm(difference).square()
    assert_close(found, expected, **EXACT)
    ours, theirs = (torch.autograd.grad(x.prod(), factor)[0] for x in (found, expected))
    assert_close(ours, theirs, **EXACT)

    def distances(factor: torch.Tensor) -> torch.Tensor:
        return squared_distance(factor, operator)

    assert torch.autograd.gradcheck(distances, factor)
    assert torch.autograd.gradgradcheck(distances, factor)
