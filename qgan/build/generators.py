"""The generators, their layers and their embeddings by name, and the generator that is built."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from circuits import (
    AnsatzFamily,
    BitRegisterCircuit,
    DDKLayers,
    HardwareEfficient,
    IsingLayers,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
)
from qgan import errors
from qgan.build.registry import Entry, new_family
from qgan.build.scaling import scaled
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.embedding import AffineEmbedding, BitEmbedding, TanhEmbedding
from qgan.engines.base import Circuit, Engine
from qgan.engines.memory import check_bytes
from qgan.engines.trace import trace
from qgan.generator import Generator, default_embedding
from qgan.metrics.states.rank import fidelity_cap
from qgan.network_generator import NetworkGenerator, NoGates
from qgan.prior import Prior
from qgan.seeds import seeded

__all__ = [
    "ANSATZE",
    "EMBEDDINGS",
    "GENERATORS",
    "PRIORS",
    "build_circuit",
    "build_generator",
    "warn_of_rank",
]


def _usual_circuit(entry: Entry, settings: Experiment, data: Dataset, bath: int) -> Circuit:
    circuit: Circuit = entry.make(data.n_qubits)
    return circuit


GENERATORS = new_family("generator", "Generators", "generator.kind", _usual_circuit)
"""The circuits of generators; a builder takes (settings, data, wires of the bath)."""
ANSATZE = new_family("ansatz", "Layers of generators", "generator.ansatz")
"""Families of layers; an entry stands for the family itself."""
EMBEDDINGS = new_family("embedding", "Embeddings", "generator.embedding")
"""Embeddings of label and latent; a builder takes (settings, n_labels, n_inputs, rng, winds)."""


def _usual_prior(entry: Entry, settings: Experiment) -> Prior:
    prior: Prior = entry.make(n_latent_of(settings), settings.generator.n_levels)
    return prior


PRIORS = new_family("prior", "Priors of latents", "generator.prior", _usual_prior)
"""What latents are drawn from; an entry stands for a function of the numbers of latents and of
levels of the last one."""


def build_prior(settings: Experiment) -> Prior:
    """The prior of the latents."""
    prior: Prior = PRIORS.build(PRIORS.find(settings.generator.prior), settings)
    return prior


def build_circuit(settings: Experiment, data: Dataset) -> Circuit:
    """The generator's circuit; its bath is as wide as the rank of the data asks."""
    settings = scaled(settings, data.n_qubits)
    g = settings.generator
    bath = math.ceil(math.log2(data.rank)) if g.bath is None else g.bath
    circuit: Circuit = GENERATORS.build(GENERATORS.find(g.kind), settings, data, bath)
    return circuit


def build_generator(settings: Experiment, data: Dataset, engine: Engine) -> Generator:
    """The generator.

    Args:
        settings: the experiment.
        data: what it is to learn.
        engine: what runs its circuit.
    """
    g = settings.generator
    circuit, prior = build_circuit(settings, data), build_prior(settings)
    rng = seeded(settings.seed)
    embedding: nn.Module
    if isinstance(circuit, BitRegisterCircuit):
        sizes = data.n_labels, prior.n_latent, circuit.registers.n_label, circuit.n_bits
        embedding = BitEmbedding(*sizes, g.gray, prior.kinds)
    elif circuit.registers.n_label:
        embedding = default_embedding(circuit, data.n_labels, prior, rng)
    else:
        entry = EMBEDDINGS.find(g.embedding)
        winds = winds_of(circuit, prior)
        embedding = EMBEDDINGS.build(entry, settings, data.n_labels, circuit.n_inputs, rng, winds)
    make = NetworkGenerator if isinstance(circuit, NoGates) else Generator
    return make(
        circuit,
        data.n_labels,
        embedding=embedding,
        engine=engine,
        prior=prior,
        spread=g.spread,
        seed=settings.seed,
    )


