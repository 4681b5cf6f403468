"""The registry of choices, and the objects that a configuration describes."""

from qgan.build.compatibility import adversarial, compatibility, why_not
from qgan.build.discriminator import build_discriminator
from qgan.build.engines import ENGINES, build_engine, time_candidates
from qgan.build.generators import (
    ANSATZE,
    EMBEDDINGS,
    GENERATORS,
    PRIORS,
    build_circuit,
    build_generator,
)
from qgan.build.heads import HEADS
from qgan.build.objectives import OBJECTIVES, build_objective
from qgan.build.presets import PRESETS, preset
from qgan.build.projection import Projection, project
from qgan.build.reference import reference
from qgan.build.registry import FAMILIES, Entry, Family, register
from qgan.build.settings import from_yaml, parse, to_yaml
from qgan.build.settling import settle
from qgan.build.sources import DESCRIPTIONS, SOURCES, load_data, make_data, source_settings
from qgan.build.terms import TERMS, build_term, build_terms
from qgan.build.trainer import build_trainer
from qgan.build.views import VIEWS, build_view

__all__ = [
    "ANSATZE",
    "DESCRIPTIONS",
    "EMBEDDINGS",
    "ENGINES",
    "FAMILIES",
    "GENERATORS",
    "HEADS",
    "OBJECTIVES",
    "PRESETS",
    "PRIORS",
    "SOURCES",
    "TERMS",
    "VIEWS",
    "Entry",
    "Family",
    "Projection",
    "adversarial",
    "build_circuit",
    "build_discriminator",
    "build_engine",
    "build_generator",
    "build_objective",
    "build_term",
    "build_terms",
    "build_trainer",
    "build_view",
    "compatibility",
    "from_yaml",
    "load_data",
    "make_data",
    "parse",
    "preset",
    "project",
    "reference",
    "register",
    "settle",
    "source_settings",
    "time_candidates",
    "to_yaml",
    "why_not",
]
