"""What an evaluation says: a report a label, and the verdicts on collapse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite, isnan
from typing import Any

LEAST_SPREAD_RATIO = 0.5
"""Mode collapse: generated states differ less than half as much as real ones do."""
LEAST_NEIGHBOUR_RATIO = 0.01
"""Mode collapse: generated states lie a hundred times closer than real ones: frozen copies."""
LEAST_MODES_RATIO = 0.5
"""Mode collapse: generated states occupy fewer than half as many effective modes as real ones."""
LEAST_RECOGNISED = 0.1
"""Real states must be recognised this much above chance for label collapse to be judged."""
LEAST_MULTIPLE_RANK = 0.3
"""Latent ignored: no hidden factor is predicted by the latents better than this."""


def judge_label_collapse(recovered: float, recovered_real: float, n_labels: int) -> bool | None:
    """Whether generated states show their label too rarely.

    Yes if ``recovered < (1 / n_labels + recovered_real) / 2``, half-way from chance to real states.

    Args:
        recovered: share of generated states recognised by their label.
        recovered_real: the same of held-out real states.
        n_labels: number of labels.

    Returns:
        The verdict; None with one label, or where real states are recognised less than
        ``LEAST_RECOGNISED`` above chance.

    Example:
        >>> judge_label_collapse(0.5, 0.99, 2), judge_label_collapse(0.97, 0.99, 2)
        (True, False)
    """
    chance = 1 / n_labels
    if n_labels == 1 or recovered_real - chance < LEAST_RECOGNISED:
        return None
    return recovered < (chance + recovered_real) / 2


def judge_mode_collapse(
    spread_ratio: float, nearest_neighbour_ratio: float, modes_ratio: float = 1.0
) -> bool | None:
    """Whether generated states are too few or too alike.

    Yes if the spread ratio is below ``LEAST_SPREAD_RATIO``, the nearest-neighbour ratio below
    ``LEAST_NEIGHBOUR_RATIO`` or the ratio of effective modes below ``LEAST_MODES_RATIO``. A no is
    weak: frozen states with a little noise pass; skill tells.

    Args:
        spread_ratio: see :func:`spread_ratio`.
        nearest_neighbour_ratio: see :func:`nearest_neighbour_ratio`.
        modes_ratio: effective modes, generated to real; see :func:`effective_modes`.

    Returns:
        The verdict; None where real states do not spread.
    """
    if isnan(spread_ratio):
        return None
    few = nearest_neighbour_ratio < LEAST_NEIGHBOUR_RATIO or modes_ratio < LEAST_MODES_RATIO
    return few or spread_ratio < LEAST_SPREAD_RATIO


def judge_latent_ignored(multiple_rank: Sequence[float]) -> bool | None:
    """Whether the latents predict no hidden factor: all R below ``LEAST_MULTIPLE_RANK``.

    Args:
        multiple_rank: R of each factor; nan where it is undefined.

    Returns:
        The verdict; None without a factor whose R is defined.
    """
    known = [r for r in multiple_rank if not isnan(r)]
    return max(known) < LEAST_MULTIPLE_RANK if known else None


def _any(verdicts: Sequence[bool | None]) -> bool | None:
    judged = [verdict for verdict in verdicts if verdict is not None]
    return any(judged) if judged else None


def _plain(value: Any) -> Any:
    """Numbers, strings, lists and dicts; None for a float that is not finite."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True)
