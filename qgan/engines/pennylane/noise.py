"""The noise of a device: channels after gates, and bits that are read wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pennylane as qml

from qgan import errors

__all__ = ["check_noise", "check_probability", "depolarising_gates", "read_noise", "readout_errors"]

NOISY_DEVICES = ("default.mixed",)


def depolarising_gates(p: float) -> Any:
    """A noise model with a depolarising channel on each wire of each gate, after it.

    ``rho -> (1 - p) rho + p/3 (X rho X + Y rho Y + Z rho Z)``: a Pauli letter on that wire
    shrinks by ``1 - 4p/3``. A gate is what the circuit queues: a template counts as one.
    Preparations and channels are no gates.

    Args:
        p: probability of an error, from 0 to 1.

    Returns:
        A ``qml.NoiseModel``.

    Raises:
        QganError: if ``p`` is no probability.

    References:
        Nielsen and Chuang, sec. 8.3.4 (their p is 4p/3 of ours).

    Example:
        >>> len(depolarising_gates(0.01).model_map)
        1
    """
    check_probability("depolarising", p, 1.0)
    return qml.NoiseModel({qml.BooleanFn(_is_gate): _Depolarising(p)})


@dataclass(frozen=True)
class _Depolarising:
    """Queues the channel of a noise model; unlike a local function, it can be saved."""

    p: float

    def __call__(self, operation: Any, **_: Any) -> None:
        for wire in operation.wires:
            qml.DepolarizingChannel(self.p, wires=wire)


def readout_errors(r: float, wires: Sequence[int]) -> list[Any]:
    """What wrongly read bits do to the expectation values of Pauli words, as channels.

    A bit that is read wrongly with probability r flips the outcome of the measurement of a letter,
    in whatever basis, so that a word of weight k shrinks by ``(1 - 2r)**k``. A depolarising
    channel of ``p = 3r/2`` before each measurement does the same, with finite shots too.

    Args:
        r: probability that a bit is read wrongly.
        wires: the wires that are read.
    """
    with qml.QueuingManager.stop_recording():
        return [qml.DepolarizingChannel(1.5 * r, wires=wire) for wire in wires]


def read_noise(noise: Any) -> Any:
    """The part of a noise model that is on measurements, as a noise model; None without one."""
    if noise is None or not noise.meas_map:
        return None
    return qml.NoiseModel({}, meas_map=noise.meas_map)


def check_noise(device: str, noise: Any, readout: float) -> None:
    """Refuse noise of a wrong kind, and noise on a device that cannot have it.

    Raises:
        QganError: for a noise model that is no ``qml.NoiseModel``, a readout error outside
            [0, 1/2], or a device that holds vectors.
    """
    if noise is not None and not isinstance(noise, qml.NoiseModel):
        raise errors.argument("noise", "must be a qml.NoiseModel or None", type(noise).__name__)
    check_probability("readout", readout, 0.5)
    if (noise is not None or readout) and device not in NOISY_DEVICES:
        name = "noise" if noise is not None else "readout"
        raise errors.argument("device", f"must be default.mixed with {name}", device)


def check_probability(name: str, p: float, most: float) -> None:
    """Refuse a probability outside [0, most]."""
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p <= most:
        raise errors.argument(name, f"must be from 0 to {most:g}", p)


def _is_gate(operation: Any) -> bool:
    """Whether an operation is a gate that can fail."""
    others = (qml.operation.StatePrepBase, qml.operation.Channel, qml.Barrier, qml.Snapshot)
    return not isinstance(operation, others)
