"""The contract of engines: gradients, against central differences of the matrix referee."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from engine_cases import Case, each_engine, each_with_states
from small_circuits import (
    Local,
    central_differences,
    density_by_matrices,
    draw_angles,
    partial_trace,
    random_states,
    reader,
    register,
    reuploading,
    values_by_matrices,
)
from torch import Tensor
from torch.testing import assert_close

from qgan.pauli import pauli_words
from qgan.states import Prepared, States

WORDS = ("ZII", "XYI", "IIZ", "IYX", "III")


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


@each_engine
@pytest.mark.parametrize("build", [register, reuploading], ids=["register", "reuploading"])
def test_gradient_of_expectations(case: Case, build: Callable[[], Local]) -> None:
    circuit, words = build(), ("ZZI", "IXY") if build is reuploading else ("ZIII", "IXIY")
    engine = case.make()
    check_gradients(
        case,
        f"expectations of {build.__name__}",
        lambda w, x: engine.expval(circuit, w, x, words),
        lambda w, x: values_by_matrices(density_by_matrices(circuit, w, x), words),
        draw_angles(circuit, 2),
    )


@each_engine
def test_gradient_through_a_joint_circuit(case: Case) -> None:
    engine = case.make()

    def values(w: Tensor, x: Tensor, gw: Tensor, gx: Tensor) -> Tensor:
        return engine.expval(reader(), w, x, WORDS, Prepared(engine, register(), gw, gx))

    def referee(w: Tensor, x: Tensor, gw: Tensor, gx: Tensor) -> Tensor:
        start = partial_trace(density_by_matrices(register(), gw, gx), 2)
        return values_by_matrices(density_by_matrices(reader(), w, x, start), WORDS)

    arguments = (*draw_angles(reader(), 2), *draw_angles(register(), 2, seed=1))
    check_gradients(case, "joint", values, referee, arguments)


@each_with_states
def test_gradient_of_states(case: Case) -> None:
    """Of the density matrix, and of the purity, which is read from the factor."""
    engine, arguments = case.make(), draw_angles(register(), 2)
    words = pauli_words(2, 2)

    def referee(w: Tensor, x: Tensor) -> Tensor:
        rho = partial_trace(density_by_matrices(register(), w, x), 2)
        purity = (rho.real**2 + rho.imag**2).sum((1, 2))
        return torch.cat([values_by_matrices(rho, words), purity.unsqueeze(1)], 1)

    def values(w: Tensor, x: Tensor) -> Tensor:
        states = engine.run(register(), w, x)
        read = values_by_matrices(states.density_matrix(), words)
        return torch.cat([read, states.purity().unsqueeze(1)], 1)

    check_gradients(case, "states", values, referee, arguments)


@each_with_states
@pytest.mark.parametrize("rank", [1, 2])
def test_gradient_with_respect_to_a_source(case: Case, rank: int) -> None:
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)

    def referee(factor: Tensor) -> Tensor:
        start = factor @ factor.mH
        return values_by_matrices(density_by_matrices(reader(), weights, inputs, start), WORDS)

    def values(factor: Tensor) -> Tensor:
        return engine.expval(reader(), weights, inputs, WORDS, States(factor))

    check_gradients(
        case, f"source of rank {rank}", values, referee, (random_states(2, 2, rank).factor,)
    )


@each_with_states
def test_gradient_through_states_into_a_reader(case: Case) -> None:
    """A generator's states, computed, then read by another circuit: all angles get gradients."""
    engine, (weights, inputs) = case.make(), draw_angles(reader(), 2)

    def values(gw: Tensor, gx: Tensor) -> Tensor:
        states = engine.run(register(), gw, gx)
        return engine.expval(reader(), weights, inputs, WORDS, states)

    def referee(gw: Tensor, gx: Tensor) -> Tensor:
        start = partial_trace(density_by_matrices(register(), gw, gx), 2)
        return values_by_matrices(density_by_matrices(reader(), weights, inputs, start), WORDS)

    check_gradients(
        case, "generator then reader", values, referee, draw_angles(register(), 2, seed=1)
    )