class LabelReport:
    """What was measured of one label; nan and None stand for undefined.

    Args:
        label: the class index.
        n_generated: generated states judged.
        n_held_out: held-out states they were judged on.
        skill: the headline, see :func:`skill`.
        skill_undefined: why skill is nan, or None.
        w: Wasserstein distance of generated and held-out states.
        w2: that of order 2.
        w0: the floor, see :class:`Reference`.
        w1: that of the best single state.
        w1_pure: that of the top eigenvector; differs from ``w1`` only for mixed real states.
        coverage: see :func:`coverage`.
        collapsed_coverage: coverage that one single state reaches.
        precision: see :func:`precision`.
        spread_ratio: see :func:`spread_ratio`.
        nearest_neighbour_ratio: see :func:`nearest_neighbour_ratio`.
        average_distance: trace distance of the average states.
        mmd: unbiased squared maximum mean discrepancy with kernel ``Tr[rho sigma]^2``.
        mmd_p_value: how often a random split of real and generated states differs as much.
        moments: for k = 1, 2, 3 see :func:`moment_distance`.
        k_eq: see :func:`equivalent_frozen`; from as many generated states as the floor has.
        effective_modes: see :func:`effective_modes`; modes are 16 real states chosen to cover.
        effective_modes_real: the same of held-out states.
        purity: mean ``Tr rho^2`` of generated states.
        real_purity: the same of held-out states.
        label_recovered: share of generated states whose nearest training state has the label.
        label_recovered_real: the same of held-out states, the rate to compare with.
        label_information: see :func:`label_information`, in nats.
        label_information_real: the same of held-out states.
        spearman: for each factor its rank correlation with each latent.
        multiple_rank: for each factor R, see :func:`multiple_rank_correlation`.
        factor_reached: for each factor the share of its range, see :func:`factor_reached`.
        label_collapse: the label is recovered less often than half-way from chance to real
            states' rate; None with one label, or where real states are hardly recognised.
        mode_collapse: spread ratio below 0.5, nearest-neighbour ratio below 0.01, or effective
            modes below half of the real ones; None where real states do not spread.
        latent_ignored: no factor is predicted with R of 0.3; None without known factors.
        floors: what training states score in place of generated ones, by names of measures.
        intervals: ends of the 95 % bootstrap interval, by names of measures; those of a factor
            are called as in ``multiple_rank/NAME``. Empty where no intervals were asked for.
    """

    label: int
    n_generated: int
    n_held_out: int
    skill: float
    skill_undefined: str | None
    w: float
    w0: float
    w1: float
    w1_pure: float
    w2: float
    coverage: float
    collapsed_coverage: float
    precision: float
    spread_ratio: float
    nearest_neighbour_ratio: float
    average_distance: float
    mmd: float
    mmd_p_value: float
    moments: tuple[float, ...]
    k_eq: float
    effective_modes: float
    effective_modes_real: float
    purity: float
    real_purity: float
    label_recovered: float
    label_recovered_real: float
    label_information: float
    label_information_real: float
    spearman: dict[str, tuple[float, ...]]
    multiple_rank: dict[str, float]
    factor_reached: dict[str, float]
    label_collapse: bool | None
    mode_collapse: bool | None
    latent_ignored: bool | None
    floors: dict[str, float]
    intervals: dict[str, tuple[float, float]]

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; None for undefined."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


@dataclass(frozen=True)
class Report:
    """The evaluation of a generator: a report a label, in order of labels.

    Args:
        labels: the reports.
        holevo: the most that one copy of a generated state tells of its label, in nats.
        holevo_real: the same of held-out states.
    """

    labels: tuple[LabelReport, ...]
    holevo: float = float("nan")
    holevo_real: float = float("nan")

    def wasserstein(self) -> float:
        """Mean over labels of W: less is better; it needs no knowledge of hidden factors."""
        return sum(report.w for report in self.labels) / len(self.labels)

    def label_information(self) -> float:
        """Mutual information of label and recovered label, labels equally likely, in nats."""
        return sum(report.label_information for report in self.labels) / len(self.labels)

    @property
    def label_collapse(self) -> bool | None:
        """Whether any label collapsed; None if none could be judged."""
        return _any([report.label_collapse for report in self.labels])

    @property
    def mode_collapse(self) -> bool | None:
        """Whether any label's modes collapsed; None if none could be judged."""
        return _any([report.mode_collapse for report in self.labels])

    @property
    def latent_ignored(self) -> bool | None:
        """Whether any label's latent is ignored; None without known factors."""
        return _any([report.latent_ignored for report in self.labels])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; None for undefined."""
        return {
            "wasserstein": _plain(self.wasserstein()),
            "label_information": _plain(self.label_information()),
            "holevo": _plain(self.holevo),
            "holevo_real": _plain(self.holevo_real),
            "label_collapse": self.label_collapse,
            "mode_collapse": self.mode_collapse,
            "latent_ignored": self.latent_ignored,
            "labels": [report.to_dict() for report in self.labels],
        }
