"""The generator that a configuration describes."""

from __future__ import annotations

import math

import torch

from circuits import (
    AnsatzFamily,
    DDKLayers,
    HardwareEfficient,
    IsingLayers,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
)
from qgan import errors
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.embedding import AffineEmbedding, TanhEmbedding
from qgan.engines.base import Circuit, Engine
from qgan.generator import Generator, default_embedding
from qgan.metrics.states.rank import fidelity_cap
from qgan.prior import Prior

ANSATZE: dict[str, AnsatzFamily] = {
    "hardware-efficient": HardwareEfficient,
    "ising": IsingLayers,
    "ddk": DDKLayers,
}


def build_circuit(experiment: Experiment, data: Dataset) -> Circuit:
    """The generator's circuit; its bath is as wide as the rank of the data asks."""
    g = experiment.generator
    bath = math.ceil(math.log2(data.rank)) if g.bath is None else g.bath
    if g.kind == "reuploading":
        return ReuploadingCircuit(
            Registers(output=data.n_qubits, bath=bath), g.n_layers or 4, ANSATZE[g.ansatz]
        )
    registers = Registers(
        output=data.n_qubits,
        label=max(1, math.ceil(math.log2(data.n_labels))),
        latent=g.n_latent,
        bath=bath,
    )
    family = None if g.ansatz == "hardware-efficient" else ANSATZE[g.ansatz]
    return RegisterCircuit(registers, g.n_layers or 12, family)


def build_generator(experiment: Experiment, data: Dataset, engine: Engine) -> Generator:
    """The generator."""
    g, seed = experiment.generator, experiment.seed
    circuit = build_circuit(experiment, data)
    random = torch.Generator().manual_seed(seed)
    size = (data.n_labels, g.n_latent, circuit.n_inputs)
    if g.kind == "register":
        embedding = default_embedding(circuit, data.n_labels, g.n_latent, random)
    elif g.embedding == "affine":
        embedding = AffineEmbedding(*size, generator=random)
    else:
        embedding = TanhEmbedding(*size, hidden=g.hidden, generator=random)
    prior = Prior(g.n_latent, g.n_levels)
    return Generator(
        circuit,
        data.n_labels,
        embedding=embedding,
        engine=engine,
        prior=prior,
        spread=g.spread,
        seed=seed,
    )


LEAST_CAP = 0.99
"""Below this mean fidelity that the traced-out qubits allow, the program warns."""


def warn_of_rank(circuit: Circuit, data: Dataset) -> None:
    """Say so where too few qubits are traced out for the mixedness of the training data.

    With t qubits traced out the generator's states have rank ``2**t`` at most. A label wire that
    only controls others (no ansatz acts on it) holds no entropy and does not count.
    """
    registers = circuit.registers
    n_traced = registers.n_wires - registers.n_output
    if isinstance(circuit, RegisterCircuit) and circuit.ansatz is None:
        n_traced -= registers.n_label
    caps = fidelity_cap(data.train.states, n_traced)
    means = torch.stack([caps[data.train.label == k].mean() for k in range(data.n_labels)])
    worst = int(means.argmin())
    if means[worst] < LEAST_CAP:
        errors.warn(
            f"{n_traced} traced-out qubits cap the fidelity with the training states of label "
            f"{data.label_names[worst]} at {means[worst]:.4f}: give the generator a wider bath "
            f"(--generator.bath)."
        )
