"""Two runs as tests compare them: bit for bit, but for the time they took."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from qgan.runs import RunFolder
from qgan.runs.history import COLUMNS, read_history


def assert_same_run(path: Path, expected: Path) -> None:
    """Histories and the checkpoints best and last."""
    found, wanted = read_history(path / "history.csv"), read_history(expected / "history.csv")
    for name in set(COLUMNS) - {"seconds"}:
        np.testing.assert_array_equal(found[name], wanted[name], err_msg=name)
    for name in ("best", "last"):
        one, other = (RunFolder(p).checkpoint(name) for p in (path, expected))
        assert one.pop("seconds") >= 0 and other.pop("seconds") >= 0
        one.pop("commit"), other.pop("commit")  # of the source, which may be edited meanwhile
        assert_equal(one, other)


def assert_equal(one: object, other: object) -> None:
    """Tensors bit for bit, in nested plain data."""
    if isinstance(one, torch.Tensor) and isinstance(other, torch.Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict) and isinstance(other, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_equal(one[key], other[key])
    elif isinstance(one, list) and isinstance(other, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert_equal(a, b)
    else:
        assert one == other
