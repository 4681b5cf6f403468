"""What the files of a run may hold, beside ``config.yaml`` and ``circuit.json``.

A report is read for what is compared, so that other keys in it are left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, Any

import torch
from pydantic import ConfigDict, Field, field_validator, model_validator
from torch import Tensor

from qgan.stored import Count, Stored, misfit

__all__ = ["StoredCheckpoint", "StoredData", "StoredLabel", "StoredPlaces", "StoredReport"]

Figure = Annotated[float, Field(ge=-1e6, le=1e6)]
SECONDS = 1e12
WEIGHTS = (torch.float32, torch.float64)


class StoredPlaces(Stored):
    """Where the file of the data is: as the settings name it, and two paths of the same file."""

    given: str
    absolute: str
    relative: str | None = None


class StoredData(Stored):
    """All of ``data.json``."""

    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    file: StoredPlaces | None = None


class Read(Stored):
    """A part of a report: keys that are not read are left alone."""

    model_config = ConfigDict(extra="ignore")


class StoredLabel(Read):
    """The measures of one label; None is undefined."""

    skill: Figure | None = None
    coverage: Figure | None = None
    precision: Figure | None = None
    n_held_out: Count | None = None
    n_generated: Count | None = None
    n_draw: Count | None = None
    intervals: dict[str, tuple[Figure | None, Figure | None]] = Field(default_factory=dict)


class StoredLabels(Read):
    """The measures of all labels."""

    labels: Annotated[tuple[StoredLabel, ...], Field(min_length=1)]


class StoredReport(Read):
    """What is read of ``report.json``."""

    held_out: StoredLabels
    label_names: tuple[str | int | float | bool, ...]
    versions: dict[str, str] = Field(default_factory=dict)
    commit: str | None = None

    @model_validator(mode="after")
    def names_each_label(self) -> StoredReport:
        """One name for each label."""
        n_labels = len(self.held_out.labels)
        if len(self.label_names) != n_labels:
            rule = f"must be {n_labels}, one per label"
            raise misfit("label_names", rule, list(self.label_names))
        return self


class StoredGuard(Stored):
    """The state of the guard."""

    factor: Annotated[float, Field(gt=0, le=1)]
    refused: Count
    in_a_row: Count


class StoredCheckpoint(Stored):
    """A checkpoint; beside these keys it holds the networks and circuits that are trained."""

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)

    step: Count
    model: Annotated[dict[str, Tensor], Field(min_length=1)]
    players: dict[str, dict[str, Any]]
    data_rng: dict[str, Any]
    rng: Tensor
    guard: StoredGuard
    stateful: dict[str, Any] | list[Any]
    best: Annotated[float, Field(ge=-math.inf, allow_inf_nan=True)]
    seconds: Annotated[float, Field(ge=0, le=SECONDS)]
    rows: Count
    cost: dict[str, float] | None = None
    experiment: dict[str, Any]
    versions: dict[str, str]
    commit: str | None = None

    @field_validator("model")
    @classmethod
    def has_weights(cls, model: dict[str, Tensor]) -> dict[str, Tensor]:
        """The weights of the circuit, and of its embedding, as real numbers."""
        if "weights" not in model:
            raise misfit("weights", "must be given", "nothing")
        for name, tensor in model.items():
            if tensor.dtype not in WEIGHTS:
                raise misfit(name, "must be float32 or float64", str(tensor.dtype))
        return model

    @model_validator(mode="after")
    def has_whole_and_finite_tensors(self) -> StoredCheckpoint:
        """Tensors whose numbers are all there and finite; what a term keeps is its own affair."""
        parts = {**dict(self), **(self.model_extra or {})}
        for name, part in parts.items():
            for place, tensor in _tensors(part, name):
                if not _is_whole(tensor):
                    raise misfit(place, "must hold all of its numbers", tuple(tensor.shape))
                if name != "stateful" and not bool(torch.isfinite(tensor).all()):
                    raise misfit(place, "must hold finite numbers", "NaN or inf")
        return self


def _tensors(part: Any, place: str) -> Iterator[tuple[str, Tensor]]:
    """Every tensor in plain data, with its place."""
    if isinstance(part, Tensor):
        yield place, part
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _tensors(value, f"{place}.{key}")
    elif isinstance(part, list | tuple):
        for key, value in enumerate(part):
            yield from _tensors(value, f"{place}.{key}")


def _is_whole(tensor: Tensor) -> bool:
    """Whether each number of a tensor is in memory: a forged one can claim any shape."""
    if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized:
        return False
    return tensor.numel() * tensor.itemsize <= tensor.untyped_storage().nbytes()
