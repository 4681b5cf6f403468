"""One judge for every sampler: the report of generated states on held-out ones."""

from qgan.evaluation.bootstrap import Interval
from qgan.evaluation.evaluation import evaluate, label_references
from qgan.evaluation.judge import Judge
from qgan.evaluation.labels import holevo_information, label_information
from qgan.evaluation.latent_use import AngleReading, LatentUse, latent_use
from qgan.evaluation.records import RecordsComparison, compare_records
from qgan.evaluation.reference import Reference
from qgan.evaluation.report import (
    LabelReport,
    Report,
    judge_label_collapse,
    judge_latent_ignored,
    judge_mode_collapse,
)

__all__ = [
    "AngleReading",
    "Interval",
    "Judge",
    "LabelReport",
    "LatentUse",
    "RecordsComparison",
    "Reference",
    "Report",
    "compare_records",
    "evaluate",
    "holevo_information",
    "judge_label_collapse",
    "judge_latent_ignored",
    "judge_mode_collapse",
    "label_information",
    "label_references",
    "latent_use",
]
