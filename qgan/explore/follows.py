"""Which hidden factors and observables each latent follows, as numbers and as sentences."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.build import SOURCES
from qgan.data import Dataset
from qgan.explore._mutual_information import mutual_information
from qgan.explore.observables import mean_values, nearest_real, observables, real_part
from qgan.metrics import multiple_rank_correlation, rank_correlations
from qgan.metrics.ensembles.covering import prepare
from qgan.model import Model
from qgan.seeds import seeded

__all__ = ["Factors", "Follower", "Row", "factors"]

N_SAMPLES = 512
N_POSITIONS = 81
FOLLOWING_SHARE = 0.8
"""A latent or a direction follows a property if it explains at least this share of the rank
variance that all latents together explain."""
LEANING_SPEARMAN = 0.5
"""A latent leans towards a property from this absolute rank correlation on."""
LEAST_JOINT_CORRELATION = 0.5
"""Below this correlation R with all latents together, no latent follows a property."""

MEANINGS = {"h": "transverse field h", "g": "longitudinal field g"}
"""The hidden factors of the built-in data sources, in words."""


@dataclass(frozen=True)
class Row:
    """How one latent and one property go together in the states of one label.

    Args:
        label: class index.
        latent: index of the entry of z.
        name: name of the property.
        hidden: whether the property is a hidden factor (that of the nearest real state) and not an
            observable.
        spearman: rank correlation over draws from the prior.
        information: mutual information of the two in bits.
        range_share: fraction of the range of the real states that the property passes through when
            this latent alone is turned, with the others at 0.
    """

    label: int
    latent: int
    name: str
    hidden: bool
    spearman: float
    information: float
    range_share: float


@dataclass(frozen=True)
class Follower:
    """What follows a property in the states of one label: a latent, a direction, or neither.

    Args:
        label: class index.
        name: name of the property.
        latent: the entry of z that follows the property most.
        spearman: rank correlation of this entry with the property.
        direction: unit vector in latent space along which the rank of the property rises most.
        direction_spearman: rank correlation of the property with the projection of z on it.
        joint_correlation: multiple rank correlation R of the property with all latents together:
            the most that z can explain of it.
    """

    label: int
    name: str
    latent: int
    spearman: float
    direction: tuple[float, ...]
    direction_spearman: float
    joint_correlation: float

    @property
    def alone(self) -> bool:
        """Whether this one latent explains nearly all that z explains of the property."""
        return (
            self.joint_correlation >= LEAST_JOINT_CORRELATION
            and self.spearman**2 >= FOLLOWING_SHARE * self.joint_correlation**2
        )

    def __str__(self) -> str:
        best = f"z_{self.latent}, Spearman {self.spearman:+.2f}"
        if len(self.direction) == 1:
            return f"{self.name}: {'' if self.alone else 'not followed by '}{best}"
        remark = f"R {self.joint_correlation:.2f} of all latents together"
        if self.joint_correlation < LEAST_JOINT_CORRELATION:
            return f"{self.name}: followed by nothing ({remark})"
        if self.alone:
            return f"{self.name}: followed by {best} ({remark})"
        if self.direction_spearman**2 >= FOLLOWING_SHARE * self.joint_correlation**2:
            combination = " ".join(f"{c:+.2f} z_{k}" for k, c in enumerate(self.direction))
            correlation = f"Spearman {self.direction_spearman:+.2f}"
            return f"{self.name}: followed by {combination}, {correlation} ({remark})"
        return f"{self.name}: followed by no latent or direction alone (most: {best}; {remark})"


@dataclass(frozen=True)
class Factors:
    """How each latent goes together with each property, as a table and as sentences.

    Args:
        rows: the rows of the table, ordered by label, then by latent.
        label_names: names of the labels for people.
        followers: what follows each property, for each label.
    """

    rows: tuple[Row, ...]
    label_names: tuple[str, ...]
    followers: tuple[Follower, ...] = ()

    def of(self, label: int, latent: int | None = None) -> list[Row]:
        """The rows of one label, or only those of one of its latents."""
        return [r for r in self.rows if r.label == label and latent in (None, r.latent)]

    def sentence(self, label: int, latent: int) -> str:
        """What a latent follows, such as "z_0: transverse field h, Spearman +0.99"."""
        rows = self.of(label, latent)
        hidden = [row for row in rows if row.hidden]
        best = max(hidden or rows, key=lambda row: abs(row.spearman))
        correlation = f"{best.name}, Spearman {best.spearman:+.2f}"
        if any(
            f.alone and f.latent == latent and f.name == best.name for f in self.followers_of(label)
        ):
            return f"z_{latent}: {correlation}"
        if abs(best.spearman) >= LEANING_SPEARMAN:
            return f"z_{latent}: leans towards {correlation}"
        return f"z_{latent}: nothing that is named here alone (most: {correlation})"

    def followers_of(self, label: int) -> list[Follower]:
        """What follows each property of the states of a label."""
        return [follower for follower in self.followers if follower.label == label]

    def follower(self, label: int, name: str) -> tuple[int, float]:
        """The latent that follows a property most, and its rank correlation (Spearman)."""
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
                    f"{row.range_share:9.2f}"
                )
            for latent in sorted({row.latent for row in self.of(label)}):
                lines.append(f"  {self.sentence(label, latent)}")
            hidden = {row.name for row in self.of(label) if row.hidden}
            lines += [
                f"  {follower}" for follower in self.followers_of(label) if follower.name in hidden
            ]
        return "\n".join(lines)


def factors(model: Model, data: Dataset, n: int = N_SAMPLES, seed: int = 0) -> Factors:
    """Compare each latent with each hidden factor and with each observable.

    The hidden factors of a generated state are those of the nearest held-out state of its label.

    Args:
        model: an opened run.
        data: the data set that the run learned.
        n: number of latents that are drawn for each label.
        seed: seed of the draws.

    Returns:
        A table of rank correlations, mutual information and shares of the range, with sentences.

    Raises:
        QganError: if a label has no held-out state.
    """
    names = [MEANINGS.get(f, f) if data.name in SOURCES else f for f in data.factor_names]
    properties = [*names, *(o.plain for o in observables(data.n_qubits))]
    rows, followers = [], []
    latent = model.sampler.prior.sample(n, seeded(seed))
    for label in range(data.n_labels):
        values, real = _properties(model, data, label, latent)
        correlations = rank_correlations(latent.double(), values)
        shares = _range_shares(model, data, label, real)
        followers += _followers(label, properties, latent.double(), values)
        for k in range(model.sampler.n_latent):
            for j, name in enumerate(properties):
                bits = mutual_information(latent[:, k].double(), values[:, j], seed)
                figures = float(correlations[k, j]), bits, float(shares[k, j])
                rows.append(Row(label, k, name, j < len(names), *figures))
    return Factors(tuple(rows), tuple(data.label_names), tuple(followers))


def _followers(
    label: int, names: list[str], latent: Float[Tensor, "B z"], values: Float[Tensor, "B K"]
) -> list[Follower]:
    """What follows each property of a label: the best latent, the best direction, all latents."""
    correlations = rank_correlations(latent, values)
    joint = multiple_rank_correlation(latent, values).nan_to_num()
    followers = []
    for j, name in enumerate(names if latent.shape[1] else ()):
        k = int(correlations[:, j].abs().argmax())
        spearman = float(correlations[k, j])
        # The latents are uniform and independent, so the direction of least squares is that of the
        # correlations.
        direction = correlations[:, j] / correlations[:, j].norm().clamp_min(1e-12)
        directional = float(rank_correlations((latent @ direction)[:, None], values[:, j : j + 1]))
        highest = max(float(joint[j]), abs(spearman), directional)
        vector = tuple(direction.tolist())
        followers.append(Follower(label, name, k, spearman, vector, directional, highest))
    return followers


def _properties(
    model: Model, data: Dataset, label: int, latent: Tensor
) -> tuple[Float[Tensor, "B K"], Float[Tensor, "M K"]]:
    """Factors (those of the nearest real state) and observables of generated and of real states."""
    part = real_part(data, label)
    classes = torch.full((len(latent),), label)
    states = prepare(model.sampler.exact_states(classes, latent))
    chain = observables(data.n_qubits)
    generated, real = [mean_values(states, chain)], [mean_values(part.states, chain)]
    if part.factors is not None:
        place, _ = nearest_real(states, part.states)
        generated.insert(0, part.factors[place])
        real.insert(0, part.factors)
    return torch.cat(generated, dim=1), torch.cat(real, dim=1)


def _range_shares(model: Model, data: Dataset, label: int, real: Tensor) -> Float[Tensor, "z K"]:
    """The share of the real range of each property that each latent passes through alone."""
    low, high = real.amin(0), real.amax(0)
    position, n = torch.linspace(-1, 1, N_POSITIONS), model.sampler.n_latent
    shares = []
    for k in range(n):
        latent = torch.zeros(N_POSITIONS, n)
        latent[:, k] = position
        values, _ = _properties(model, data, label, latent)
        overlap = torch.minimum(values.amax(0), high) - torch.maximum(values.amin(0), low)
        shares.append(overlap.clamp_min(0) / (high - low).clamp_min(1e-12))
    return torch.stack(shares) if shares else torch.zeros(0, real.shape[1])
