"""What generated states tell about their label, in nats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.evaluation.bootstrap import Interval, bootstrap_interval
from qgan.labels import read_classes
from qgan.metrics.states.entropies import spectral_entropy
from qgan.states import States

__all__ = ["RecoveredLabels", "confusion_matrix", "holevo_information", "label_information"]


def label_information(confusion: Float[Tensor, "L C"]) -> Float[Tensor, " L"]:
    """The information that the recovered label gives about each label, if all are equally likely.

    ``I_l = sum_c P(c | l) log(P(c | l) / P(c))``. Its mean over labels is the mutual information of
    the label and the recovered label, a lower bound of that of the label and the state.

    Args:
        confusion: how often a state of label l was recovered as label c, ``(L, C)``; there must be
            a state of each label.

    Returns:
        ``(L,)`` in nats, [0, log L]; zero for a generator that ignores its label.

    Raises:
        QganError: for a label without states.

    References:
        Cover and Thomas, Elements of Information Theory, 2006, eq. 2.28 and 2.8 (processing).

    Example:
        >>> label_information(torch.tensor([[8.0, 0.0], [0.0, 4.0]])).tolist()
        [0.6931471805599453, 0.6931471805599453]
    """
    counts = confusion.double()
    if not counts.numel() or bool((counts.sum(1) <= 0).any()):
        raise errors.argument("confusion", "must have a state of each label", "a row of zeros")
    conditional = counts / counts.sum(1, keepdim=True)
    ratio = torch.where(conditional > 0, conditional / conditional.mean(0).clamp_min(1e-300), 1.0)
    return (conditional * ratio.log()).sum(1).clamp_min(0)


def confusion_matrix(label: Tensor, recovered: Tensor, n_labels: int) -> Float[Tensor, "L L"]:
    """How often a state of each label (rows) was recovered as each label (columns)."""
    rows, columns = (read_classes(index.cpu(), n_labels) for index in (label, recovered))
    pairs = rows * n_labels + columns
    return pairs.bincount(minlength=n_labels**2).reshape(n_labels, n_labels).double()


def holevo_information(ensembles: list[States]) -> float:
    """Holevo's bound on what one copy of a state tells about its label, if all are equally likely.

    ``S(mean_l rho_l) - mean_l S(rho_l)`` with the average state ``rho_l`` of each label.

    Args:
        ensembles: the states of each label, at least one state per label.

    Returns:
        A number in nats, [0, log L].

    Raises:
        QganError: without labels, or for a label without states.

    References:
        Nielsen and Chuang, theorem 12.1.

    Example:
        >>> basis = States(torch.eye(2).cdouble()[:, :, None])
        >>> round(holevo_information([basis[0], basis[1]]), 4)
        0.6931
    """
    if not ensembles:
        raise errors.argument("ensembles", "must hold at least one label", "none")
    for states in ensembles:
        if not len(states):
            raise errors.argument("ensembles", "must hold a state of each label", "none")
    averages = torch.stack([states.average() for states in ensembles])
    inside = spectral_entropy(torch.linalg.eigvalsh(averages)).mean()
    whole = spectral_entropy(torch.linalg.eigvalsh(averages.mean(0, keepdim=True)))
    return min(max(0.0, float(whole[0] - inside)), log(len(ensembles)))


@dataclass(frozen=True, eq=False)
class RecoveredLabels:
    """The labels of the nearest training states, against the labels that states should have.

    Args:
        rows: for each label, the recovered label of each of its generated states.
        confusion: :func:`confusion_matrix` of generated states.
        confusion_real: :func:`confusion_matrix` of held-out states.
    """

    rows: tuple[Tensor, ...]
    confusion: Tensor
    confusion_real: Tensor

    @classmethod
    def of(cls, rows: Sequence[Tensor], rows_real: Sequence[Tensor]) -> RecoveredLabels:
        """Count the recovered labels of the generated and of the held-out states of each label."""
        confusions = []
        for part in (rows, rows_real):
            label = torch.arange(len(part)).repeat_interleave(torch.tensor([len(x) for x in part]))
            confusions.append(confusion_matrix(label, torch.cat(list(part)), len(part)))
        return cls(tuple(rows), *confusions)

    def information(self, seed: int, n_resamples: int) -> list[tuple[Interval, float]]:
        """:func:`label_information` about each label: of generated and of held-out states.

        Args:
            seed: seed of the resampling.
            n_resamples: number of resamples that the intervals of the first come from.
        """
        values, real = (
            label_information(c).tolist() for c in (self.confusion, self.confusion_real)
        )
        rng = np.random.default_rng(seed)
        totals = self.confusion.sum(1).long().tolist()
        rows = [
            rng.multinomial(total, row / row.sum(), size=n_resamples)
            for total, row in zip(totals, self.confusion.numpy(), strict=True)
        ]
        confusions = torch.as_tensor(np.stack(rows, axis=1)).double()
        resampled = [label_information(one) for one in confusions]
        columns = torch.stack(resampled, dim=1) if resampled else torch.zeros(len(values), 0)
        intervals = [
            bootstrap_interval(*pair).at_least(0.0) for pair in zip(values, columns, strict=True)
        ]
        return list(zip(intervals, real, strict=True))

    def share(self, label: int) -> tuple[float, float]:
        """The share of generated, and of held-out, states of a label that are recovered as it."""
        generated, real = (
            float(c[label, label] / c[label].sum()) for c in (self.confusion, self.confusion_real)
        )
        return generated, real
