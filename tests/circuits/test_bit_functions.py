"""The functions of bits: polynomials of the number that the bits write."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from tolerances import EXACT

from circuits import BitRegisterCircuit, Registers
from circuits.bit_functions import polynomials, single_bits

DEGREE = 4


def values(registers: Registers, n_latent: int, label: int) -> tuple[np.ndarray, np.ndarray]:
    """The levels of the latents, row by row, and the values of the polynomials there."""
    wires = (*registers.label, *registers.latent)
    n_bits = registers.n_latent_wires // n_latent
    rows, levels = [], []
    for bits in itertools.product((0, 1), repeat=registers.n_latent_wires):
        numbers = [
            int("".join(map(str, bits[k * n_bits : (k + 1) * n_bits])), 2) for k in range(n_latent)
        ]
        levels.append([(2 * number + 1) / 2**n_bits - 1 for number in numbers])
        of_wire = dict(zip(wires, (label, *bits), strict=True))
        functions = polynomials(registers, n_latent, DEGREE)
        rows.append([function(of_wire) for function in functions])
    return np.array(levels), np.array(rows)


@pytest.mark.parametrize("label", [0, 1])
@pytest.mark.parametrize(("n_latent", "n_bits"), [(1, 5), (2, 4)])
def test_functions_are_polynomials_of_chebyshev(n_latent: int, n_bits: int, label: int) -> None:
    levels, rows = values(Registers(1, 1, n_latent * n_bits), n_latent, label)
    np.testing.assert_allclose(rows[:, 1::2], (-1) ** label * rows[:, ::2], **EXACT)
    functions = iter(rows[:, ::2].T)
    np.testing.assert_allclose(next(functions), 1.0, **EXACT)
    for z in levels.T:
        for degree in range(1, DEGREE + 1):
            expected = np.cos(degree * np.arccos(z))
            np.testing.assert_allclose(next(functions), expected - expected.mean(), **EXACT)
        for k in range(n_bits):  # the square wave of bit k
            expected = 0.2 * 2.0**-k * (-1.0) ** np.floor((z + 1) * 2**k)
            np.testing.assert_allclose(next(functions), expected, **EXACT)
    assert next(functions, None) is None


@pytest.mark.parametrize("n_bits", [1, 2, 3])
def test_there_are_no_more_polynomials_than_bits(n_bits: int) -> None:
    functions = polynomials(Registers(1, 0, n_bits), 1, DEGREE)
    assert len(functions) == 1 + 2 * n_bits
    assert all(function.words for function in functions)


def test_starts() -> None:
    """Slopes start from twice their noise, and corrections from none; all noise is used once."""
    functions = polynomials(Registers(1, 1, 6), 2, 2)
    latent = [2, 0.5, 0, 0, 0]
    assert [function.start for function in functions[::2]] == [1, *latent, *latent]
    assert [function.noise for function in functions] == list(range(22))
    circuit = BitRegisterCircuit(Registers(1, 0, 3), n_layers=1, n_latent=1, degree=2)
    start = circuit.start(np.ones(circuit.n_weights)).reshape(-1, 6)
    np.testing.assert_allclose(start, [[1, *latent]] * len(start), **EXACT)


def test_bits_start_from_the_noise_of_the_first() -> None:
    functions = single_bits(Registers(1, 1, 3), 1)
    assert [function.noise for function in functions] == [0, 1, 2, 3, 2, 3, 2, 3]
    factors = [function.start * function.words[0][1] for function in functions]
    np.testing.assert_allclose(factors, [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25], **EXACT)


def test_pairs_multiply_their_factors() -> None:
    functions = single_bits(Registers(1, 0, 4), 2, n_controls=2)
    pairs = {f.words[0][0]: f.words[0][1] for f in functions if len(f.words[0][0]) == 2}
    assert len(pairs) == 6
    np.testing.assert_allclose(pairs[2, 4], 0.5, **EXACT)
    np.testing.assert_allclose(pairs[1, 3], 1.0, **EXACT)
