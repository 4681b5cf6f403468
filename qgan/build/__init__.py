"""Presets, and the objects that a configuration describes."""

from qgan.rules import check_engine, check_game
from qgan.build.discriminators import HEADS, VIEWS, build_discriminator, build_view
from qgan.build.engines import build_engine
from qgan.build.trainer import (
    build_terms,
    build_trainer,
    default_cures,
    engine_timings,
    load_data,
    settled,
)
from qgan.build.generators import ANSATZE, build_circuit, build_generator
from qgan.build.presets import DESCRIPTIONS, PRESETS, preset
from qgan.build.objectives import CURE_LINES, CURES, OBJECTIVES
from qgan.build.compatibility import compatibility, why_not

__all__ = [
    "ANSATZE",
    "CURES",
    "CURE_LINES",
    "DESCRIPTIONS",
    "HEADS",
    "OBJECTIVES",
    "PRESETS",
    "VIEWS",
    "build_circuit",
    "build_discriminator",
    "build_engine",
    "build_generator",
    "build_terms",
    "build_trainer",
    "build_view",
    "check_engine",
    "check_game",
    "compatibility",
    "default_cures",
    "engine_timings",
    "load_data",
    "preset",
    "settled",
    "why_not",
]
