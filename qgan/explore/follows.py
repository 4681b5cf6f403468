"""Which hidden factors and observables each latent follows, as numbers and as sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.build import SOURCES
from qgan.data import Dataset
from qgan.explore._mutual_information import mutual_information
from qgan.explore.observables import mean_values, nearest_real, observables, real_part
from qgan.metrics import multiple_rank_correlation
from qgan.metrics.ensembles.angles import following_correlations, multiple_angle_correlation
from qgan.metrics.ensembles.covering import prepare
from qgan.metrics.ensembles.modes import factor_reached
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

MEASURES = ("Spearman", "circular correlation")
"""What is said of the correlation of a latent with a number, and with an angle."""

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
        spearman: rank correlation over draws from the prior; where the factor or the latent is an
            angle that of :func:`qgan.metrics.ensembles.angles.following_correlations`.
        information: mutual information of the two in bits.
        range_share: fraction of the range of the real states that the property passes through when
            this latent alone is turned, with the others at 0; of an angle that of their arcs.
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
        spearman: rank correlation of this entry with the property; of an angle the circular one.
        direction: unit vector in latent space along which the rank of the property rises most, or
            that of the latent itself where an angle is among the latents.
        direction_spearman: rank correlation of the property with the projection of z on it.
        joint_correlation: multiple rank correlation R of the property with all latents together:
            the most that z can explain of it.
        period: the period of a property that is an angle, and None of a number.
    """

    label: int
    name: str
    latent: int
    spearman: float
    direction: tuple[float, ...]
    direction_spearman: float
    joint_correlation: float
    period: float | None = None

    @property
    def alone(self) -> bool:
        """Whether this one latent explains nearly all that z explains of the property."""
        return (
            self.joint_correlation >= LEAST_JOINT_CORRELATION
            and self.spearman**2 >= FOLLOWING_SHARE * self.joint_correlation**2
        )

    def __str__(self) -> str:
        measure = MEASURES[self.period is not None]
        best = f"z_{self.latent}, {measure} {self.spearman:+.2f}"
        if len(self.direction) == 1:
            return f"{self.name}: {'' if self.alone else 'not followed by '}{best}"
        remark = f"R {self.joint_correlation:.2f} of all latents together"
        if self.joint_correlation < LEAST_JOINT_CORRELATION:
            return f"{self.name}: followed by nothing ({remark})"
        if self.alone:
            return f"{self.name}: followed by {best} ({remark})"
        if self.direction_spearman**2 >= FOLLOWING_SHARE * self.joint_correlation**2:
            combination = " ".join(f"{c:+.2f} z_{k}" for k, c in enumerate(self.direction))
            correlation = f"{measure} {self.direction_spearman:+.2f}"
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
        angles = {f.name for f in self.followers_of(label) if f.period is not None}
        correlation = f"{best.name}, {MEASURES[best.name in angles]} {best.spearman:+.2f}"
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

    The hidden factors of a generated state are those of the nearest held-out state of its label. A
    factor whose period the data tell is an angle: its correlations are circular, so that they do
    not depend on where the circle is cut.

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
    periods = [*data.factor_periods, *[None] * (len(properties) - len(names))]
    rows, followers = [], []
    latent, wraps = model.sampler.prior.sample(n, seeded(seed)), model.sampler.prior.wraps
    for label in range(data.n_labels):
        values, real = _properties(model, data, label, latent)
        shares = _range_shares(model, data, label, real, periods)
        for j, name in enumerate(properties):
            followed = _Property(values[:, j : j + 1], periods[j], wraps)
            if model.sampler.n_latent:
                followers.append(_follower(label, name, latent.double(), followed))
            correlations = followed.correlations(latent.double())
            for k, correlation in enumerate(correlations.tolist()):
                bits = mutual_information(latent[:, k].double(), followed.values[:, 0], seed)
                rows.append(
                    Row(label, k, name, j < len(names), correlation, bits, float(shares[k, j]))
                )
    rows.sort(key=lambda row: (row.label, row.latent))
    return Factors(tuple(rows), tuple(data.label_names), tuple(followers))


class _Property:
    """The values of a property ``(B, 1)``; those of an angle from 0 to its period.

    Args:
        values: the values.
        period: the period of an angle, and None of a number.
        wraps: whether each latent is an angle.
    """

    def __init__(
        self, values: Float[Tensor, "B 1"], period: float | None, wraps: Sequence[bool]
    ) -> None:
        self.wraps = wraps
        self.values = values if period is None else values.remainder(period)
        self.period = period
        self._angle = None if period is None else 2 * math.pi * values / period

    def correlations(self, latent: Float[Tensor, "B z"]) -> Float[Tensor, " z"]:
        """The correlation with each latent, of ranks or of circular ranks."""
        return following_correlations(latent, self.values, self.wraps, (self.period,))[:, 0]

    def along(self, latent: Float[Tensor, "B z"], direction: Float[Tensor, " z"]) -> float:
        """The correlation with the projection of latents that are numbers on a direction."""
        projection = (latent @ direction)[:, None]
        return float(following_correlations(projection, self.values, (), (self.period,)))

    def joint_correlation(self, latent: Float[Tensor, "B z"]) -> float:
        """The correlation R with all latents together; 0 for too few samples."""
        if self._angle is None:
            joint = multiple_rank_correlation(latent, self.values, wraps=self.wraps)
        else:
            joint = multiple_angle_correlation(latent, self._angle, wraps=self.wraps)
        return float(joint.nan_to_num())


def _follower(label: int, name: str, latent: Float[Tensor, "B z"], followed: _Property) -> Follower:
    """What follows a property of a label: the best latent, the best direction, all latents."""
    correlations = followed.correlations(latent)
    k = int(correlations.abs().argmax())
    spearman = float(correlations[k])
    if any(followed.wraps):  # no straight direction goes round a circle
        direction, directional = torch.eye(latent.shape[1]).to(latent)[k], spearman
    else:
        # The latents are alike and independent, so the direction of least squares is that of the
        # correlations.
        direction = correlations / correlations.norm().clamp_min(1e-12)
        directional = followed.along(latent, direction)
    highest = max(followed.joint_correlation(latent), abs(spearman), abs(directional))
    vector = tuple(direction.tolist())
    return Follower(label, name, k, spearman, vector, directional, highest, followed.period)


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


def _range_shares(
    model: Model, data: Dataset, label: int, real: Tensor, periods: Sequence[float | None]
) -> Float[Tensor, "z K"]:
    """The share of the real range of each property that each latent passes through alone."""
    low, high = real.amin(0), real.amax(0)
    n = model.sampler.n_latent
    shares = []
    for k in range(n):
        latent = torch.zeros(N_POSITIONS, n)
        latent[:, k] = model.sampler.prior.positions(k, N_POSITIONS)
        values, _ = _properties(model, data, label, latent)
        overlap = torch.minimum(values.amax(0), high) - torch.maximum(values.amin(0), low)
        share = overlap.clamp_min(0) / (high - low).clamp_min(1e-12)
        for j, period in enumerate(periods):
            if period is not None:
                share[j] = factor_reached(values[:, j], real[:, j], period=period)
        shares.append(share)
    return torch.stack(shares) if shares else torch.zeros(0, real.shape[1])
