"""Reports of a label with figures of one's choice."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import torch
from small_circuits import random_states
from two_parts import two_parts

from qgan.batch import Batch
from qgan.evaluation import LabelReport, Report, evaluate

GOOD: dict[str, Any] = {
    "n_generated": 4096,
    "n_held_out": 4096,
    "n_draw": 512,
    "skill": 0.953,
    "skill_undefined": None,
    "coverage": 0.9981,
    "precision": 0.999,
    "nearest_neighbour_ratio": 0.8,
    "k_eq": 41.0,
    "memorised": 0.06,
    "label_recovered": 0.98,
    "label_recovered_real": 1.0,
    "multiple_rank": {"h": 0.98, "g": 0.95},
    "label_collapse": False,
    "mode_collapse": False,
    "latent_ignored": False,
    "floors": {"k_eq": 55.0, "memorised": 0.05},
    "intervals": {"skill": (0.93, 0.98)},
}
"""The figures of a label of which nothing bad is to be said."""


@functools.cache
def _measured() -> LabelReport:
    states = [Batch(random_states(8, 1, 1, seed=k), torch.arange(8) % 2) for k in (0, 1, 2)]
    data = two_parts(states[0], states[1])
    return evaluate(states[2], torch.rand(8, 1), data, n_resamples=0).labels[0]


def label_report(**figures: Any) -> LabelReport:
    """The report of a good label, but for some figures."""
    return replace(_measured(), **{**GOOD, **figures})


def report_of(*entries: LabelReport) -> Report:
    """A report whose labels are numbered in order."""
    labels = []
    for place, entry in enumerate(entries):
        labels.append(label_report(**{**vars(entry), "label": place}))
    return Report(tuple(labels))
