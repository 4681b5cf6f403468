"""The evaluation of a conditional generator on held-out states, label by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.evaluation.bootstrap import N_RESAMPLES, Measured
from qgan.evaluation.comparison import COPIES, Comparison
from qgan.evaluation.labels import RecoveredLabels, confusion_matrix, holevo_information
from qgan.evaluation.latent_use import latent_use
from qgan.evaluation.reference import Reference
from qgan.evaluation.report import (
    LabelReport,
    Report,
    judge_label_collapse,
    judge_latent_ignored,
    judge_mode_collapse,
)
from qgan.metrics.ensembles.covering import prepare
from qgan.metrics.ensembles.latents import nearest
from qgan.metrics.ensembles.transport import N_GENERATED
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States


def references(
    train: States,
    train_label: Int[Tensor, " _"],
    held_out: States,
    held_out_label: Int[Tensor, " _"],
    n_labels: int,
    n_generated: int = N_GENERATED,
    seed: int = 0,
) -> tuple[Reference, ...]:
    """The :class:`Reference` of each label, to be computed once and used at every evaluation.

    Args:
        train: N training states.
        train_label: ``(N,)`` in [0, n_labels).
        held_out: M held-out (or validation) states.
        held_out_label: ``(M,)``.
        n_labels: number of labels.
        n_generated: generated states of a label that will be judged.
        seed: of the draws.

    Returns:
        One reference a label.

    Raises:
        QganError: if a label has no training or no held-out state.
    """
    return tuple(
        Reference.of(
            train[train_label == label], held_out[held_out_label == label], n_generated, seed
        )
        for label in range(n_labels)
    )


@dataclass(frozen=True, eq=False)
class _Real:
    """Training and held-out states, prepared, with labels, factors and references."""

    train: States
    train_label: Tensor
    train_factors: Tensor | None
    held_out: States
    held_out_label: Tensor
    held_out_factors: Tensor | None
    references: tuple[Reference, ...]

    def factors(self, label: int) -> Tensor:
        """All that is known of the label's factors."""
        assert self.held_out_factors is not None
        held_out = self.held_out_factors[self.held_out_label == label]
        if self.train_factors is None:
            return held_out
        return torch.cat([held_out, self.train_factors[self.train_label == label]])

    def nearest_factors(self, to_train: Tensor, to_held_out: Tensor, label: int) -> Tensor | None:
        """Factors of the nearest real state of the label, from fidelities with all of them."""
        if self.held_out_factors is None:
            return None
        fidelities = to_held_out
        if self.train_factors is not None:
            fidelities = torch.cat([fidelities, to_train[:, self.train_label == label]], dim=1)
        return self.factors(label)[fidelities.argmax(dim=1)]


def evaluate(
    generated: States,
    generated_label: Int[Tensor, " _"],
    latent: Float[Tensor, "_ L"],
    train: States,
    train_label: Int[Tensor, " _"],
    held_out: States,
    held_out_label: Int[Tensor, " _"],
    held_out_factors: Float[Tensor, "_ k"] | None,
    factor_names: Sequence[str],
    n_labels: int,
    seed: int = 0,
    train_factors: Float[Tensor, "_ k"] | None = None,
    reference: Sequence[Reference] | None = None,
    n_resamples: int = N_RESAMPLES,
) -> Report:
    """Judge generated states label by label.

    Args:
        generated: G generated states; 512 of each label are the rule.
        generated_label: ``(G,)`` in [0, n_labels), the labels asked for.
        latent: ``(G, n_latent)``, the latents they were made from.
        train: N training states: the floor, and the states that labels are recognised by.
        train_label: ``(N,)``.
        held_out: M held-out states: what generated ones are judged on.
        held_out_label: ``(M,)``.
        held_out_factors: ``(M, k)`` hidden factors, or None where they are not known.
        factor_names: k names.
        n_labels: number of labels.
        seed: of draws and thinning.
        train_factors: ``(N, k)``: nearest states are then looked for among these too.
        reference: :func:`references` of the same real states, where already computed.
        n_resamples: of the bootstrap that intervals come from; 0 for none.

    Returns:
        The report.

    Raises:
        QganError: if lengths disagree, or a label has no generated, training or held-out state.
    """
    _check_generated(generated, generated_label, latent, n_labels)
    _check_real("train", train, train_label, train_factors, len(factor_names))
    _check_real("held_out", held_out, held_out_label, held_out_factors, len(factor_names))
    if reference is None:
        counts = [int((generated_label == label).sum()) for label in range(n_labels)]
        reference = [
            Reference.of(train[train_label == k], held_out[held_out_label == k], count, seed)
            for k, count in enumerate(counts)
        ]
    real = _Real(
        prepare(train),
        train_label.cpu(),
        train_factors,
        prepare(held_out),
        held_out_label.cpu(),
        held_out_factors,
        tuple(reference),
    )
    parts = [prepare(generated[generated_label == label]) for label in range(n_labels)]
    to_train = [fidelity_matrix(part, real.train) for part in parts]
    recovered = _recover(real, to_train, n_labels)
    reports = []
    for label, states in enumerate(parts):
        fidelities = fidelity_matrix(real.references[label].held_out, states)
        comparison = real.references[label].compare(states, fidelities, n_resamples)
        mine = latent[generated_label == label]
        reports.append(
            _label_report(label, comparison, mine, to_train[label], recovered, real, factor_names)
        )
    held_out_parts = [one.held_out for one in real.references]
    return Report(tuple(reports), holevo_information(parts), holevo_information(held_out_parts))


