"""Whole numbers of NumPy are taken wherever Python's are, and mean the same; booleans are not."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch
from small_circuits import random_states
from torch import Tensor, nn

from circuits import (
    ConditionalReadout,
    DDKLayers,
    DDKReadout,
    HardwareEfficient,
    IsingLayers,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
    SwapTest,
)
from qgan import Discriminator, Generator, Model, Trainer, data, explore, metrics, pauli
from qgan.batch import Batch
from qgan.config import TrainerConfig
from qgan.data.dataset import Dataset, measured, split
from qgan.discriminator import (
    AuxiliaryHead,
    BoundedLinearHead,
    IdentityHead,
    LinearHead,
    MinibatchHead,
    MLPHead,
    PotentialsHead,
    ProjectionHead,
    RootHead,
)
from qgan.embedding import AffineEmbedding, RegisterEmbedding, TanhEmbedding
from qgan.engines import PennyLaneEngine
from qgan.errors import QganError
from qgan.evaluation import evaluate, label_references
from qgan.metrics.ensembles.energy import energy_distance
from qgan.metrics.states.rank import fidelity_cap
from qgan.metrics.states.semimetric import swap_cost
from qgan.prior import Prior
from qgan.records import measure
from qgan.states import States
from qgan.views import (
    CircuitView,
    DensityView,
    MeasuredView,
    PauliView,
    POVMView,
    SwapTestView,
    TwoCopyView,
)

CIRCUIT = ReuploadingCircuit(Registers(2), 2)
READOUT = ConditionalReadout(Registers(2), n_layers=1)
STATES, LABEL = random_states(8, 2, 1), torch.arange(8) % 2
PAULI = PauliView(2, 1)


@functools.cache
def small() -> Dataset:
    return data.tfim(2, n_train=12, n_validation=4, n_held_out=8)


def generator(**settings: Any) -> Generator:
    return Generator(CIRCUIT, **{"n_labels": 2, **settings})


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def seen(view: nn.Module) -> Tensor:
    features: Tensor = view(STATES, LABEL)
    return features


def weights(module: nn.Module) -> list[Tensor]:
    torch.manual_seed(0)
    return [parameter.sum() for parameter in module.parameters()]


def shots_of(i: Any) -> Tensor:
    engine = PennyLaneEngine("default.qubit", "parameter-shift", shots=i(5), seed=i(3))
    return engine.expval(CIRCUIT, torch.zeros(0), torch.zeros(1, CIRCUIT.n_inputs), ["ZI"])


def trained(i: Any) -> list[Tensor]:
    config = TrainerConfig(steps=i(2), batch=i(4), n_critic=i(1), evaluate_every=i(2))
    head = LinearHead(6, 2, rng())
    trainer = Trainer(generator(), Discriminator(PAULI, head), small(), config=config, seed=i(3))
    trainer.fit()
    return weights(trainer.generator)


def model() -> Model:
    return Model(generator(), (0, 1), "best", 3)


Number = Callable[[int], Any]
EDGES: dict[str, Callable[[Number], Any]] = {
    "Registers": lambda i: repr(Registers(i(3), i(1), i(0), i(1))),
    "ReuploadingCircuit": lambda i: ReuploadingCircuit(Registers(2), i(100)).n_inputs,
    "RegisterCircuit": lambda i: RegisterCircuit(Registers(2, 1, 1), i(100)).n_weights,
    "ConditionalReadout": lambda i: ConditionalReadout(Registers(2), i(100)).n_weights,
    "DDKReadout": lambda i: DDKReadout(Registers(2, label=1, bath=1), i(100)).n_weights,
    "HardwareEfficient": lambda i: HardwareEfficient([i(0), i(1)], i(100)).n_angles,
    "DDKLayers": lambda i: DDKLayers([i(0), i(1)], i(100)).n_angles,
    "IsingLayers": lambda i: IsingLayers([i(0), i(1)], i(100)).n_angles,
    "Generator": lambda i: json.dumps(
        generator(n_labels=i(2), n_latent=i(1), seed=i(3)).describe()
    ),
    "Prior": lambda i: Prior(i(2), i(3)).sample(i(5), rng()),
    "Generator.cost": lambda i: repr(generator().cost(i(100))),
    "AffineEmbedding": lambda i: json.dumps(AffineEmbedding(i(100), i(100), i(3)).spec),
    "TanhEmbedding": lambda i: json.dumps(TanhEmbedding(i(100), i(100), i(3), (i(4),)).spec),
    "RegisterEmbedding": lambda i: json.dumps(
        RegisterEmbedding(i(100), i(1), i(7), i(1), i(9)).spec
    ),
    "PennyLaneEngine": shots_of,
    "DensityView": lambda i: [DensityView(i(8)).n_features, seen(DensityView(i(2)))],
    "PauliView": lambda i: seen(PauliView(i(2), i(2), n_words=i(3), seed=i(2))),
    "POVMView": lambda i: [POVMView(i(5)).n_features, seen(POVMView(i(2)))],
    "MeasuredView": lambda i: seen(MeasuredView(PAULI, i(2), i(5), seed=i(1))),
    "CircuitView": lambda i: seen(CircuitView(READOUT, i(2), n_circuits=i(2), seed=i(1))),
    "TwoCopyView": lambda i: seen(
        TwoCopyView(ConditionalReadout(Registers(4), 1), i(2), n_circuits=i(1), seed=i(1))
    ),
    "SwapTestView": lambda i: seen(SwapTestView(SwapTest(Registers(4)), STATES, i(2))),
    "LinearHead": lambda i: weights(LinearHead(i(6), i(2), rng())),
    "BoundedLinearHead": lambda i: weights(BoundedLinearHead(PAULI.bounds, i(6), i(2), rng=rng())),
    "IdentityHead": lambda i: weights(IdentityHead(i(1))),
    "MLPHead": lambda i: weights(MLPHead(i(100), i(100), (i(4),), rng())),
    "MLPHead, spectral": lambda i: weights(MLPHead(i(6), i(2), (i(4),), rng(), spectral=True)),
    "ProjectionHead": lambda i: weights(ProjectionHead(i(6), i(2), (i(4),), rng())),
    "AuxiliaryHead": lambda i: weights(AuxiliaryHead(i(6), i(2), (i(4),), rng())),
    "MinibatchHead": lambda i: weights(
        MinibatchHead(i(100), i(100), (i(4),), rng(), n_kernels=i(20), width=i(20))
    ),
    "PotentialsHead": lambda i: weights(PotentialsHead(PAULI.operator, i(6), i(2), rng())),
    "RootHead": lambda i: weights(RootHead(DensityView(2), i(2), (i(4),), rng())),
    **{
        source.__name__: lambda i, make=source: (
            make(i(2), i(3), i(1), i(1), i(1)).train.states.factor
        )
        for source in (
            data.basis,
            data.bell,
            data.ising,
            data.tfim,
            data.level_crossing,
            data.gibbs,
            data.gibbs_ensemble,
        )
    },
    "tfim of 8 qubits": lambda i: data.tfim(i(8), 1, 1, 1).n_qubits,
    "Dataset.draw": lambda i: small().draw(i(4), np.random.default_rng(i(0))).label,
    "measured": lambda i: measured(small(), i(5), seed=i(1)).train.records.frequencies,
    "split": lambda i: split(Batch(STATES[LABEL * 0], LABEL * 0), i(1))[0].states.factor,
    "measure": lambda i: measure(STATES, i(100), rng()).frequencies,
    "States.sample": lambda i: STATES.sample(i(100), rng()),
    "States.reduced": lambda i: STATES.reduced([i(1)]).factor,
    "States[]": lambda i: STATES[i(1)].factor,
    "Batch.of": lambda i: Batch(STATES, LABEL).of(i(1)).states.factor,
    "Model.sample": lambda i: model().sample(i(1), i(3), i(2)).factor,
    "Trainer": trained,
    "entropy": lambda i: metrics.entropy(STATES.reduced([0]), i(2)),
    "negativity": lambda i: metrics.negativity(STATES, [i(0)]),
    "pauli_words": lambda i: [pauli.pauli_words(i(3), i(2)), pauli.z_words(i(3), i(2))],
    "ensemble_mmd": lambda i: metrics.ensemble_mmd(STATES[:4], STATES[4:], i(2), i(3)),
    "moment_distance": lambda i: metrics.moment_distance(torch.eye(6).double(), i(3), i(2)),
    "mmd_squared": lambda i: metrics.mmd_squared(torch.eye(100).double(), i(50)),
    "energy_distance": lambda i: energy_distance(torch.eye(100).double(), i(50)),
    "fidelity_cap": lambda i: fidelity_cap(STATES.reduced([0]), i(100)),
    "swap_cost": lambda i: swap_cost.__wrapped__(i(4)),
    "permutation_p_value": lambda i: metrics.permutation_p_value(
        torch.eye(6).double(), i(3), n_permutations=i(10), seed=i(1)
    ),
    "wasserstein": lambda i: metrics.wasserstein(STATES[:4], STATES[4:], i(2)),
    "interpolate": lambda i: explore.interpolate(model(), 0, [-1.0], [1.0], steps=i(5)).latent,
    "invert": lambda i: explore.invert(model(), STATES[:2], steps=i(2), seed=i(1)).latent,
    "factors": lambda i: str(explore.factors(model(), small(), n=i(30), seed=i(1))),
    "label_references": lambda i: label_references(small(), "held_out", i(8), seed=i(0))[0].n_draw,
    "evaluate": lambda i: repr(
        evaluate(Batch(STATES, LABEL), torch.ones(8, 1), small(), n_resamples=i(3)).to_dict()
    ),
}
TYPES = (np.int64, np.int32, np.int8, np.uint8)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor):
        return torch.equal(one, other)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("name", EDGES)
def test_an_integer_of_any_type_means_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    expected = EDGES[name](int)
    for number in TYPES:
        assert same(EDGES[name](number), expected), number


REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "output": (Registers, "`output` must be an integer of at least 1"),
    "n_layers": (lambda n: DDKLayers(range(2), n), "`n_layers` must be an integer of at least 1"),
    "n_labels": (lambda n: generator(n_labels=n), "`n_labels` must be an integer"),
    "seed": (lambda n: generator(seed=n), "`seed` must be an integer"),
    "n_latent": (Prior, "`n_latent` must be an integer"),
    "shots": (
        lambda n: PennyLaneEngine("default.qubit", shots=n),
        "`shots` must be an integer of at least 1, or None",
    ),
    "n_qubits": (DensityView, "`n_qubits` must be an integer"),
    "shots of a sample": (lambda n: STATES.sample(n, rng()), "`shots` must be an integer"),
    "n": (lambda n: model().sample(0, n), "`n` must be an integer"),
    "hidden": (lambda n: TanhEmbedding(2, 1, 3, (n,)), "`hidden` must be an integer"),
}


@pytest.mark.parametrize("value", [True, np.True_, 2.0, np.float64(2), "2"], ids=repr)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_integer_is_refused(
    name: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    make, message = REFUSED[name]
    with pytest.raises(ValueError, match=f"^Argument {message}.*, but got "):
        make(value)


def test_a_batch_is_indexed_as_before() -> None:
    assert isinstance(STATES[np.int64(-1)], States) and len(STATES[np.int64(-1)]) == 1
    assert len(STATES[LABEL == 1]) == 4 and len(STATES[1:3]) == 2
    assert issubclass(QganError, ValueError)
