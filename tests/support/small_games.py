"""Small games as the tests of training play them: data, generators, discriminators, trainers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from circuits import ConditionalReadout, RegisterCircuit, Registers, ReuploadingCircuit
from qgan import Discriminator, Generator, Trainer
from qgan.config import TrainerConfig
from qgan.data import Dataset, basis, tfim
from qgan.discriminator import MLPHead
from qgan.engines import BatchedEngine
from qgan.engines.base import Engine
from qgan.objectives import Wasserstein
from qgan.terms import GradientPenalty, InstanceNoise, Term
from qgan.views import CircuitView, DensityView, View

SHORT = TrainerConfig(steps=6, batch=4, n_critic=2, average=0.9, evaluate_every=2, log_every=1)


MISMATCHED_SHARE = 0.1
"""Share of mismatched pairs in what the discriminators of these games reject."""


def data(n_qubits: int = 2) -> Dataset:
    """A few ground states of each phase."""
    return tfim(n_qubits, n_train=20, n_validation=8, n_held_out=8, seed=0)


def generator(kind: str, engine: Engine, n_qubits: int = 2) -> Generator:
    """One latent, shallow, of either kind."""
    if kind == "reuploading":
        circuit: Any = ReuploadingCircuit(Registers(output=n_qubits), n_layers=1)
    else:
        circuit = RegisterCircuit(Registers(output=n_qubits, label=1, latent=1), n_layers=2)
    return Generator(circuit, 2, n_latent=1, engine=engine, spread=1.0)


def circuit_view(engine: Engine, n_qubits: int = 2, **settings: Any) -> CircuitView:
    """One shallow trainable readout."""
    readout = ConditionalReadout(Registers(output=n_qubits), n_layers=1)
    return CircuitView(readout, 2, engine=engine, n_circuits=1, **settings)


def trainer(
    config: TrainerConfig = SHORT,
    seed: int = 0,
    *,
    engine: Engine | None = None,
    kind: str = "reuploading",
    view: View | None = None,
    terms: Sequence[Term] | None = None,
    mismatched_share: float = MISMATCHED_SHARE,
) -> Trainer:
    """A Wasserstein game in double precision; the terms draw random numbers too."""
    engine = engine or BatchedEngine(precision="double")
    view = view or DensityView(2)
    random = torch.Generator().manual_seed(1)
    head = MLPHead(view.n_features, 2, (8,), random)
    terms = (GradientPenalty(), InstanceNoise(0.05)) if terms is None else terms
    return Trainer(
        generator(kind, engine).double(),
        Discriminator(view, head).double(),
        data(),
        Wasserstein(),
        terms,
        config,
        seed,
        mismatched_share=mismatched_share,
    )


def one_qubit() -> Dataset:
    """Label k, state |k>."""
    return basis(1, n_train=8, n_validation=4, n_held_out=4)


def losses(game: Trainer) -> np.ndarray[Any, Any]:
    """Both losses of each step to the end."""
    rows: list[list[float]] = []
    game.fit(lambda row: rows.append(list(row.values())))
    return np.array(rows)


def weights(game: Trainer) -> dict[str, torch.Tensor]:
    """Every trained number of a game, the averaged generator's too."""
    parts = {"G": game.generator, "D": game.discriminator, "mean": game.model}
    return {
        f"{name}.{key}": value.detach().clone()
        for name, part in parts.items()
        for key, value in part.state_dict().items()
    }
