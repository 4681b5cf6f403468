"""Experiments by name: what differs from the schema's defaults."""

from __future__ import annotations

import math
from typing import Any

from qgan.build.registry import Entry, new_family
from qgan.build.settings import parse
from qgan.config import Experiment

__all__ = ["PRESETS", "preset"]

SETTINGS: dict[str, dict[str, Any]] = {
    # States of the two labels nearly touch (h = 0.9 and 1.1): mismatched pairs keep them apart.
    "ising": {"mismatched_share": 0.02},
    # Ground states turn evenly with h: one hidden layer keeps z in order. Disordered ones differ
    # little, so that an infidelity of 1e-4 costs a tenth of skill: larger batches, more steps.
    "tfim": {
        "data": {"source": "tfim"},
        "generator": {"n_latent": 1, "hidden": (32,)},
        "trainer": {"steps": 5000, "batch": 128},
    },
    "level-crossing": {
        "data": {"source": "level-crossing"},
        "generator": {"n_latent": 3, "n_levels": 2},
    },
    "bell": {"data": {"source": "bell"}, "generator": {"n_latent": 1}},
    # A circle of states. At the default rate of 2e-3 the curve of states folds before it has grown
    # to the circle, and stays folded: skill 0.94 to 0.98, circular correlation 0.3 to 0.6.
    "ghz-phase": {
        "data": {"source": "ghz-phase"},
        "generator": {"prior": "periodic", "n_latent": 1},
        "trainer": {"steps": 2500, "batch": 256, "average": 0.998, "generator_rate": 7e-4},
    },
    # One state a label: two states are the whole batch. A linear critic of slope one pulls as hard
    # at the goal as far from it, and fidelity wanders; with r1 the pull fades as the states meet.
    "gibbs": {
        "data": {"source": "gibbs"},
        "generator": {"kind": "register", "n_bits": 0, "n_latent": 0, "spread": 0.1},
        "discriminator": {"head": "linear"},
        "objective": "non-saturating:r1",
        "trainer": {"steps": 1500, "batch": 2, "generator_rate": 0.02},
    },
    "gibbs-ensemble": {
        "data": {"source": "gibbs-ensemble"},
        "generator": {"kind": "register", "n_bits": 0, "n_latent": 1, "spread": 0.1},
        # The latent has no say at the start, as couplings are small: ten times the default rate.
        # Cold states differ by small eigenvalues, which a slope bounded in the entries of rho
        # hardly weighs: with the head mlp, at the rate 0.01, seed 0 ends at 0.84 and 0.76.
        "discriminator": {"head": "root"},
        "trainer": {"generator_rate": 0.02},
    },
    "ddk": {
        "data": {"source": "basis"},
        "generator": {
            "kind": "register",
            "n_bits": 0,
            "ansatz": "ddk",
            "n_layers": 2,
            "n_latent": 0,
            "spread": math.pi,
        },
        "discriminator": {"kind": "ddk", "head": "identity", "n_layers": 4},
        "objective": "linear",
        "term": [],
        "trainer": {
            "steps": 1000,
            "n_critic": 1,
            "generator_rate": 0.01,
            "discriminator_rate": 0.01,
            "view_rate": 0.01,
        },
    },
    # Density matrices of every state and of every column that is read: small circuits.
    "noisy": {
        "data": {"source": "tfim", "qubits": 2},
        "generator": {"n_latent": 1, "n_layers": 2, "hidden": (32,)},
        "discriminator": {"kind": "circuit", "n_circuits": 2, "n_layers": 2, "hidden": (32,)},
        "engine": {"device": "default.mixed", "depolarising": 0.002, "readout": 0.02},
        "trainer": {
            "steps": 600,
            "batch": 16,
            "n_critic": 3,
            "generator_rate": 5e-3,
            "discriminator_rate": 5e-3,
        },
    },
    # Nobody knows how little the states of a label vary: as careful as tfim.
    "file": {"generator": {"n_latent": "auto"}, "trainer": {"steps": 5000, "batch": 128}},
}
"""By name: what differs from the schema's defaults."""

LINES = {
    "ising": "ground states of the Ising chain in a mixed field; label: side of the transition",
    "file": "states of a file (data.file)",
    "tfim": "ground states of the transverse-field Ising chain; label: side of the transition",
    "level-crossing": "an ensemble in two branches, with a latent that jumps between them",
    "bell": "depolarised Bell states of hidden strength: mixed states",
    "ghz-phase": "all up and all down superposed with a hidden phase; the latent is an angle",
    "gibbs": "thermal states of the transverse-field chain at two temperatures",
    "gibbs-ensemble": "thermal states with a hidden temperature; label: phase",
    "ddk": "labels |0>, |1> are to give states |0>, |1>: arXiv:1804.08641, sec. IV",
    "noisy": "two-qubit chain with gates that depolarise and bits that are read wrongly",
}


PRESETS = new_family("preset", "Presets", "preset")
"""The presets; an entry's settings are what differs from the schema's defaults."""

for _name, _settings in SETTINGS.items():
    PRESETS.add(Entry(_name, dict, LINES[_name], settings=_settings))


def preset(name: str, objective: str | None = None) -> Experiment:
    """The settings of a preset.

    Args:
        name: of the preset.
        objective: another objective than the preset's, with the settings that it brings.

    Raises:
        QganError: for a name that is no preset.
    """
    other = {} if objective is None else {"objective": objective}
    return parse({"preset": name, **PRESETS.find(name).settings, **other})
