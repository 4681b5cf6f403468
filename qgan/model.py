"""A trained sampler, opened from its run without the script that made it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from qgan import errors
from qgan.description import FORMAT, StoredModel
from qgan.engines.memory import check_bytes
from qgan.generator import Generator
from qgan.network_generator import NetworkGenerator
from qgan.sampler import Drawn, Sampler
from qgan.seeds import seeded
from qgan.states import States
from qgan.stored import fit

__all__ = ["FORMAT", "Model", "describe", "rebuild"]

KINDS: dict[str, type[Generator]] = {"network": NetworkGenerator, "generator": Generator}
"""The samplers that a run can hold, by the names that ``circuit.json`` gives them: the first that
fits."""


def describe(sampler: Sampler, label_values: Sequence[Any]) -> dict[str, Any]:
    """A sampler without its weights and the labels it knows, as ``circuit.json`` holds them.

    Raises:
        QganError: if the sampler cannot be described as data, or these would not be read again.
    """
    names = [name for name, kind in KINDS.items() if isinstance(sampler, kind)]
    if not names:
        raise errors.unsupported(
            f"Sampler {type(sampler).__name__}",
            "it is of no kind that a run folder can hold",
            f"use one of {', '.join(KINDS)}",
        )
    description = {
        "format": FORMAT,
        "kind": names[0],
        "sampler": sampler.describe(),
        "label_values": list(label_values),
    }
    fit(description, StoredModel, "circuit.json")  # what is written must be what is read
    return description


def rebuild(data: StoredModel | dict[str, Any]) -> Generator:
    """The sampler of :func:`describe`'s data, with fresh weights; runs no code of the user's.

    Raises:
        QganError: for data that break the schema of ``circuit.json``.
    """
    stored = data if isinstance(data, StoredModel) else fit(data, StoredModel, "circuit.json")
    return KINDS[stored.kind].rebuild(stored.sampler)


class Model:
    """A trained sampler with the labels it knows.

    Args:
        sampler: the sampler with its trained weights.
        label_values: the labels as the data had them; their places are the class indices.
        checkpoint: name of the checkpoint the weights come from.
        step: generator steps taken up to it.
    """

    def __init__(
        self, sampler: Generator, label_values: Sequence[Any], checkpoint: str, step: int
    ) -> None:
        self.sampler = sampler
        self.label_values = tuple(label_values)
        self.checkpoint = checkpoint
        self.step = step

    def index(self, label: Any) -> int:
        """The class index of a label as the data had it; numbers may come as text."""
        if np.ndim(label):
            raise errors.argument("label", "must be one label", f"a {type(label).__name__}")
        for place, value in enumerate(self.label_values):
            if value == label or str(value) == str(label):
                return place
        raise errors.argument("label", f"must be one of {list(self.label_values)}", label)

    def sample(
        self,
        label: Any = None,
        n: int | None = None,
        seed: int = 0,
        latent: Tensor | Sequence[float] | Sequence[Sequence[float]] | None = None,
    ) -> States:
        """Generate ``n`` states of one label, or of each label if none is named.

        Args:
            label: a label as the data had it.
            n: states of each label; 1 by default, or as many as there are latents.
            seed: seed of the latents.
            latent: latents to use instead of random ones: ``(n_latent,)`` or ``(n, n_latent)``.

        Raises:
            QganError: for an unknown label, ``n`` below 1 or not as many as latents, or a latent
                of another width.
        """
        return self.draw(label, n, seed, latent).states

    def draw(
        self,
        label: Any = None,
        n: int | None = None,
        seed: int = 0,
        latent: Tensor | Sequence[float] | Sequence[Sequence[float]] | None = None,
    ) -> Drawn:
        """The states of :meth:`sample` with their class indices and latents.

        Args:
            label: a label as the data had it.
            n: states of each label; 1 by default, or as many as there are latents.
            seed: seed of the latents.
            latent: latents to use instead of random ones: ``(n_latent,)`` or ``(n, n_latent)``.

        Raises:
            QganError: for an unknown label, ``n`` below 1 or not as many as latents, or a latent
                of another width.
        """
        n = None if n is None else errors.integer("n", n, least=1)
        classes = range(len(self.label_values)) if label is None else [self.index(label)]
        if latent is None:
            count = n or 1
            self._check_room(count * len(classes))
            rng = seeded(seed)
            latents = self.sampler.prior.sample(count * len(classes), rng)
        else:
            rows = self._rows(latent, n)
            count = len(rows)
            self._check_room(count * len(classes))
            latents = rows.repeat(len(classes), 1)
        labels = torch.tensor(list(classes)).repeat_interleave(count)
        return Drawn(self.sampler.exact_states(labels, latents), labels, latents)

    def _check_room(self, n_states: int) -> None:
        """Refuse more states than memory holds: each as vectors of the traced-out wires in double
        precision, once as the engine makes it and once as it is written, with its latent."""
        registers = self.sampler.run_circuit.registers
        n_numbers = 2 * 16 * 2**registers.n_wires + 8 * (self.sampler.n_latent + 1)
        check_bytes("n", f"{n_states} states", n_states * n_numbers)

    def _rows(self, latent: Any, n: int | None) -> Tensor:
        """The latents that a user names for each label, checked, ``(n, n_latent)``."""
        rows = torch.as_tensor(latent, dtype=torch.float32)
        rows = rows.unsqueeze(0) if rows.ndim == 1 else rows
        width = self.sampler.n_latent
        if rows.ndim != 2 or rows.shape[1] != width:
            raise errors.argument("latent", f"must have {width} entries", tuple(rows.shape))
        if not torch.isfinite(rows).all():
            raise errors.argument("latent", "must be finite", rows.flatten().tolist())
        if n is not None and len(rows) not in (1, n):
            raise errors.argument("n", f"must be {len(rows)}, as many as latents", n)
        return rows if n is None else rows.expand(n, -1)
