"""What an evaluation says: one report per label, and the verdicts on collapse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, isnan, nan
from typing import Any

from qgan.evaluation.latent_use import AngleReading

__all__ = [
    "LabelReport",
    "Report",
    "judge_label_collapse",
    "judge_latent_ignored",
    "judge_mode_collapse",
]

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

    The verdict is yes if ``recovered < (1 / n_labels + recovered_real) / 2``: half-way from chance
    to the rate of real states.

    Args:
        recovered: the share of generated states that show their label.
        recovered_real: the share of held-out states that show their label.
        n_labels: the number of labels.

    Returns:
        The verdict; None if there is one label only, or if real states are recognised less than
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

    The verdict is yes if the spread ratio is below ``LEAST_SPREAD_RATIO``, the nearest-neighbour
    ratio is below ``LEAST_NEIGHBOUR_RATIO`` or the ratio of effective modes is below
    ``LEAST_MODES_RATIO``. A no says little, since frozen states with a little noise pass: skill
    shows these.

    Args:
        spread_ratio: see :func:`spread_ratio`.
        nearest_neighbour_ratio: see :func:`nearest_neighbour_ratio`.
        modes_ratio: effective modes of generated states, divided by those of real ones; see
            :func:`effective_modes`.

    Returns:
        The verdict; None if the real states do not differ.
    """
    if isnan(spread_ratio):
        return None
    few = nearest_neighbour_ratio < LEAST_NEIGHBOUR_RATIO or modes_ratio < LEAST_MODES_RATIO
    return few or spread_ratio < LEAST_SPREAD_RATIO


def judge_latent_ignored(multiple_rank: Sequence[float]) -> bool | None:
    """Whether the latents predict no hidden factor.

    The verdict is yes if R is below ``LEAST_MULTIPLE_RANK`` for every factor.

    Args:
        multiple_rank: R of each factor, see :func:`multiple_rank_correlation`, of an angle see
            :func:`multiple_angle_correlation`; nan where it is undefined.

    Returns:
        The verdict; None if R is defined for no factor.
    """
    known = [r for r in multiple_rank if not isnan(r)]
    return max(known) < LEAST_MULTIPLE_RANK if known else None


def _any(verdicts: Sequence[bool | None]) -> bool | None:
    """Whether any verdict is yes; None if there is no verdict."""
    judged = [verdict for verdict in verdicts if verdict is not None]
    return any(judged) if judged else None


def _plain(value: Any) -> Any:
    """The same value as plain data for JSON, with None for a float that is not finite."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, AngleReading):
        return _plain(vars(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@dataclass(frozen=True)
class LabelReport:
    """The measures and verdicts of one label; a measure that is undefined is nan or None.

    Args:
        label: the class index.
        n_generated: the number of generated states.
        n_held_out: the number of held-out states that they are judged on.
        n_draw: the number of states in each draw that skill is a mean over; 512 is the rule.
        skill: the headline, see :func:`skill`.
        skill_undefined: why skill is nan, or None.
        w: the Wasserstein distance between generated and held-out states.
        w2: the Wasserstein distance of order 2 between them.
        w0: the floor of ``w``, see :class:`Reference`.
        w1: the Wasserstein distance between the best single state and the held-out states.
        w1_pure: the Wasserstein distance between the top eigenvector of the average and the
            held-out states; it differs from ``w1`` only if these are mixed.
        coverage: see :func:`coverage`.
        collapsed_coverage: the coverage that one single state reaches.
        precision: see :func:`precision`.
        spread_ratio: see :func:`spread_ratio`.
        nearest_neighbour_ratio: see :func:`nearest_neighbour_ratio`.
        average_distance: the trace distance between the average states.
        mmd: the unbiased squared maximum mean discrepancy with kernel ``Tr[rho sigma]^2``.
        mmd_p_value: how often a random split of real and generated states differs as much.
        moments: :func:`moment_distance` for k = 1, 2, 3.
        k_eq: see :func:`equivalent_frozen`; from as many generated states as the floor has.
        effective_modes: see :func:`effective_modes`; the modes are 16 real states that together
            cover the label best.
        effective_modes_real: the effective modes of held-out states.
        memorised: see :func:`memorised_share`; its floor is that of held-out states.
        purity: the mean of ``Tr rho^2`` over generated states.
        real_purity: the mean of ``Tr rho^2`` over held-out states.
        label_recovered: the share of generated states whose nearest training state has the label.
        label_recovered_real: the share of such held-out states, the rate to compare with.
        label_information: see :func:`label_information`, in nats.
        label_information_real: :func:`label_information` of held-out states, in nats.
        spearman: for each factor, its rank correlation with each latent; for an angle its circular
            one, see :func:`circular_rank_correlations`.
        multiple_rank: for each factor R, see :func:`multiple_rank_correlation`; for an angle see
            :func:`multiple_angle_correlation`.
        factor_reached: for each factor the share of its range, see :func:`factor_reached`.
        angles: the factors that are read as angles, and how, see :class:`AngleReading`.
        label_collapse: see :func:`judge_label_collapse`.
        mode_collapse: see :func:`judge_mode_collapse`.
        latent_ignored: see :func:`judge_latent_ignored`; None if no factors are known.
        floors: what training states score in place of generated ones, by names of measures;
            for ``memorised``, what held-out states score.
        intervals: the ends of the 95 % bootstrap intervals, by names of measures; for a factor the
            name is like ``multiple_rank/NAME``. Empty if no intervals were asked for.
        roughness: how far a small step in z takes a state, see :class:`qgan.evaluation.walk.Walk`;
            nan where there is no generator to ask, or no continuous latent.
    """

    label: int
    n_generated: int
    n_held_out: int
    n_draw: int
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
    memorised: float
    purity: float
    real_purity: float
    label_recovered: float
    label_recovered_real: float
    label_information: float
    label_information_real: float
    spearman: dict[str, tuple[float, ...]]
    multiple_rank: dict[str, float]
    factor_reached: dict[str, float]
    angles: dict[str, AngleReading]
    label_collapse: bool | None
    mode_collapse: bool | None
    latent_ignored: bool | None
    floors: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    roughness: float = nan

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with None for what is undefined."""
        return {name: _plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Report:
    """The evaluation of a generator.

    Args:
        labels: one report per label, in order of labels.
        holevo: the most that one copy of a generated state tells about its label, in nats.
        holevo_real: the most that one copy of a held-out state tells about its label, in nats.
    """

    labels: tuple[LabelReport, ...]
    holevo: float = float("nan")
    holevo_real: float = float("nan")

    def wasserstein(self) -> float:
        """The mean of W over labels. Less is better, and it needs no hidden factors."""
        return sum(report.w for report in self.labels) / len(self.labels)

    def label_information(self) -> float:
        """Mutual information of label and recovered label in nats, if labels are equally likely."""
        return sum(report.label_information for report in self.labels) / len(self.labels)

    @property
    def label_collapse(self) -> bool | None:
        """Whether any label collapsed; None if no label could be judged."""
        return _any([report.label_collapse for report in self.labels])

    @property
    def mode_collapse(self) -> bool | None:
        """Whether the modes of any label collapsed; None if no label could be judged."""
        return _any([report.mode_collapse for report in self.labels])

    @property
    def latent_ignored(self) -> bool | None:
        """Whether the latent is ignored for any label; None if no factors are known."""
        return _any([report.latent_ignored for report in self.labels])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with None for what is undefined."""
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
