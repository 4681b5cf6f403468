"""PennyLane devices: opening one by name, what it can differentiate, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pennylane as qml
from pennylane.exceptions import DeviceError

from qgan import errors
from qgan.engines.base import DiffMethod

__all__ = ["broken_rule", "check_engine_shots", "diff_methods", "open_device"]

PACKAGES = {
    "lightning.gpu": "pennylane-lightning-gpu",
    "lightning.kokkos": "pennylane-lightning-kokkos",
    "lightning.tensor": "pennylane-lightning-tensor",
    "lightning.amdgpu": "pennylane-lightning-amdgpu",
    "lightning.qubit": "pennylane-lightning",
    "default.clifford": "stim",
    "qiskit": "pennylane-qiskit",
    "cirq": "pennylane-cirq",
    "braket": "amazon-braket-pennylane-plugin",
}
"""The package that brings a device, or a family of devices by the first word of their names."""


def open_device(name: str, n_wires: int, options: Mapping[str, Any]) -> Any:
    """The PennyLane device of this name, on wires 0 to ``n_wires - 1``.

    Args:
        name: short name, as ``lightning.qubit``.
        n_wires: number of wires.
        options: further arguments of the device.

    Raises:
        QganError: if the device is unknown, not installed, lacks a driver or a library, or does
            not take these options.
    """
    try:
        return qml.device(name, wires=n_wires, **options)
    except TypeError as error:
        raise errors.argument(
            "device_options", f"must be options of {name} ({errors.one_line(error)})", dict(options)
        ) from error
    except (DeviceError, ImportError, RuntimeError) as error:
        raise _not_opened(name, error) from error


def diff_methods(device: Any) -> tuple[DiffMethod, ...]:
    """The diff methods of a device, the fastest first; parameter-shift runs on every device."""
    exact: tuple[DiffMethod, ...] = ("backprop", "adjoint")
    supported = tuple(
        method
        for method in exact
        if device.supports_derivatives(qml.devices.ExecutionConfig(gradient_method=method))
    )
    return (*supported, "parameter-shift")


def check_engine_shots(shots: int | None) -> int | None:
    """Shots as a Python integer or None; refuse what is not an integer of at least 1."""
    try:
        return None if shots is None else errors.integer("shots", shots, least=1)
    except errors.QganError:
        rule = "must be an integer of at least 1, or None"
        raise errors.argument("shots", rule, repr(shots)) from None


def broken_rule(
    name: str, methods: tuple[DiffMethod, ...], method: str, shots: int | None
) -> str | None:
    """The rule that a diff method breaks, or None.

    Args:
        name: short name of a device.
        methods: the diff methods that the device has.
        method: the diff method that is asked for.
        shots: measurements of each circuit; None is exact.
    """
    if method not in methods:
        return f"must be one that {name} has ({', '.join(methods)})"
    if shots is not None and method != "parameter-shift":
        return f"must be parameter-shift with finite shots (shots={shots})"
    return None


def _not_opened(name: str, error: Exception) -> errors.QganError:
    """The error for a device that PennyLane could not open, with what to do about it."""
    package = PACKAGES.get(name) or PACKAGES.get(str(name).split(".")[0])
    if isinstance(error, DeviceError) and name not in qml.plugin_devices:
        if package:
            cure = f"pip install {package} brings it"
            return errors.unsupported(f"Device {name}", "it is not installed here", cure)
        installed = ", ".join(sorted(qml.plugin_devices))
        return errors.argument("device", f"must be installed here ({installed})", name)
    cure = f"install its driver and libraries (pip install {package or 'its plugin'})"
    return errors.unsupported(f"Device {name}", f"cannot start, {errors.one_line(error)}", cure)
