"""The evaluation of a conditional generator on held-out states, label by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.batch import Batch, join
from qgan.data import Dataset
from qgan.data.dataset import Part
from qgan.engines.memory import check_bytes
from qgan.evaluation._comparison import MOMENT_ORDERS, Comparison
from qgan.evaluation.bootstrap import N_RESAMPLES, Bootstrap, Interval, bootstrap_interval
from qgan.evaluation.labels import RecoveredLabels, holevo_information
from qgan.evaluation.latent_use import LatentUse, latent_use
from qgan.evaluation.reference import Reference
from qgan.evaluation.report import (
    LabelReport,
    Report,
    judge_label_collapse,
    judge_latent_ignored,
    judge_mode_collapse,
)
from qgan.evaluation.skill import Judged
from qgan.labels import read_classes, rows_by_label
from qgan.metrics.ensembles.covering import prepare
from qgan.metrics.ensembles.memorisation import nearness_threshold, share_above
from qgan.metrics.ensembles.transport import N_DRAWN
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States

__all__ = ["evaluate", "label_references"]

MOST_COMPARED, MOST_IN_ALL = 2048, 32768
"""Generated states that the measures beside skill use at most: of each label, and of all labels as
long as that leaves 512 of each. Each of them is compared with all training states."""
MOST_AT_ONCE = 2**19
"""Fidelities with training states that are in memory at once."""


def label_references(
    real: Dataset,
    part: Part = "held_out",
    n_generated: int | Sequence[int] = N_DRAWN,
    seed: int = 0,
) -> tuple[Reference, ...]:
    """The :class:`Reference` of each label, to be computed once and used at every evaluation.

    Args:
        real: the data set.
        part: "held_out" (the report) or "validation" (selection).
        n_generated: the number of generated states that will be judged, the same for all labels
            or one number per label.
        seed: seed of the draws.

    Returns:
        One reference per label.

    Raises:
        QganError: if a label has no state in the part.
    """
    held_out = real.part(part)
    if isinstance(n_generated, Sequence):
        sizes = n_generated
    else:
        sizes = [errors.integer("n_generated", n_generated)] * real.n_labels
    return tuple(
        Reference.of(
            real.train.of(label).states,
            held_out.of(label).states,
            size,
            seed,
            label in real.repeated,
        )
        for label, size in enumerate(sizes)
    )


def evaluate(
    generated: Batch,
    latent: Float[Tensor, "_ L"],
    real: Dataset,
    part: Part = "held_out",
    references: Sequence[Reference] | None = None,
    n_resamples: int = N_RESAMPLES,
    wraps: Sequence[bool] = (),
) -> Report:
    """Judge generated states label by label.

    Args:
        generated: G generated states with the labels that they should have, at least 512 of each:
            skill takes the mean over groups of 512, the other measures use 2048 of a label at most,
            and fewer where there are more than 16 labels.
        latent: the latents that they were made from, ``(G, n_latent)``.
        real: the data set. Its training states give the floors, and a generated state shows the
            label of the nearest of them. Its hidden factors are those of the nearest state of its
            label in both parts.
        part: the part that generated states are judged on, "held_out" or "validation".
        references: :func:`label_references` of the same data and part. Without them they are
            computed for as many states of each label as were generated.
        n_resamples: number of resamples that the intervals come from; 0 for no intervals.
        wraps: whether each latent is an angle in radians; none if no latent is.

    Returns:
        The report.

    Raises:
        QganError: if there is not one latent for each state, if the data have not every label of
            the generated states, or if a label has no generated state or no state in the part.
    """
    ensembles = _ensembles(generated, latent, real.n_labels)
    if references is None:
        references = label_references(real, part, [len(states) for states in ensembles])
    judged = [
        reference.scale.judge(states, with_intervals=n_resamples > 0)
        for reference, states in zip(references, ensembles, strict=True)
    ]
    most = max(N_DRAWN, min(MOST_COMPARED, MOST_IN_ALL // real.n_labels))
    rows = _first_of_each_label(generated.label.cpu(), most)
    generated, latent = generated[rows], latent[rows]
    ensembles = [states[:most] for states in ensembles]
    train, held_out = _prepared(real.train), _compared(real.part(part), references)
    _check_room([len(states) for states in ensembles], held_out)
    nearest = [_Nearest.among(train, *pair) for pair in enumerate(ensembles)]
    nearest_real = [
        _Nearest.among(train, label, held_out.of(label).states) for label in range(real.n_labels)
    ]
    recovered_labels = RecoveredLabels.of(
        *([one.label for one in x] for x in (nearest, nearest_real))
    )
    informations = recovered_labels.information(references[0].seed, n_resamples)
    reports = []
    for label, states in enumerate(ensembles):
        fidelities = fidelity_matrix(references[label].held_out, states)
        comparison = references[label].compare(states, fidelities, n_resamples)
        best = fidelities.max(dim=0)
        sources = [
            (held_out.of(label).factors, best.values, best.indices),
            (train.of(label).factors, nearest[label].fidelity, nearest[label].place),
        ]
        use = _latent_use(latent[generated.label == label], sources, real, comparison, wraps)
        memorised = _memorised(
            nearest[label].fidelity,
            nearest_real[label].fidelity,
            comparison.bootstrap,
        )
        of_label = recovered_labels, informations[label], use, memorised
        reports.append(
            _label_report(label, judged[label], references[label], comparison, *of_label)
        )
    real_ensembles = [reference.held_out for reference in references]
    return Report(tuple(reports), holevo_information(ensembles), holevo_information(real_ensembles))


def _ensembles(generated: Batch, latent: Tensor, n_labels: int) -> list[States]:
    """The generated states of each label, prepared."""
    if len(latent) != len(generated):
        raise errors.argument("latent", f"must have length {len(generated)}", len(latent))
    read_classes(generated.label, n_labels, wait=True)
    ensembles = [prepare(generated.of(label).states) for label in range(n_labels)]
    for label, states in enumerate(ensembles):
        if not len(states):
            raise errors.argument("generated", f"must hold states of label {label}", "none")
    return ensembles


def _first_of_each_label(label: Tensor, n: int) -> Tensor:
    """Mask of the first n rows of each label."""
    mask = torch.zeros(len(label), dtype=torch.bool)
    for rows in rows_by_label(label):
        mask[rows.nonzero()[:n, 0]] = True
    return mask


def _compared(held_out: Batch, references: Sequence[Reference]) -> Batch:
    """The held-out states that the references compare with, in order of labels."""
    return join(
        [
            _prepared(held_out.of(label)[reference.places])
            for label, reference in enumerate(references)
        ]
    )


def _prepared(batch: Batch) -> Batch:
    """The same batch with prepared states, and with labels on the CPU as these are."""
    return Batch(prepare(batch.states), batch.label.cpu(), batch.factors)


def _check_room(counts: Sequence[int], held_out: Batch) -> None:
    """Refuse fidelities that do not fit: those of the states of a label with held-out ones."""
    own = held_out.label.bincount(minlength=len(counts)).tolist()
    n, n_real = max(zip(counts, own, strict=True), key=lambda pair: pair[0] * pair[1])
    what = f"fidelities of {n} states with {n_real} held-out ones"
    check_bytes("generated", what, 4 * 8 * n * n_real)


@dataclass(frozen=True, eq=False)
class _Nearest:
    """The training states nearest to each of the N states of one label.

    Args:
        label: the label of the nearest of all training states, ``(N,)``.
        place: the place of the nearest one among those of the states' own label, ``(N,)``.
        fidelity: the fidelity with that one, ``(N,)``.
    """

    label: Int[Tensor, " N"]
    place: Int[Tensor, " N"]
    fidelity: Float[Tensor, " N"]

    @classmethod
    def among(cls, train: Batch, label: int, states: States) -> _Nearest:
        """Compare the states of a label with all training states, some at a time."""
        own, labels, nearest = train.label == label, [], []
        at_once = max(1, MOST_AT_ONCE // len(train))
        for first in range(0, len(states), at_once):
            fidelities = fidelity_matrix(states[first : first + at_once], train.states)
            labels.append(train.label[fidelities.argmax(dim=1)])
            nearest.append(fidelities[:, own].max(dim=1))
        places = torch.cat([part.indices for part in nearest])
        return cls(torch.cat(labels), places, torch.cat([part.values for part in nearest]))


def _memorised(
    nearest: Tensor, nearest_real: Tensor, bootstrap: Bootstrap
) -> tuple[Interval, float]:
    """The share of generated, and of held-out, states that are nearer to training states than most.

    Args:
        nearest: fidelity of each generated state with the nearest training state of its label.
        nearest_real: the same of each held-out state.
        bootstrap: resamples of both.
    """
    threshold = nearness_threshold(nearest_real)
    thresholds = nearness_threshold(nearest_real[bootstrap.real])
    share = float(share_above(nearest, threshold))
    interval = bootstrap_interval(share, share_above(nearest[bootstrap.generated], thresholds))
    return interval.at_least(0.0), float(share_above(nearest_real, threshold))


def _latent_use(
    latent: Tensor,
    sources: Sequence[tuple[Tensor | None, Tensor, Tensor]],
    real: Dataset,
    comparison: Comparison,
    wraps: Sequence[bool],
) -> LatentUse:
    """What the latents do to the factors of the nearest real state of the label.

    Args:
        latent: the latents of the G generated states, ``(G, n_latent)``.
        sources: for each part of the data, the factors ``(N, k)`` of its states of the label, or
            None where they are not known; the fidelity of each generated state with the nearest of
            these states, ``(G,)``; and the place of that one, ``(G,)``.
        real: the data set, for the names and periods of the factors; no part may know any.
        comparison: the comparison of the label, for its seed and number of resamples.
        wraps: whether each latent is an angle; none if no latent is.
    """
    known = [(factors, *best) for factors, *best in sources if factors is not None]
    names = real.factor_names
    if not names or not known:
        return LatentUse()
    best = torch.stack([fidelity for _, fidelity, _ in known]).argmax(dim=0)
    of_parts = torch.stack([factors[places] for factors, _, places in known])
    nearest = of_parts[best, torch.arange(len(best))]
    factors = torch.cat([factors for factors, _, _ in known])
    chance = comparison.seed, comparison.n_resamples
    angles = real.factor_periods, wraps
    return latent_use(latent, nearest, factors, names, *chance, *angles)


def _label_report(
    label: int,
    judged: Judged,
    reference: Reference,
    comparison: Comparison,
    recovered_labels: RecoveredLabels,
    informations: tuple[Interval, float],
    use: LatentUse,
    memorised: tuple[Interval, float],
) -> LabelReport:
    """The report of one label, from all its measures."""
    measures, scale = comparison.measures(), reference.scale
    share, share_real = recovered_labels.share(label)
    information, information_real = informations
    hits = (recovered_labels.rows[label] == label).double()
    others = {
        "skill": judged.skill,
        "w": judged.w,
        "label_recovered": comparison.bootstrap.mean(share, generated=hits),
        "label_information": information,
        "memorised": memorised[0],
    }
    floors = reference.floors | {"memorised": memorised[1]}
    value = {name: one.value for name, one in measures.items()}
    multiple_rank = {name: one.value for name, one in use.multiple_rank.items()}
    intervals = measures | others | use.by_measure()
    return LabelReport(
        label=label,
        n_generated=judged.n_generated,
        n_held_out=len(scale.held_out),
        n_draw=scale.size,
        skill=judged.skill.value,
        skill_undefined=scale.undefined,
        w=judged.w.value,
        w0=scale.w0,
        w1=scale.w1,
        w1_pure=scale.w1_pure,
        collapsed_coverage=scale.collapsed_coverage,
        moments=tuple(value.pop(f"moment_{k}") for k in MOMENT_ORDERS),
        memorised=memorised[0].value,
        real_purity=float(comparison.real.purity().mean()),
        label_recovered=share,
        label_recovered_real=share_real,
        label_information=information.value,
        label_information_real=information_real,
        spearman={name: tuple(one.value for one in row) for name, row in use.spearman.items()},
        multiple_rank=multiple_rank,
        angles=use.angles,
        factor_reached={name: one.value for name, one in use.factor_reached.items()},
        label_collapse=judge_label_collapse(share, share_real, len(recovered_labels.rows)),
        mode_collapse=judge_mode_collapse(
            value["spread_ratio"],
            value["nearest_neighbour_ratio"],
            value["effective_modes"] / value["effective_modes_real"],
        ),
        latent_ignored=judge_latent_ignored(list(multiple_rank.values())),
        floors={name: one for name, one in floors.items() if not isnan(one)},
        intervals={name: (m.low, m.high) for name, m in intervals.items() if not isnan(m.low)},
        **value,
    )
