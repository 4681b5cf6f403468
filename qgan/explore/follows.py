"""What each latent follows: hidden factors and observables, with the sentence that says so."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan.data import SOURCES, Dataset
from qgan.explore.observables import measure, nearest_real, observables, real_part
from qgan.metrics import rank_correlations
from qgan.metrics.ensembles import prepare
from qgan.model import Model, exact_states

Array = np.ndarray[Any, np.dtype[np.float64]]

N_SAMPLES = 512
N_POSITIONS = 81
NEIGHBOURS = 4
FOLLOWS, LEANS = 0.9, 0.5
"""|Spearman| from which a latent is said to follow a property, and to lean towards it."""

MEANINGS = {"h": "transverse field h", "g": "longitudinal field g"}
"""Hidden factors of our own sources, for people."""


@dataclass(frozen=True)
class Row:
    """One latent beside one property, at one label.

    Args:
        label: class index.
        latent: which entry of z.
        name: of the property.
        hidden: whether it is a hidden factor (of the nearest real state), not an observable.
        spearman: rank correlation over draws from the prior.
        information: mutual information of the two in bits.
        covered: fraction of the real states' range that turning this latent alone passes, the
            others at 0.
    """

    label: int
    latent: int
    name: str
    hidden: bool
    spearman: float
    information: float
    covered: float


@dataclass(frozen=True)
class Factors:
    """All rows, and what they say.

    Args:
        rows: label by label, latent by latent.
        label_names: for people.
    """

    rows: tuple[Row, ...]
    label_names: tuple[str, ...]

    def of(self, label: int, latent: int | None = None) -> list[Row]:
        """Rows of one label, or of one latent of it."""
        return [r for r in self.rows if r.label == label and latent in (None, r.latent)]

    def sentence(self, label: int, latent: int) -> str:
        """What a latent follows: "z_0: transverse field h, Spearman +0.99"."""
        rows = self.of(label, latent)
        hidden = [row for row in rows if row.hidden]
        best = max(hidden or rows, key=lambda row: abs(row.spearman))
        told = f"{best.name}, Spearman {best.spearman:+.2f}"
        if abs(best.spearman) >= FOLLOWS:
            return f"z_{latent}: {told}"
        if abs(best.spearman) >= LEANS:
            return f"z_{latent}: leans towards {told}"
        return f"z_{latent}: nothing that is named here alone (most: {told})"

    def follower(self, label: int, name: str) -> tuple[int, float]:
        """The latent that follows a property most, and its Spearman correlation."""
        rows = [row for row in self.of(label) if name in (row.name, row.name.split()[-1])]
        best = max(rows, key=lambda row: abs(row.spearman))
        return best.latent, best.spearman

    def __str__(self) -> str:
        lines = []
        for label, name in enumerate(self.label_names):
            lines.append(name)
            lines.append(f"  {'':8}{'property':24}{'Spearman':>9}{'bits':>7}{'covered':>9}")
            for row in self.of(label):
                lines.append(
                    f"  z_{row.latent:<6}{row.name:24}{row.spearman:+9.2f}{row.information:7.2f}"
                    f"{row.covered:9.2f}"
                )
            for latent in sorted({row.latent for row in self.of(label)}):
                lines.append(f"  {self.sentence(label, latent)}")
            for wanted in dict.fromkeys(row.name for row in self.of(label) if row.hidden):
                latent, spearman = self.follower(label, wanted)
                lines.append(f"  {wanted}: z_{latent}, Spearman {spearman:+.2f}")
        return "\n".join(lines)


def factors(model: Model, data: Dataset, n: int = N_SAMPLES, seed: int = 0) -> Factors:
    """Each latent against each hidden factor and each named observable.

    The hidden factors of a generated state are those of the nearest held-out state of its label.

    Args:
        model: an opened run.
        data: what it learned.
        n: latents drawn for each label.
        seed: of the draws.

    Returns:
        Rank correlation, mutual information and fraction of the range, row by row, and sentences.

    Raises:
        QganError: if a label has no held-out state.
    """
    names = [MEANINGS.get(f, f) if data.name in SOURCES else f for f in data.factor_names]
    shown = [*names, *(o.plain for o in observables(data.n_qubits))]
    rows = []
    latent = model.generator.prior.sample(n, torch.Generator().manual_seed(seed))
    for label in range(data.n_labels):
        values, real = _properties(model, data, label, latent)
        correlations = rank_correlations(latent.double(), values)
        covered = _covered(model, data, label, real)
        for k in range(model.generator.n_latent):
            for j, name in enumerate(shown):
                bits = mutual_information(latent[:, k].double(), values[:, j], seed)
                found = float(correlations[k, j]), bits, float(covered[k, j])
                rows.append(Row(label, k, name, j < len(names), *found))
    return Factors(tuple(rows), tuple(data.label_names))


def _properties(
    model: Model, data: Dataset, label: int, latent: Tensor
) -> tuple[Float[Tensor, "B K"], Float[Tensor, "M K"]]:
    """Factors (of the nearest real state) and observables: of generated states, of real ones."""
    part = real_part(data, label)
    classes = torch.full((len(latent),), label)
    states = prepare(exact_states(model.generator, classes, latent))
    wanted = observables(data.n_qubits)
    made, real = [measure(states, wanted)], [measure(part.states, wanted)]
    if part.factors is not None:
        place, _ = nearest_real(states, part.states)
        made.insert(0, part.factors[place])
        real.insert(0, part.factors)
    return torch.cat(made, dim=1), torch.cat(real, dim=1)


def _covered(model: Model, data: Dataset, label: int, real: Tensor) -> Float[Tensor, "z K"]:
    """How much of each property's real range a latent passes alone."""
    low, high = real.amin(0), real.amax(0)
    position, n = torch.linspace(-1, 1, N_POSITIONS), model.generator.n_latent
    found = []
    for k in range(n):
        latent = torch.zeros(N_POSITIONS, n)
        latent[:, k] = position
        values, _ = _properties(model, data, label, latent)
        inside = torch.minimum(values.amax(0), high) - torch.maximum(values.amin(0), low)
        found.append(inside.clamp_min(0) / (high - low).clamp_min(1e-12))
    return torch.stack(found) if found else torch.zeros(0, real.shape[1])


