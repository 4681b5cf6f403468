"""Presets, and the objects that a configuration describes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from circuits import (
    AnsatzFamily,
    ConditionalReadout,
    DDKLayers,
    DDKReadout,
    HardwareEfficient,
    IsingLayers,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
)
from qgan import errors
from qgan.config import Experiment
from qgan.data import SOURCES, Dataset, from_file
from qgan.discriminator import Discriminator, IdentityHead, LinearHead, MLPHead
from qgan.embedding import AffineEmbedding, TanhEmbedding
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Circuit, Engine
from qgan.generator import Generator, default_embedding
from qgan.objectives import LinearValue, Minimax, NonSaturating, Objective, Wasserstein
from qgan.prior import Prior
from qgan.stabilisers import (
    R1,
    FeatureMatching,
    GradientPenalty,
    InstanceNoise,
    PurityMatching,
    Term,
)
from qgan.training import Trainer
from qgan.training.run_folder import parse
from qgan.views import CircuitView, DensityView, PauliView, View

PRESETS: dict[str, dict[str, Any]] = {
    # States of the two labels nearly touch (h = 0.9 and 1.1): mismatched pairs keep them apart.
    "ising": {"trainer": {"mismatched_share": 0.02}},
    # Ground states turn evenly with h: one hidden layer keeps z in order.
    "tfim": {
        "data": {"source": "tfim"},
        "generator": {"n_latent": 1, "hidden": (32,)},
        "trainer": {"steps": 3500},
    },
    "level-crossing": {
        "data": {"source": "level-crossing"},
        "generator": {"n_latent": 3, "n_levels": 2},
    },
    "bell": {"data": {"source": "bell"}, "generator": {"n_latent": 1}},
    "gibbs": {
        "data": {"source": "gibbs"},
        "generator": {"kind": "register", "n_latent": 0},
        "discriminator": {"head": "linear"},
    },
    "gibbs-ensemble": {
        "data": {"source": "gibbs-ensemble"},
        "generator": {"kind": "register", "n_latent": 1},
    },
    "ddk": {
        "data": {"source": "basis"},
        "generator": {
            "kind": "register",
            "ansatz": "ddk",
            "n_layers": 2,
            "n_latent": 0,
            "spread": math.pi,
        },
        "discriminator": {"kind": "ddk", "head": "identity", "n_layers": 4},
        "objective": "linear",
        "cure": [],
        "trainer": {
            "steps": 1000,
            "n_critic": 1,
            "generator_rate": 0.01,
            "discriminator_rate": 0.01,
            "view_rate": 0.01,
        },
    },
    "file": {},
}
"""By name: what differs from the schema's defaults."""

DESCRIPTIONS = {
    "ising": "ground states of the Ising chain in a mixed field; label: side of the transition",
    "file": "states of a file, named by --data",
    "tfim": "ground states of the transverse-field Ising chain; label: side of the transition",
    "level-crossing": "an ensemble in two branches, with a latent that jumps between them",
    "bell": "depolarised Bell states of hidden strength: mixed states",
    "gibbs": "thermal states of the transverse-field chain at two temperatures",
    "gibbs-ensemble": "thermal states with a hidden temperature; label: phase",
    "ddk": "labels |0>, |1> are to give states |0>, |1>: arXiv:1804.08641, sec. IV",
}

ANSATZE: dict[str, AnsatzFamily] = {
    "hardware-efficient": HardwareEfficient,
    "ising": IsingLayers,
    "ddk": DDKLayers,
}

OBJECTIVES: dict[str, Callable[[float], Objective]] = {
    "wasserstein": Wasserstein,
    "minimax": Minimax,
    "non-saturating": NonSaturating,
    "linear": LinearValue,
}

CURES: dict[str, Callable[..., Term]] = {
    "gradient-penalty": GradientPenalty,
    "r1": R1,
    "instance-noise": InstanceNoise,
    "feature-matching": FeatureMatching,
    "purity-matching": PurityMatching,
}


def preset(name: str) -> Experiment:
    """The settings of a preset.

    Raises:
        QganError: for a name that is no preset.
    """
    if name not in PRESETS:
        raise errors.argument("preset", f"must be one of {', '.join(PRESETS)}", repr(name))
    return parse({"preset": name, **PRESETS[name]})


def load_data(experiment: Experiment) -> Dataset:
    """The data of an experiment: a file, or a source by name."""
    data = experiment.data
    if data.file is not None:
        return from_file(data.file, experiment.seed)
    if data.source not in SOURCES:
        raise errors.argument("data.source", f"must be one of {', '.join(SOURCES)}", data.source)
    size = {} if data.qubits is None else {"n_qubits": data.qubits}
    return SOURCES[data.source](seed=experiment.seed, **size)


def build_engine(experiment: Experiment) -> Engine:
    """The engine that trains."""
    e = experiment.engine
    if e.kind == "batched" and e.device is None:
        if e.shots is not None:
            raise errors.argument("shots", "must be None on the batched engine", e.shots)
        if e.diff_method not in (None, "adjoint"):
            raise errors.argument("diff_method", "must be adjoint on batched", e.diff_method)
        return BatchedEngine(e.precision)
    return PennyLaneEngine(
        e.device or "default.qubit",
        e.diff_method,
        e.shots,
        precision=e.precision,
        seed=experiment.seed,
    )


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


def default_cures(experiment: Experiment, data: Dataset) -> tuple[str, ...]:
    """What a configuration that names no cure gets."""
    lipschitz = ("gradient-penalty",) if experiment.objective == "wasserstein" else ()
    leaks = experiment.generator.kind == "register" and data.rank == 1
    return (*lipschitz, "purity-matching:5") if leaks else lipschitz


def build_terms(experiment: Experiment, data: Dataset) -> list[Term]:
    """Penalties and cures, each NAME or NAME:WEIGHT."""
    terms = []
    for text in default_cures(experiment, data) if experiment.cure is None else experiment.cure:
        name, _, weight = text.partition(":")
        if name not in CURES:
            raise errors.argument("cure", f"must be one of {', '.join(CURES)}", repr(text))
        try:
            terms.append(CURES[name](float(weight)) if weight else CURES[name]())
        except ValueError:
            raise errors.argument("cure", "must be NAME or NAME:WEIGHT", repr(text)) from None
    return terms


def build_trainer(data: Dataset, experiment: Experiment) -> Trainer:
    """Everything that an experiment describes, ready to train."""
    engine = build_engine(experiment)
    real = torch.float32 if experiment.engine.precision == "single" else torch.float64
    place = experiment.engine.accelerator
    if place == "cuda" and not torch.cuda.is_available():
        raise errors.argument("accelerator", "must be cpu where torch sees no CUDA device", place)
    return Trainer(
        build_generator(experiment, data, engine).to(place, real),
        build_discriminator(experiment, data, engine).to(place, real),
        data,
        OBJECTIVES[experiment.objective](experiment.trainer.mismatched_share),
        build_terms(experiment, data),
        experiment.trainer,
        seed=experiment.seed,
    )