def _check_generated(states: States, label: Tensor, latent: Tensor, n_labels: int) -> None:
    for name, values in (("generated_label", label), ("latent", latent)):
        if len(values) != len(states):
            raise errors.argument(name, f"must have length {len(states)}", len(values))
    for wanted in range(n_labels):
        if not bool((label == wanted).any()):
            raise errors.argument("generated_label", f"must hold label {wanted}", "none")


def _check_real(name: str, states: States, label: Tensor, factors: Tensor | None, k: int) -> None:
    if len(label) != len(states):
        raise errors.argument(f"{name}_label", f"must have length {len(states)}", len(label))
    if factors is not None and factors.shape != (len(states), k):
        rule = f"must have shape ({len(states)}, {k})"
        raise errors.argument(f"{name}_factors", rule, tuple(factors.shape))


def _names(measured: dict[str, Measured], kind: str, names: Sequence[str]) -> dict[str, float]:
    return {name: measured[f"{kind}/{name}"].value for name in names if measured}


def _recover(real: _Real, to_train: Sequence[Tensor], n_labels: int) -> RecoveredLabels:
    rows = [real.train_label[one.argmax(dim=1)] for one in to_train]
    asked = torch.arange(n_labels).repeat_interleave(torch.tensor([len(row) for row in rows]))
    held_out = real.train_label[nearest(real.held_out, real.train)]
    return RecoveredLabels(
        confusion_matrix(asked, torch.cat(rows), n_labels),
        confusion_matrix(real.held_out_label, held_out, n_labels),
    )


def _label_report(
    label: int,
    comparison: Comparison,
    latent: Tensor,
    to_train: Tensor,
    recovered: RecoveredLabels,
    real: _Real,
    factor_names: Sequence[str],
) -> LabelReport:
    """The report of one label from prepared states."""
    reference = real.references[label]
    measured = comparison.measures()
    seed, n_resamples = comparison.seed, comparison.n_resamples
    used: dict[str, Measured] = {}
    factors = real.nearest_factors(to_train, comparison.fidelities.T, label)
    if factors is not None:
        known = real.factors(label)
        used = latent_use(latent, factors, known, factor_names, seed, n_resamples)
    share, share_real = recovered.share(label)
    information, information_real = recovered.information(label, seed, n_resamples)
    right = (real.train_label[to_train.argmax(dim=1)] == label).double()
    others = {
        "skill": reference.measured_skill(comparison),
        "label_recovered": comparison.bootstrap.mean(share, generated=right),
        "label_information": information,
    }
    value = {name: one.value for name, one in measured.items()}
    multiple = _names(used, "multiple_rank", factor_names)
    every = measured | others | used
    return LabelReport(
        label=label,
        n_generated=len(comparison.states),
        n_held_out=len(comparison.real),
        skill=others["skill"].value,
        skill_undefined=reference.undefined,
        w0=reference.w0,
        w1=reference.w1,
        w1_pure=reference.w1_pure,
        collapsed_coverage=reference.collapsed_coverage,
        moments=tuple(value.pop(f"moment_{k}") for k in COPIES),
        real_purity=float(comparison.real.purity().mean()),
        label_recovered=share,
        label_recovered_real=share_real,
        label_information=information.value,
        label_information_real=information_real,
        spearman={
            name: tuple(used[f"spearman/{name}/{k}"].value for k in range(latent.shape[1]))
            for name in factor_names
            if used
        },
        multiple_rank=multiple,
        factor_reached=_names(used, "factor_reached", factor_names),
        label_collapse=judge_label_collapse(share, share_real, len(real.references)),
        mode_collapse=judge_mode_collapse(
            value["spread_ratio"],
            value["nearest_neighbour_ratio"],
            value["effective_modes"] / value["effective_modes_real"],
        ),
        latent_ignored=judge_latent_ignored(list(multiple.values())),
        floors={name: one for name, one in reference.floors.items() if not isnan(one)},
        intervals={name: (m.low, m.high) for name, m in every.items() if not isnan(m.low)},
        **value,
    )
