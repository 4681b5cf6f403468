"""What a page may ask of a run, as plain data: what there is, and states at labels and latents."""

from __future__ import annotations

import base64
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
from qgan.states import States

FORMAT = 1
MOST_POINTS = 512
"""Points of one request: a path or a sweep needs a hundred."""
MOST_REAL = 256
"""Real states of a label whose spread is measured."""
MOST_QUBITS = 10
"""Wider states are no picture any more, and a slider would lag."""


class Explorer:
    """A trained generator beside the real states it learned from, answering in plain data.

    Args:
        model: the opened run.
        data: what it learned, or None where that is not to be had: no ranges, no nearest states.
        name: of the run, for people.

    Raises:
        QganError: if the states are too wide to be looked at, or a label has no held-out state.
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
        self.pure = self._measures_pure()

    def _measures_pure(self) -> bool:
        """Whether generated and real states are pure, so that entropy means entanglement."""
        latent = torch.zeros(1, self.sampler.n_latent)
        states = self.sampler.exact_states(torch.zeros(1, dtype=torch.int64), latent)
        return states.is_pure and all(part.states.is_pure for part in self.real)

    @property
    def label_names(self) -> list[str]:
        """Labels for people."""
        names = self.model.label_values if self.data is None else self.data.label_names
        return [str(name) for name in names]

    def collective(self) -> tuple[Observable, ...]:
        """Observables of the whole chain; single words come beside them."""
        return observables(self.n_qubits)

    def about(self) -> dict[str, Any]:
        """Everything about the run that does not change with label and latent."""
        factors = () if self.data is None else self.data.factor_names
        prior = self.sampler.prior
        return {
            "format": FORMAT,
            "name": self.name,
            "checkpoint": self.model.checkpoint,
            "step": self.model.step,
            "n_qubits": self.n_qubits,
            "n_latent": prior.n_latent,
            "n_levels": prior.n_levels,
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
        """Least, 5 %, 95 % and largest value of a label's real states, of all there is to see."""
        some = part.states[slice(MOST_REAL)]
        words = [Observable(word, "", (word,)) for word in self.words]
        found = {
            "observables": mean_values(part.states, self.collective()),
            "words": mean_values(some, words),
            "purity": some.purity()[:, None],
            "entanglement": self.entanglement(some)[:, None],
        }
        if part.factors is not None:
            found["factors"] = part.factors
        levels = torch.tensor(LEVELS, dtype=torch.float64)
        return {
            key: torch.quantile(v.double(), levels, dim=0).T.tolist() for key, v in found.items()
        }

    def entanglement(self, states: States) -> Tensor:
        """Entanglement across the middle cut, by one measure for generated and real states."""
        if self.pure or not states.is_pure:
            return entanglement(states)
        padded = torch.nn.functional.pad(states.factor, (0, 1))  # pure, judged as the mixed are
        return entanglement(States(padded))

    def points(self, label: object, latents: object) -> tuple[int, Tensor]:
        """A request's class index and latents ``(P, n_latent)``, checked.

        Raises:
            QganError: for an unknown label, no point or too many, or entries that are not
                numbers of the prior's range.
        """
        known = range(self.n_labels)
        if not isinstance(label, int) or isinstance(label, bool) or label not in known:
            rule = f"must be from 0 to {self.n_labels - 1}"
            raise errors.argument("label", rule, _short(label))
        if not isinstance(latents, list) or not 1 <= len(latents) <= MOST_POINTS:
            got = f"{len(latents)} points" if isinstance(latents, list) else _short(latents)
            raise errors.argument("latent", f"must be a list of 1 to {MOST_POINTS} points", got)
        n = self.sampler.n_latent
        for point in latents:
            if not isinstance(point, list) or len(point) != n:
                raise errors.argument("latent", f"must have {n} entries a point", _short(point))
            for entry in point:
                if type(entry) not in (int, float) or not -1 <= entry <= 1:  # nan is not, either
                    raise errors.argument("latent", "must be from -1 to 1", _short(entry))
        return label, torch.tensor(latents, dtype=torch.float64).reshape(len(latents), n)

    def states(self, label: object, latents: object) -> dict[str, Any]:
        """States and what only this side can tell of them, for some points of one label.

        Args:
            label: class index.
            latents: up to ``MOST_POINTS`` points of ``n_latent`` entries in [-1, 1].

        Returns:
            ``rank``; ``factor``: base64 of float64 ``(P, 2**n, rank, 2)``, little-endian;
            ``inputs``: base64 of float64 ``(P, n_inputs)``, the circuit's angles; ``purity``,
            ``entanglement``; ``nearest`` (``fidelity``, ``place``, ``factors``) or None.

        Raises:
            QganError: as :meth:`points`.
        """
        return self.compute(*self.points(label, latents))

    def compute(self, label: int, z: Float[Tensor, "P z"]) -> dict[str, Any]:
        """The same as :meth:`states` for points that need no check, however many."""
        classes = torch.full((len(z),), label)
        states = prepare(self.sampler.exact_states(classes, z.float())).compressed()
        with torch.no_grad():
            inputs = self.sampler.inputs(classes, z)
        return {
            "rank": states.rank,
            "factor": packed(torch.view_as_real(states.factor)),
            "inputs": packed(inputs),
            "purity": states.purity().tolist(),
            "entanglement": self.entanglement(states).tolist(),
            "nearest": self._nearest(label, states),
        }

    def _nearest(self, label: int, states: States) -> dict[str, Any] | None:
        if not self.real:
            return None
        part = self.real[label]
        place, fidelity = nearest_real(states, part.states)
        factors = None if part.factors is None else part.factors[place].tolist()
        return {"fidelity": fidelity.tolist(), "place": place.tolist(), "factors": factors}


def packed(values: Tensor) -> str:
    """Numbers as base64 of little-endian float64."""
    array = np.ascontiguousarray(values.detach().cpu().double().numpy().astype("<f8"))
    return base64.b64encode(array.tobytes()).decode("ascii")


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:39] + "…"
