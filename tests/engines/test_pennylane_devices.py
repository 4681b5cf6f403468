"""The constructor of PennyLaneEngine: devices, what each can differentiate, what is refused."""

from __future__ import annotations

from typing import Any

import pennylane as qml
import pytest
from pennylane.exceptions import DeviceError

from qgan.engines.pennylane import PennyLaneEngine
from qgan.errors import QganError


@pytest.mark.parametrize(
    ("device", "shots", "best"),
    [
        ("default.qubit", None, "backprop"),
        ("default.mixed", None, "backprop"),
        ("lightning.qubit", None, "adjoint"),
        ("reference.qubit", None, "parameter-shift"),
        ("default.qubit", 10, "parameter-shift"),
        ("lightning.qubit", 10, "parameter-shift"),
    ],
)
def test_best_diff_method(device: str, shots: int | None, best: str) -> None:
    engine = PennyLaneEngine(device, shots=shots)
    assert engine.diff_method == best
    assert engine.gives_states == (best == "backprop")


def test_name_and_repr() -> None:
    engine = PennyLaneEngine("lightning.qubit", shots=5)
    assert engine.name == "pennylane lightning.qubit"
    assert repr(engine) == "PennyLaneEngine('lightning.qubit', 'parameter-shift', shots=5)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"device": "nope.device"}, r"`device` must be installed here \(.*default.qubit.*nope"),
        (
            {"device": "qiskit.aer"},
            "Device qiskit.aer: it is not .* pip install pennylane-qiskit brings it",
        ),
        (
            {"device": "lightning.qubit", "diff_method": "backprop"},
            r"`diff_method` must be one that lightning.qubit has \(adjoint, parameter-shift\), "
            "but got backprop",
        ),
        ({"device": "default.mixed", "diff_method": "adjoint"}, r"has \(backprop, parameter-shift"),
        ({"diff_method": "finite-diff"}, r"must be one that default.qubit has .* finite-diff"),
        ({"diff_method": "backprop", "shots": 5}, r"parameter-shift with finite shots \(shots=5\)"),
        ({"device": "lightning.qubit", "diff_method": "adjoint", "shots": 5}, "finite shots"),
        ({"shots": 0}, "`shots` must be an integer of at least 1, or None, but got 0"),
        ({"shots": 2.5}, "`shots` must be an integer of at least 1, or None, but got 2.5"),
        ({"precision": "half"}, "`precision` must be double or single, but got half"),
        ({"device_options": {"speed": 11}}, "`device_options` must be options of default.qubit"),
        ({"device_options": {"wires": 2}}, "`device_options` must be options of default.qubit"),
        ({"device_options": {"shots": 2}}, "`device_options` must leave shots to `shots`"),
    ],
)
@pytest.mark.usefixtures("as_users_run_it")
def test_constructor_refuses(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(QganError, match=message) as caught:
        PennyLaneEngine(**arguments)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("raised", "installed", "message"),
    [
        (DeviceError("Device lightning.gpu does not exist."), False,
         "^Device lightning.gpu: it is not installed here; pip install pennylane-lightning-gpu"),
        (RuntimeError("[/src/error.cpp][Line:1]\nCUDA driver version is insufficient."), True,
         "Device lightning.gpu: cannot start, .*CUDA driver version is insufficient; install"),
        (ImportError("Pre-compiled binaries for lightning.gpu are not available."), True,
         "cannot start, Pre-compiled binaries.*not available; install its driver and libraries"),
    ],
)  # fmt: skip
def test_lightning_gpu_that_cannot_start(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, installed: bool, message: str
) -> None:
    """What PennyLane raises without the package, the driver or the libraries."""

    def device(name: str, **options: Any) -> None:
        raise raised

    monkeypatch.setattr(qml, "device", device)
    monkeypatch.setattr(qml, "plugin_devices", {"lightning.gpu": None} if installed else {})
    with pytest.raises(QganError, match=message) as caught:
        PennyLaneEngine("lightning.gpu")
    assert "\n" not in str(caught.value)
