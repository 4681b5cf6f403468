"""The evaluation of a conditional generator on held-out states, label by label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.metrics.distances import fidelity_matrix
from qgan.metrics.ensembles import (
    average_distance,
    coverage,
    nearest_neighbour_ratio,
    precision,
    prepare,
    spread_ratio,
)
from qgan.metrics.latents import multiple_rank_correlation, rank_correlations
from qgan.metrics.report import (
    LabelReport,
    Report,
    judge_label_collapse,
    judge_latent_ignored,
    judge_mode_collapse,
)
from qgan.metrics.transport import N_GENERATED, Reference, skill
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

    def nearest_factors(self, to_train: Tensor, to_held_out: Tensor, label: int) -> Tensor | None:
        """Factors of the nearest real state of the label, from fidelities with all of them."""
        if self.held_out_factors is None:
            return None
        fidelities, known = to_held_out, self.held_out_factors[self.held_out_label == label]
        if self.train_factors is not None:
            mine = self.train_label == label
            fidelities = torch.cat([fidelities, to_train[:, mine]], dim=1)
            known = torch.cat([known, self.train_factors[mine]])
        return known[fidelities.argmax(dim=1)]


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
    reports = []
    for label in range(n_labels):
        mine = generated_label == label
        states = prepare(generated[mine])
        reports.append(_label_report(label, states, latent[mine], real, factor_names, seed))
    return Report(tuple(reports))


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


def _correlations(
    latent: Tensor, factors: Tensor | None, names: Sequence[str]
) -> tuple[dict[str, tuple[float, ...]], dict[str, float]]:
    """Spearman's correlations and R by the name of the factor; empty where none is known."""
    if factors is None:
        return {}, {}
    columns = rank_correlations(latent, factors).T.tolist()
    predicted = multiple_rank_correlation(latent, factors).tolist()
    spearman = {name: tuple(column) for name, column in zip(names, columns, strict=True)}
    return spearman, dict(zip(names, predicted, strict=True))


def _label_report(
    label: int,
    generated: States,
    latent: Tensor,
    real: _Real,
    factor_names: Sequence[str],
    seed: int,
) -> LabelReport:
    """The report of one label from prepared states."""
    reference = real.references[label]
    held_out = real.held_out[real.held_out_label == label]
    fidelities = fidelity_matrix(held_out, generated)
    to_train = fidelity_matrix(generated, real.train)
    w = reference.distance(fidelities)
    recovered, recovered_real = (
        float((real.train_label[f.argmax(dim=1)] == label).double().mean())
        for f in (to_train, fidelity_matrix(held_out, real.train))
    )
    spread = spread_ratio(held_out, generated)
    neighbour = nearest_neighbour_ratio(held_out, generated, seed)
    factors = real.nearest_factors(to_train, fidelities.T, label)
    spearman, multiple = _correlations(latent, factors, factor_names)
    return LabelReport(
        label=label,
        n_generated=len(generated),
        n_held_out=len(held_out),
        skill=skill(w, reference.w0, reference.w1),
        skill_undefined=reference.undefined,
        w=w,
        w0=reference.w0,
        w1=reference.w1,
        w1_pure=reference.w1_pure,
        coverage=coverage(fidelities),
        collapsed_coverage=reference.collapsed_coverage,
        precision=precision(fidelities),
        spread_ratio=spread,
        nearest_neighbour_ratio=neighbour,
        average_distance=average_distance(held_out, generated),
        purity=float(generated.purity().mean()),
        real_purity=float(held_out.purity().mean()),
        label_recovered=recovered,
        label_recovered_real=recovered_real,
        spearman=spearman,
        multiple_rank=multiple,
        label_collapse=judge_label_collapse(recovered, recovered_real, len(real.references)),
        mode_collapse=judge_mode_collapse(spread, neighbour),
        latent_ignored=judge_latent_ignored(list(multiple.values())),
    )
