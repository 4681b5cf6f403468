"""The contract of engines: gradients, against central differences of the matrix referee."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from engine_cases import Case, check_gradients, each_engine, each_with_states
from small_circuits import (
    Local,
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

from qgan.pauli import pauli_words
from qgan.states import Prepared, States

WORDS = ("ZII", "XYI", "IIZ", "IYX", "III")


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