def mutual_information(a: Float[Tensor, " N"], b: Float[Tensor, " N"], seed: int = 0) -> float:
    """Mutual information of two samples in bits, by the distances to their nearest neighbours.

    ``I = psi(k) + psi(N) - <psi(n_a + 1) + psi(n_b + 1)>`` of the ranks, ties broken at random;
    it does not change when either is transformed monotonically.

    Args:
        a: N numbers.
        b: N numbers, pair by pair.
        seed: of what breaks ties.

    Returns:
        Bits, at least 0.

    References:
        Kraskov, Stögbauer and Grassberger, Phys. Rev. E 69, 066138 (2004), eq. 8.
    """
    from scipy.spatial import cKDTree
    from scipy.special import digamma

    random = np.random.default_rng(seed)
    x, y = (_places(v.detach().double().numpy(), random) for v in (a, b))
    points = np.stack([x, y], axis=1)
    reach = cKDTree(points).query(points, k=NEIGHBOURS + 1, p=np.inf)[0][:, -1]
    counts = []
    for column in (x, y):
        ordered = np.sort(column)
        above = np.searchsorted(ordered, column + reach - 1e-12)
        counts.append(above - np.searchsorted(ordered, column - reach + 1e-12, "right"))
    near = sum(float(digamma(np.maximum(count, 1)).mean()) for count in counts)
    nats = float(digamma(NEIGHBOURS) + digamma(len(x))) - near
    return max(0.0, nats / math.log(2))


def _places(values: Array, random: np.random.Generator) -> Array:
    """Normal scores of the ranks: what is equal gets places in a random order."""
    from scipy.special import ndtri

    order = np.lexsort((random.random(len(values)), values))
    ranks = np.empty(len(values))
    ranks[order] = np.arange(len(values))
    return np.asarray(ndtri((ranks + 0.5) / len(values)))
