"""What each latent follows: hidden factors and observables, with the sentence that says so."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.build import SOURCES
from qgan.data import Dataset
from qgan.explore.mutual_information import mutual_information
from qgan.explore.observables import measure, nearest_real, observables, real_part
from qgan.metrics import multiple_rank_correlation, rank_correlations
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model

N_SAMPLES = 512
N_POSITIONS = 81
SHARE, LEANS, KNOWN = 0.8, 0.5, 0.5
"""A latent, or a direction, follows a property if it tells this share of the rank variance that
all latents tell; it leans towards it from this |Spearman|. Latents tell nothing below this R."""

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
class Follower:
    """What follows a property, at one label: a latent, a direction in latent space, or neither.

    Args:
        label: class index.
        name: of the property.
        latent: the entry of z that follows it most.
        spearman: its rank correlation.
        direction: unit vector in latent space along which the property's rank rises most.
        along: rank correlation with the projection on it.
        together: R of all latents, each bending as it may: the most that z tells of the property.
    """

    label: int
    name: str
    latent: int
    spearman: float
    direction: tuple[float, ...]
    along: float
    together: float

    @property
    def alone(self) -> bool:
        """Whether the one latent tells nearly all that z tells of the property."""
        return self.together >= KNOWN and self.spearman**2 >= SHARE * self.together**2

    def __str__(self) -> str:
        most = f"z_{self.latent}, Spearman {self.spearman:+.2f}"
        if len(self.direction) == 1:
            return f"{self.name}: {'' if self.alone else 'not followed by '}{most}"
        told = f"R {self.together:.2f} of all latents together"
        if self.together < KNOWN:
            return f"{self.name}: followed by nothing ({told})"
        if self.alone:
            return f"{self.name}: followed by {most} ({told})"
        if self.along**2 >= SHARE * self.together**2:
            turned = " ".join(f"{c:+.2f} z_{k}" for k, c in enumerate(self.direction))
            return f"{self.name}: followed by {turned}, Spearman {self.along:+.2f} ({told})"
        return f"{self.name}: followed by no latent or direction alone (most: {most}; {told})"


@dataclass(frozen=True)
class Factors:
    """All rows, and what they say.

    Args:
        rows: label by label, latent by latent.
        label_names: for people.
        followers: for each label and hidden factor (or, where none is known, observable).
    """

    rows: tuple[Row, ...]
    label_names: tuple[str, ...]
    followers: tuple[Follower, ...] = ()

    def of(self, label: int, latent: int | None = None) -> list[Row]:
        """Rows of one label, or of one latent of it."""
        return [r for r in self.rows if r.label == label and latent in (None, r.latent)]

    def sentence(self, label: int, latent: int) -> str:
        """What a latent follows: "z_0: transverse field h, Spearman +0.99"."""
        rows = self.of(label, latent)
        hidden = [row for row in rows if row.hidden]
        best = max(hidden or rows, key=lambda row: abs(row.spearman))
        told = f"{best.name}, Spearman {best.spearman:+.2f}"
        if any(f.alone and f.latent == latent and f.name == best.name for f in self.told(label)):
            return f"z_{latent}: {told}"
        if abs(best.spearman) >= LEANS:
            return f"z_{latent}: leans towards {told}"
        return f"z_{latent}: nothing that is named here alone (most: {told})"

    def told(self, label: int) -> list[Follower]:
        """What follows each property of a label."""
        return [follower for follower in self.followers if follower.label == label]

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
            hidden = {row.name for row in self.of(label) if row.hidden}
            lines += [f"  {follower}" for follower in self.told(label) if follower.name in hidden]
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
    rows, followers = [], []
    latent = model.sampler.prior.sample(n, torch.Generator().manual_seed(seed))
    for label in range(data.n_labels):
        values, real = _properties(model, data, label, latent)
        correlations = rank_correlations(latent.double(), values)
        covered = _covered(model, data, label, real)
        followers += _followers(label, shown, latent.double(), values)
        for k in range(model.sampler.n_latent):
            for j, name in enumerate(shown):
                bits = mutual_information(latent[:, k].double(), values[:, j], seed)
                found = float(correlations[k, j]), bits, float(covered[k, j])
                rows.append(Row(label, k, name, j < len(names), *found))
    return Factors(tuple(rows), tuple(data.label_names), tuple(followers))


def _followers(
    label: int, names: list[str], latent: Float[Tensor, "B z"], values: Float[Tensor, "B K"]
) -> list[Follower]:
    """The best latent, the best direction, and all latents, for each property of a label."""
    correlations = rank_correlations(latent, values)
    together = multiple_rank_correlation(latent, values).nan_to_num()
    found = []
    for j, name in enumerate(names if latent.shape[1] else ()):
        best = int(correlations[:, j].abs().argmax())
        spearman = float(correlations[best, j])
        # Uniform and independent latents: the least-squares direction is that of the correlations.
        direction = correlations[:, j] / correlations[:, j].norm().clamp_min(1e-12)
        along = float(rank_correlations((latent @ direction)[:, None], values[:, j : j + 1]))
        most = max(float(together[j]), abs(spearman), along)
        turned = tuple(direction.tolist())
        found.append(Follower(label, name, best, spearman, turned, along, most))
    return found


def _properties(
    model: Model, data: Dataset, label: int, latent: Tensor
) -> tuple[Float[Tensor, "B K"], Float[Tensor, "M K"]]:
    """Factors (of the nearest real state) and observables: of generated states, of real ones."""
    part = real_part(data, label)
    classes = torch.full((len(latent),), label)
    states = prepare(model.sampler.exact_states(classes, latent))
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
    position, n = torch.linspace(-1, 1, N_POSITIONS), model.sampler.n_latent
    found = []
    for k in range(n):
        latent = torch.zeros(N_POSITIONS, n)
        latent[:, k] = position
        values, _ = _properties(model, data, label, latent)
        inside = torch.minimum(values.amax(0), high) - torch.maximum(values.amin(0), low)
        found.append(inside.clamp_min(0) / (high - low).clamp_min(1e-12))
    return torch.stack(found) if found else torch.zeros(0, real.shape[1])
