"""The discriminator that a configuration describes: a view and a head."""

from __future__ import annotations

import math

import torch

from circuits import ConditionalReadout, DDKReadout, Registers
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import Discriminator, IdentityHead, LinearHead, MLPHead
from qgan.engines.base import Engine
from qgan.views import CircuitView, DensityView, PauliView, View


def build_view(experiment: Experiment, data: Dataset, engine: Engine) -> View:
    """The discriminator's view."""
    d, seed = experiment.discriminator, experiment.seed
    if d.kind == "density":
        return DensityView(data.n_qubits)
    if d.kind == "pauli":
        return PauliView(data.n_qubits, min(d.max_weight, data.n_qubits))
    n_label = max(1, math.ceil(math.log2(data.n_labels)))
    if d.kind == "ddk":
        readout = DDKReadout(Registers(data.n_qubits, label=n_label, bath=1), d.n_layers)
        return CircuitView(
            readout, data.n_labels, [readout.observable], engine=engine, scale=1.0, seed=seed
        )
    registers = Registers(data.n_qubits, label=n_label if d.label == "register" else 0)
    return CircuitView(
        ConditionalReadout(registers, d.n_layers),
        data.n_labels,
        engine=engine,
        copies=d.n_circuits,
        scale=d.scale,
        seed=seed,
    )


def build_discriminator(experiment: Experiment, data: Dataset, engine: Engine) -> Discriminator:
    """The discriminator: view and head."""
    d = experiment.discriminator
    view = build_view(experiment, data, engine)
    random = torch.Generator().manual_seed(experiment.seed + 1)
    if d.head == "identity":
        return Discriminator(view, IdentityHead(view.n_features))
    if d.head == "linear":
        return Discriminator(view, LinearHead(view.n_features, data.n_labels, random))
    return Discriminator(view, MLPHead(view.n_features, data.n_labels, d.hidden, random))
