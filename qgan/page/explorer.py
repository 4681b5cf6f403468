"""The answers to what a page asks of a run, as plain data: facts about it, and states."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.batch import Batch
from qgan.data import Dataset
from qgan.explore.correlations import entanglement, entanglement_name
from qgan.explore.observables import (
    LEVELS,
    Observable,
    mean_values,
    nearest_real,
    observables,
    real_part,
)
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.page.circuit_code import templates
from qgan.pauli import pauli_words
from qgan.runs.opening import open_run
from qgan.states import States

__all__ = ["Explorer", "as_base64", "open_explorer"]

FORMAT = 1
"""Number of the format of the answers, which the page checks."""
MOST_POINTS = 512
"""Most points of one request; a path or a sweep needs about a hundred."""
MOST_REAL = 256
"""Most real states of a label for the ranges of what is slow to compute."""
MOST_QUBITS = 10
"""A density matrix of more qubits cannot be seen in a picture, and a slider would lag."""


class Explorer:
    """A trained generator beside the real states that it learned, with answers in plain data.

    Args:
        model: the opened run.
        data: the data that it learned. None where they cannot be loaded: then there are no ranges
            of real states and no nearest real states.
        name: name of the run, for people.

    Raises:
        QganError: if the states have too many qubits, or a label has no held-out state.
    """

    def __init__(self, model: Model, data: Dataset | None, name: str) -> None:
        self.model, self.data, self.name = model, data, name
        self.sampler = model.sampler
        self.n_qubits = self.sampler.n_qubits
        if self.n_qubits > MOST_QUBITS:
            rule = f"must have at most {MOST_QUBITS} qubits to be explored"
            raise errors.argument("run", rule, self.n_qubits)
        self.n_labels = len(model.label_values)
        self.real: list[Batch] = []
        if data is not None:
            self.real = [real_part(data, label) for label in range(self.n_labels)]
        self.words = pauli_words(self.n_qubits, min(2, self.n_qubits))
        self.pure = self._is_pure()

    def _is_pure(self) -> bool:
        """Whether generated and real states are pure, so that entropy means entanglement."""
        latent = torch.zeros(1, self.sampler.n_latent)
        states = self.sampler.exact_states(torch.zeros(1, dtype=torch.int64), latent)
        return states.is_pure and all(part.states.is_pure for part in self.real)

    @property
    def label_names(self) -> list[str]:
        """The names of the labels, for people."""
        names = self.model.label_values if self.data is None else self.data.label_names
        return [str(name) for name in names]

    def collective(self) -> tuple[Observable, ...]:
        """The observables of the whole chain, which are shown beside single Pauli words."""
        return observables(self.n_qubits)

    def about(self) -> dict[str, Any]:
        """All facts about the run that do not change with label and latent."""
        factors = () if self.data is None else self.data.factor_names
        prior, levels = self.sampler.prior, self.sampler.levels
        return {
            "format": FORMAT,
            "name": self.name,
            "checkpoint": self.model.checkpoint,
            "step": self.model.step,
            "n_qubits": self.n_qubits,
            "n_latent": prior.n_latent,
            "n_levels": prior.n_levels,
            "kinds": list(prior.kinds),
            "ranges": [list(ends) for ends in prior.ranges],
            "rounded_to": None if levels is None else len(levels),
            "labels": [
                {"value": _plain(value), "name": name}
                for value, name in zip(self.model.label_values, self.label_names, strict=True)
            ],
            "factors": list(factors),
            "words": list(self.words),
            "observables": [
                {"name": o.plain, "meaning": o.meaning, "words": list(o.words)}
                for o in self.collective()
            ],
            "entanglement": entanglement_name(self.pure) if self.n_qubits > 1 else None,
            "real": [self._ranges(part) for part in self.real],
            "code": templates(self.model),
            "most_points": MOST_POINTS,
        }

    def _ranges(self, part: Batch) -> dict[str, Any]:
        """Least, 5 %, 95 % and largest value of each property that is shown, for real states."""
        sample = part.states[:MOST_REAL]
        words = [Observable(word, "", (word,)) for word in self.words]
        values = {
            "observables": mean_values(part.states, self.collective()),
            "words": mean_values(sample, words),
            "purity": sample.purity()[:, None],
            "entanglement": self.entanglement(sample)[:, None],
        }
        if part.factors is not None:
            values["factors"] = part.factors
        levels = torch.tensor(LEVELS, dtype=torch.float64)
        return {
            key: torch.quantile(numbers.double(), levels, dim=0).T.tolist()
            for key, numbers in values.items()
        }

    def entanglement(self, states: States) -> Tensor:
        """Entanglement across the middle cut in bits, ``(B,)``.

        It is the same quantity for generated and for real states: if some of them are mixed, pure
        ones get the logarithmic negativity too.
        """
        if self.pure or not states.is_pure:
            return entanglement(states)
        # A column of zeros: the states are then treated as mixed ones.
        factor = torch.nn.functional.pad(states.factor, (0, 1))
        return entanglement(States(factor))

    def points(self, label: object, latents: object) -> tuple[int, Tensor]:
        """Check the label and the latents of a request.

        Returns:
            The class index, and the latents ``(P, n_latent)``.

        Raises:
            QganError: for an unknown label, for no point or too many, or for an entry that is no
                number in the range of its latent.
        """
        classes = range(self.n_labels)
        if not isinstance(label, int) or isinstance(label, bool) or label not in classes:
            rule = f"must be from 0 to {self.n_labels - 1}"
            raise errors.argument("label", rule, _short(label))
        if not isinstance(latents, list) or not 1 <= len(latents) <= MOST_POINTS:
            got = f"{len(latents)} points" if isinstance(latents, list) else _short(latents)
            raise errors.argument("latent", f"must be a list of 1 to {MOST_POINTS} points", got)
        n = self.sampler.n_latent
        for point in latents:
            if not isinstance(point, list) or len(point) != n:
                raise errors.argument("latent", f"must have {n} entries a point", _short(point))
            for entry, (low, high) in zip(point, self.sampler.prior.ranges, strict=True):
                if type(entry) not in (int, float) or not low <= entry <= high:  # nan is refused
                    rule = f"must be from {low:g} to {high:.5g}"
                    raise errors.argument("latent", rule, _short(entry))
        return label, torch.tensor(latents, dtype=torch.float64).reshape(len(latents), n)

    def states(self, label: object, latents: object) -> dict[str, Any]:
        """States and what only this side can tell of them, for some points of one label.

        Args:
            label: class index.
            latents: up to ``MOST_POINTS`` points of ``n_latent`` entries, each in its range.

        Returns:
            ``rank``; ``factor``: base64 of float64 ``(P, 2**n, rank, 2)``, little-endian;
            ``inputs``: base64 of float64 ``(P, n_inputs)``, the circuit's angles; ``purity``,
            ``entanglement``; ``nearest`` (``fidelity``, ``place``, ``factors``) or None.

        Raises:
            QganError: if :meth:`points` refuses the request.
        """
        return self.compute(*self.points(label, latents))

    def compute(self, label: int, z: Float[Tensor, "P z"]) -> dict[str, Any]:
        """States at points of one label; unlike in :meth:`states` nothing is checked.

        Args:
            label: class index.
            z: any number of latents, ``(P, n_latent)``.

        Returns:
            The plain data that :meth:`states` describes.
        """
        classes = torch.full((len(z),), label)
        states = prepare(self.sampler.exact_states(classes, z.float())).compressed()
        with torch.no_grad():
            inputs = self.sampler.inputs(classes, z)
        return {
            "rank": states.rank,
            "factor": as_base64(torch.view_as_real(states.factor)),
            "inputs": as_base64(inputs),
            "purity": states.purity().tolist(),
            "entanglement": self.entanglement(states).tolist(),
            "nearest": self._nearest(label, states),
        }

    def _nearest(self, label: int, states: States) -> dict[str, Any] | None:
        if not self.real:
            return None
        part = self.real[label]
        index, fidelity = nearest_real(states, part.states)
        factors = None if part.factors is None else part.factors[index].tolist()
        return {"fidelity": fidelity.tolist(), "place": index.tolist(), "factors": factors}


def open_explorer(
    path: str | Path, checkpoint: str = "best", data_file: Path | None = None
) -> tuple[Explorer, str]:
    """Open a run to look at it.

    Args:
        path: a run folder.
        checkpoint: "best" or "last".
        data_file: where the file of its data is now, if a user names it.

    Returns:
        The explorer, and the reason why it has no data (empty if it has them).

    Raises:
        QganError: if the folder is missing or cannot be opened as a run, or its states cannot be
            looked at.
    """
    model, data, reason = open_run(path, checkpoint, data_file)
    return Explorer(model, data, Path(path).resolve().name), reason


def as_base64(values: Tensor) -> str:
    """Numbers as the base64 text of their little-endian float64 bytes."""
    array = np.ascontiguousarray(values.detach().cpu().double().numpy().astype("<f8"))
    return base64.b64encode(array.tobytes()).decode("ascii")


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