def winds_of(circuit: Circuit, prior: Prior) -> tuple[int, ...]:
    """For each latent that is an angle the input that it is added to; none without such inputs.

    Latent j takes the middle one of the RZ gates on wire j whose angle is an input as it is, so
    that gates before and after it choose what goes round, and about which axis. Of fewer wires
    than latents they take turns, each time with the next gate.
    """
    if isinstance(circuit, NoGates) or not any(prior.wraps):
        return ()
    entries: dict[int, list[int]] = {}
    for gate in trace(circuit).gates:
        if gate.gate == "RZ" and gate.source == "inputs" and abs(gate.scale) == 1:
            entries.setdefault(gate.wires[0], []).append(gate.entry)
    wires, winds = sorted(entries), []
    for k in range(sum(prior.wraps)):
        if not wires:
            return ()
        of_wire, turn = entries[wires[k % len(wires)]], k // len(wires)
        winds.append(of_wire[(len(of_wire) // 2 + turn) % len(of_wire)])
    return tuple(winds)


def _ansatz(settings: Experiment) -> AnsatzFamily:
    family: AnsatzFamily = ANSATZE.find(settings.generator.ansatz).make
    return family


TRIED_LATENTS = (1, 2, 3)
"""Numbers of latents that ``auto`` tries."""


def n_latent_of(settings: Experiment) -> int:
    """The number of latents.

    Raises:
        QganError: if it is still ``auto``.
    """
    n_latent = settings.generator.n_latent
    if isinstance(n_latent, str):
        rule = "must be settled before anything is built (qgan.build.settle)"
        raise errors.argument("generator.n_latent", rule, n_latent)
    return n_latent


def with_latents(settings: Experiment, n_latent: int) -> Experiment:
    """The same experiment with another number of latents."""
    generator = settings.generator.model_copy(update={"n_latent": n_latent})
    return settings.model_copy(update={"generator": generator})


def with_most_latents(settings: Experiment) -> Experiment:
    """The same experiment with the most latents that ``auto`` could choose, to see its size."""
    if settings.generator.n_latent != "auto":
        return settings
    return with_latents(settings, TRIED_LATENTS[-1])


def _reuploading(settings: Experiment, data: Dataset, bath: int) -> Circuit:
    registers = Registers(output=data.n_qubits, bath=bath)
    n_layers = settings.generator.n_layers
    assert n_layers is not None  # which :func:`scaled` has filled in
    return ReuploadingCircuit(registers, n_layers, _ansatz(settings))


MOST_ROTATIONS = 300_000
"""Most rotations of a circuit of bits, each of which is written down once."""


def _register(settings: Experiment, data: Dataset, bath: int) -> Circuit:
    g, n_latent = settings.generator, n_latent_of(settings)
    assert g.n_layers is not None  # which :func:`scaled` has filled in
    registers = Registers(
        output=data.n_qubits,
        label=max(1, math.ceil(math.log2(data.n_labels))),
        latent=n_latent * g.n_bits or build_prior(settings).n_features,
        bath=bath,
    )
    if g.n_bits:
        _check_bits(settings, registers)
        return BitRegisterCircuit(
            registers, g.n_layers, n_latent, _ansatz(settings), g.n_controls, g.degree
        )
    family = None if g.ansatz == "hardware-efficient" else _ansatz(settings)
    return RegisterCircuit(registers, g.n_layers, family)


def _check_bits(settings: Experiment, registers: Registers) -> None:
    """Refuse settings of a circuit of bits that do not go together, and too many rotations."""
    g, wires = settings.generator, (*registers.output, *registers.bath)
    assert g.n_layers is not None  # which :func:`scaled` has filled in
    if g.degree:
        rule = "where generator.degree is not 0"
        if g.n_controls != 1:
            raise errors.argument("generator.n_controls", f"must be 1 {rule}", g.n_controls)
        if g.gray:  # the polynomials are of the number in plain binary
            raise errors.argument("generator.gray", f"must be false {rule}", "true")
        of_degree = [math.comb(g.n_bits, k) for k in range(g.degree + 1)]
        of_latent = g.n_bits + sum(sum(of_degree[d::-2]) for d in range(1, g.degree + 1))
        n_words = 1 + n_latent_of(settings) * of_latent
    else:
        n_words = (1 + registers.n_latent_wires) ** g.n_controls
    n_rotations = (1 + registers.n_label) * n_words * _ansatz(settings)(wires, g.n_layers).n_angles
    if n_rotations > MOST_ROTATIONS:
        rule = f"must leave at most {MOST_ROTATIONS:,} controlled rotations"
        raise errors.argument("generator.n_bits", rule, f"about {n_rotations:,}")


def _network(settings: Experiment, data: Dataset, bath: int) -> Circuit:
    return NoGates(Registers(output=data.n_qubits, bath=bath))


def _tanh(
    settings: Experiment,
    n_labels: int,
    n_inputs: int,
    rng: torch.Generator,
    winds: Sequence[int],
) -> nn.Module:
    g = settings.generator
    prior = build_prior(settings)
    widths = (n_labels + prior.n_features, *g.hidden, n_inputs)
    n_weights = sum((one + 1) * other for one, other in pairwise(widths))
    # Double precision: the weights, their gradients, two moments of Adam and the running average.
    check_bytes("generator.hidden", f"{n_weights} weights in training", 5 * 8 * n_weights)
    kinds = prior.kinds
    size = n_labels, prior.n_latent, n_inputs
    return TanhEmbedding(*size, g.hidden, rng=rng, kinds=kinds, winds=winds)


def _affine(
    settings: Experiment,
    n_labels: int,
    n_inputs: int,
    rng: torch.Generator,
    winds: Sequence[int],
) -> nn.Module:
    prior = build_prior(settings)
    sizes = n_labels, prior.n_latent, n_inputs
    return AffineEmbedding(*sizes, rng=rng, by_label=True, kinds=prior.kinds, winds=winds)


LEAST_CAP = 0.99
"""Below this mean fidelity that the traced-out qubits allow, the program warns."""


def warn_of_rank(circuit: Circuit, data: Dataset) -> None:
    """Say so where too few qubits are traced out for the mixedness of the training data.

    With t qubits traced out the generator's states have rank ``2**t`` at most. A label wire that
    only controls others (no ansatz acts on it) holds no entropy and does not count.
    """
    registers = circuit.registers
    n_traced = registers.n_wires - registers.n_output
    if isinstance(circuit, BitRegisterCircuit):
        n_traced = circuit.registers.n_bath
    elif isinstance(circuit, RegisterCircuit) and circuit.ansatz is None:
        n_traced -= registers.n_label
    caps = fidelity_cap(data.train.states, n_traced)
    means = torch.stack([caps[data.train.label == k].mean() for k in range(data.n_labels)])
    worst = int(means.argmin())
    if means[worst] < LEAST_CAP:
        errors.warn(
            f"{n_traced} traced-out qubits cap the fidelity with the training states of label "
            f"{data.label_names[worst]} at {means[worst]:.4f}: give the generator a wider bath "
            f"(the setting generator.bath)."
        )


def _of_kind(kind: str) -> Callable[[int, int], Prior]:
    return functools.partial(Prior, kinds=kind)


def _angle_first(n_latent: int, n_levels: int) -> Prior:
    if n_latent < 1 + (n_levels > 0):
        rule = "must have a place for an angle, and for the discrete latent if there is one"
        raise errors.argument("generator.n_latent", rule, n_latent)
    return Prior(n_latent, n_levels, ("periodic", *["uniform"] * (n_latent - 1)))


REUPLOADING_PAPERS = (
    "Pérez-Salinas et al., Quantum 4, 226 (2020); Bravo-Prieto et al., arXiv:2110.06933"
)
DDK = "Dallaire-Demers and Killoran, arXiv:1804.08641"

for _entry in (
    Entry(
        "reuploading",
        ReuploadingCircuit,
        "label and latent in every angle, through a small network",
        REUPLOADING_PAPERS,
        _reuploading,
    ),
    Entry(
        "register",
        RegisterCircuit,
        "registers |label>|z>|0..0> in basis states, all trained parameters angles of gates",
        DDK,
        _register,
    ),
    Entry(
        "network",
        NoGates,
        "no circuit: the embedding writes the state itself, for comparison",
        build=_network,
    ),
):
    GENERATORS.add(_entry)

for _entry in (
    Entry("uniform", _of_kind("uniform"), "each latent uniform on [-1, 1]"),
    Entry("normal", _of_kind("normal"), "each latent normal with mean 0 and deviation 1"),
    Entry("periodic", _of_kind("periodic"), "each latent an angle in [0, 2 pi), whose ends meet"),
    Entry("angle-first", _angle_first, "the first latent an angle, the others uniform"),
):
    PRIORS.add(_entry)

for _entry in (
    Entry("hardware-efficient", HardwareEfficient, "RY and RZ on each wire, then ZZ on the ring"),
    Entry("ising", IsingLayers, "ZZ and Z on the open chain, then RX on each wire"),
    Entry("ddk", DDKLayers, "RX and RZ on each wire, then ZZ on neighbours", DDK),
):
    ANSATZE.add(_entry)

for _entry in (
    Entry("tanh", TanhEmbedding, "a small tanh network", build=_tanh),
    Entry(
        "affine",
        AffineEmbedding,
        "angles affine in the latent for each label, all trained parameters in the circuit",
        build=_affine,
    ),
):
    EMBEDDINGS.add(_entry)
