"""Presets, and the objects that a configuration describes."""

from qgan.presets.discriminators import build_discriminator, build_view
from qgan.presets.engines import build_engine, measure_engines, settled
from qgan.presets.games import (
    CURES,
    OBJECTIVES,
    build_terms,
    build_trainer,
    default_cures,
    load_data,
)
from qgan.presets.generators import ANSATZE, build_circuit, build_generator
from qgan.presets.named import DESCRIPTIONS, PRESETS, preset

__all__ = [
    "ANSATZE",
    "CURES",
    "DESCRIPTIONS",
    "OBJECTIVES",
    "PRESETS",
    "build_circuit",
    "build_discriminator",
    "build_engine",
    "build_generator",
    "build_terms",
    "build_trainer",
    "build_view",
    "default_cures",
    "load_data",
    "measure_engines",
    "preset",
    "settled",
]
