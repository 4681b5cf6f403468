"""The judge of a generator on one part of the data: it does not know how it was trained."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean

import torch
from torch import Tensor

from qgan.batch import Batch
from qgan.data import Dataset
from qgan.data.dataset import Part
from qgan.evaluation.evaluation import evaluate, label_references
from qgan.evaluation.report import Report
from qgan.evaluation.walk import walk
from qgan.generator import Generator
from qgan.metrics import coverage, fidelity_matrix
from qgan.metrics.ensembles.covering import prepare
from qgan.sampler import Sampler
from qgan.seeds import seeded
from qgan.states import States

__all__ = ["Judge"]

N_JUDGED = {
    "pure": {"validation": 2048, "held_out": 4096},
    "mixed": {"validation": 512, "held_out": 512},
}
"""Generated states of each label: groups of 512 for pairs with held-out states. Each pair of mixed
states costs a singular value decomposition."""


class Judge:
    """Judges generators on one part of the data; what depends on the data only is computed once.

    Args:
        data: the data set.
        part: "validation" (selection) or "held_out" (the report).
        seed: seed of the latents.
    """

    def __init__(self, data: Dataset, part: Part, seed: int = 0) -> None:
        self.data = data
        self.part = part
        self.seed = seed
        count = N_JUDGED["pure" if data.rank == 1 else "mixed"][part]
        self.label = torch.arange(data.n_labels).repeat_interleave(count)
        self.references = label_references(data, part)

    def generate(self, sampler: Sampler) -> tuple[States, Tensor]:
        """States of each label, and their latents."""
        rng = seeded(self.seed)
        drawn = sampler.draw(self.label, rng, exact=True)
        return drawn.states, drawn.latent

    def criterion(self, sampler: Sampler) -> dict[str, float]:
        """Means over labels of the shortfall, of the Wasserstein distance and of coverage.

        None of them needs the hidden factors. The shortfall ``(W - W0) / max(W1 - W0, 0.02)`` is
        1 - skill where skill is defined. It chooses the best checkpoint, since in it a label whose
        states vary little counts as much as one whose states vary much.
        """
        generated, _ = self.generate(sampler)
        shortfalls, distances, coverages = [], [], []
        for label, reference in enumerate(self.references):
            states = prepare(generated[self.label == label])
            distances.append(reference.wasserstein(states))
            shortfalls.append(reference.scale.shortfall(distances[-1]))
            coverages.append(coverage(fidelity_matrix(reference.held_out, states)))
        return {
            "shortfall": fmean(shortfalls),
            "wasserstein": fmean(distances),
            "coverage": fmean(coverages),
        }

    def report(self, sampler: Sampler) -> Report:
        """The whole evaluation."""
        generated, latent = self.generate(sampler)
        batch = Batch(generated, self.label)
        wraps = sampler.prior.wraps if isinstance(sampler, Generator) else ()
        report = evaluate(batch, latent, self.data, self.part, self.references, wraps=wraps)
        if not isinstance(sampler, Generator):
            return report
        walks = [walk(sampler, entry.label, self.seed) for entry in report.labels]
        labels = tuple(
            entry if steps is None else replace(entry, roughness=steps.roughness)
            for entry, steps in zip(report.labels, walks, strict=True)
        )
        return replace(report, labels=labels)
