"""The faults of PennyLane that the documentation shows: they are there, and qgan has none of them.

A fault that PennyLane has mended fails here, and leaves the documentation.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from small_circuits import Local

from circuits import Registers
from qgan.engines.pennylane import PennyLaneEngine

DOCS = Path(__file__).parents[2] / "docs"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pennylane_faults", DOCS / "pennylane_faults.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FAULTS = script()


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
@pytest.mark.parametrize("name", FAULTS.FAULTS)
def test_pennylane_has_the_fault_and_the_engine_has_not(name: str) -> None:
    returned, right = FAULTS.derivatives(name)
    assert not abs(returned - right) < 0.1

    queue, device, method, batch = FAULTS.FAULTS[name]
    circuit = Local(lambda w, x: queue(x[..., 0]), Registers(output=2), 0, 1)
    inputs = torch.full((batch, 1), 0.7, dtype=torch.float64, requires_grad=True)
    values = PennyLaneEngine(device, method).expval(circuit, torch.zeros(0), inputs, ["ZI"])
    (slope,) = torch.autograd.grad(values.sum(), inputs)
    assert abs(float(slope.sum()) - right) < 1e-4


def test_the_script_prints_each_fault(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        FAULTS.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(FAULTS.FAULTS)
    assert lines[0].startswith("PennyLane 0.45")
