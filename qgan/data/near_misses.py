"""Arrays that should hold states: what is wrong with them, and repair where they nearly do.

Programs save states in single precision or rounded to a few digits. What is off by less than
rounding in single precision explains is put right, and a note says so; what is off by more is
refused, unless somebody asks for rescaling.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from qgan import errors
from qgan.data.formats import Array
from qgan.states import States

__all__ = ["LEAST_EIGENVALUE", "check_states", "faults_of_states", "repaired", "turned_round"]

LEAST_EIGENVALUE = 1e-6
"""Eigenvalues below this are what rounding in single precision leaves of a zero."""
LEAST_ROUNDED = 1e-3
"""The same of entries that were rounded to four digits."""
VISIBLE = 1e-9
"""A repair of less than this is rounding in double precision, and not worth a note."""


@dataclass(frozen=True)
class Tolerance:
    """How far states may be off, relative to their trace where that is rescaled.

    Args:
        trace: distance of the trace from 1.
        hermitian: distance of an entry from the conjugate of its mirror image.
        negative: how far below 0 an eigenvalue may be.
    """

    trace: float
    hermitian: float
    negative: float


STRICT = Tolerance(1e-5, 2e-6, LEAST_EIGENVALUE)
RESCALED = Tolerance(np.inf, 1e-2, 1e-2)
"""What is put right if somebody asks for it: any positive trace, and rounding to two digits."""


def check_states(array: Array, rescale: bool = False) -> None:
    """Refuse what is not an array of states.

    Raises:
        QganError: with the first fault that :func:`faults_of_states` finds.
    """
    for fault in faults_of_states(array, rescale):
        raise fault


def faults_of_states(array: Array, rescale: bool = False) -> Iterator[errors.QganError]:
    """Everything that is wrong with an array of states, each with the first row that has it.

    Args:
        array: should be vectors ``(N, 2**n)`` or density matrices ``(N, 2**n, 2**n)``.
        rescale: whether to allow what :func:`repaired` then puts right.
    """
    shape_fault = _shape_fault(array)
    if shape_fault is not None:
        yield shape_fault
        return
    rows = np.isfinite(array).all(axis=tuple(range(1, array.ndim)))
    if not rows.all():
        got = f"NaN or inf at index {int(rows.argmin())}"
        yield errors.argument("states", "must hold finite numbers", got)
    places = np.flatnonzero(rows)
    if not len(places):
        return
    allowed = RESCALED if rescale else STRICT
    whole = np.asarray(array[places], dtype=np.complex128)
    traces = _traces(whole)
    wrong = ~(np.abs(traces - 1) <= allowed.trace) | ~(traces > 0)
    if wrong.any():
        at = int(wrong.argmax())
        choices = [("option", "data.rescale")] if traces[at] > 0 and not rescale else []
        way = " (option data.rescale takes it)" if choices else ""
        got = f"trace {traces[at]:.6g} at index {places[at]}{way}"
        yield errors.argument("states", "must be normalised", got, choices)
    if array.ndim == 3 and not wrong.all():
        yield from _matrix_faults(whole[~wrong], traces[~wrong], places[~wrong], allowed)


def _shape_fault(array: Array) -> errors.QganError | None:
    """What makes an array no vectors or square matrices over whole qubits."""
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[1] != array.shape[2]):
        rule = "must have shape (N, 2**n) or (N, 2**n, 2**n)"
        return errors.argument("states", rule, array.shape)
    dimension = array.shape[1]
    if dimension < 2 or dimension & (dimension - 1):
        rule = "must have a dimension that is a power of two, 2 at least"
        return errors.argument("states", rule, f"{dimension} in shape {array.shape}")
    if array.dtype.kind not in "fciu":
        return errors.argument("states", "must hold numbers", f"dtype {array.dtype}")
    return None


def _matrix_faults(
    rho: Array, traces: Array, places: Array, allowed: Tolerance
) -> Iterator[errors.QganError]:
    """Matrices that are not Hermitian, or not positive."""
    scale = np.maximum(traces, 1) if allowed is RESCALED else np.ones_like(traces)
    off = np.abs(rho - rho.conj().swapaxes(1, 2)).max((1, 2)) / scale
    wrong = off > allowed.hermitian
    if wrong.any():
        at = int(wrong.argmax())
        got = f"entries that are off by {off[at]:.2g} at index {places[at]}"
        yield errors.argument("states", "must be Hermitian", got)
        rho, scale, places = rho[~wrong], scale[~wrong], places[~wrong]
    if not len(rho):
        return
    least = np.linalg.eigvalsh(rho)[:, 0]
    wrong = least < -allowed.negative * scale
    if wrong.any():
        at = int(wrong.argmax())
        got = f"eigenvalue {least[at]:.2e} at index {places[at]}"
        yield errors.argument("states", "must be positive", got)


def _traces(array: Array) -> Array:
    """The traces of states: squared norms of vectors."""
    if array.ndim == 2:
        with np.errstate(over="ignore"):  # what is too large has no trace of 1
            return np.asarray((array.real**2 + array.imag**2).sum(1))
    return np.asarray(np.einsum("bii->b", array).real)


def repaired(array: Array, rescale: bool = False) -> tuple[States, tuple[str, ...]]:
    """States of an array that :func:`check_states` allows, and notes about what was put right.

    Args:
        array: ``(N, 2**n)`` or ``(N, 2**n, 2**n)``.
        rescale: as :func:`check_states` has it; eigenvalues below 1e-3 of all states then count as
            rounding.

    Returns:
        States of trace one, complex128, without the columns that are rounding in all of them; and
        a sentence per kind of repair.

    Example:
        >>> states, notes = repaired(np.array([[1.0, 1e-3]]))
        >>> states, notes
        (States(1 of 1 qubits, pure), ('Traces were off 1 by up to 1e-06 (index 0): rescaled.',))
    """
    notes = []
    whole = np.asarray(array, dtype=np.complex128)
    if array.dtype in (np.dtype(np.float32), np.dtype(np.complex64), np.dtype(np.float16)):
        notes.append(f"States were stored as {array.dtype}: they are computed with as complex128.")
    traces = _traces(whole)
    off = np.abs(traces - 1)
    if len(off) and off.max() > VISIBLE:
        at = f"index {int(off.argmax())}"
        notes.append(f"Traces were off 1 by up to {off.max():.2g} ({at}): rescaled.")
    if whole.ndim == 2:
        states = States(torch.from_numpy(whole).unsqueeze(-1))
        return states.normalised(), tuple(notes)
    whole = whole / traces[:, None, None]
    mirrored = whole.conj().swapaxes(1, 2)
    off = np.abs(whole - mirrored).max((1, 2))
    if len(off) and off.max() > VISIBLE:
        at = f"index {int(off.argmax())}"
        notes.append(f"Matrices were not Hermitian by up to {off.max():.2g} ({at}): averaged.")
    matrices = torch.from_numpy((whole + mirrored) / 2)
    least = torch.linalg.eigvalsh(matrices)[:, 0] if len(matrices) else torch.zeros(1)
    if least.min() < -VISIBLE:
        at = f"index {int(least.argmin())}"
        notes.append(f"Eigenvalues were below 0 by up to {-least.min():.2g} ({at}): set to 0.")
    states = States(States.from_density_matrix(matrices).factor)
    return _trimmed(states, LEAST_ROUNDED if rescale else LEAST_EIGENVALUE), tuple(notes)


def _trimmed(states: States, least: float) -> States:
    """States of trace one without the columns that are rounding in all of them."""
    if not len(states):
        return states
    weight = (states.factor.real**2 + states.factor.imag**2).sum(1)  # eigenvalues, ascending
    columns = weight.amax(0) > least
    return States(states.factor[..., columns]).normalised()


def turned_round(array: Array) -> Array:
    """States of a program that counts qubits from the other end, in the order of this one.

    The index of an amplitude has wire 0 as its most significant bit here, and as its least
    significant one in other programs.

    Args:
        array: states that :func:`check_states` allows.

    Example:
        >>> turned_round(np.array([[0.0, 1.0, 0.0, 0.0]])).tolist()
        [[0.0, 0.0, 1.0, 0.0]]
    """
    n_qubits, n_axes = array.shape[1].bit_length() - 1, array.ndim - 1
    axes = [1 + k * n_qubits + q for k in range(n_axes) for q in reversed(range(n_qubits))]
    split = array.reshape(len(array), *(2,) * (n_axes * n_qubits))
    return np.ascontiguousarray(split.transpose(0, *axes)).reshape(array.shape)
