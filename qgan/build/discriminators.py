"""The discriminator that a configuration describes: a view and a head."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from circuits import ConditionalReadout, DDKReadout, Registers, SwapTest
from qgan import errors
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import (
    AuxiliaryHead,
    BoundedLinearHead,
    Discriminator,
    IdentityHead,
    LinearHead,
    MinibatchHead,
    MLPHead,
    PotentialsHead,
    ProjectionHead,
    RootHead,
    no_discriminator,
)
from qgan.engines.base import Engine
from qgan.metrics.states.semimetric import swap_cost
from qgan.build.objectives import find_objective
from qgan.states import States
from qgan.views import (
    CircuitView,
    DensityView,
    FixedView,
    MeasuredView,
    PauliView,
    POVMView,
    SwapTestView,
    TwoCopyView,
    View,
)

DDK = "Dallaire-Demers and Killoran, arXiv:1804.08641"

VIEWS: dict[str, tuple[str, str]] = {
    "density": ("entries of the density matrix; needs states", "Hilbert-Schmidt coordinates"),
    "pauli": ("Pauli words up to a weight, or a random choice", "Huang et al., arXiv:2002.08953"),
    "povm": ("probabilities: Pauli-4, Pauli-6 or tetrahedral", "Carrasquilla et al., 1810.10584"),
    "circuit": ("trainable circuits: the quantum discriminator", DDK),
    "two-copy": ("circuits on two copies; needs states", "Huang et al., arXiv:2112.00778"),
    "swap-test": ("overlaps with real states; needs states", "Niu et al., arXiv:2105.00080"),
    "ddk": ("one Z after Out D, Bath D, state and label", DDK),
}
"""For each view what it sees, and its paper."""

HEADS: dict[str, tuple[str, str]] = {
    "mlp": ("a network of view and label", "Mirza and Osindero, arXiv:1411.1784"),
    "linear": ("an observable a label", "the form of arXiv:1804.08641, unbounded"),
    "bounded-linear": ("an observable a label, of bounded spread", "Kiani et al., 2101.03037"),
    "identity": ("the view's one number itself", DDK),
    "projection": ("label by an inner product", "Miyato and Koyama, arXiv:1802.05637"),
    "auxiliary": ("a score, and a guess of the label", "Odena et al., arXiv:1610.09585"),
    "minibatch": ("an MLP that compares a batch", "Salimans et al., arXiv:1606.03498"),
    "potentials": ("two observables a label", "Chakrabarti et al., arXiv:1911.00111"),
    "root": ("an MLP of the root of rho: small eigenvalues count", "Luo and Zhang, PRA 69, 032106"),
}
"""For each head what it is, and its paper."""


def build_view(experiment: Experiment, data: Dataset, engine: Engine) -> View:
    """The discriminator's view; of records where the data show no more."""
    records = data.train.records
    view = _view_of_states(experiment, data, engine)
    if records is None:
        return view
    return MeasuredView(view, data.n_qubits, records.n_shots, records.kind, experiment.seed)


def _view_of_states(experiment: Experiment, data: Dataset, engine: Engine) -> View:
    d, seed, n = experiment.discriminator, experiment.seed, data.n_qubits
    if d.kind == "density":
        return DensityView(n)
    if d.kind == "pauli":
        return PauliView(n, min(d.max_weight, n), d.n_words, seed)
    if d.kind == "povm":
        return POVMView(n, d.povm)
    if d.kind == "swap-test":
        return SwapTestView(
            SwapTest(Registers(2 * n)),
            references(data, d.n_references),
            data.n_labels,
            engine=engine,
            scale=d.scale if d.head not in ("identity", "bounded-linear") else 1.0,
            trainable=d.trainable,
        )
    n_label = max(1, math.ceil(math.log2(data.n_labels)))
    settings: dict[str, Any] = {"engine": engine, "seed": seed, "trainable": d.trainable}
    if d.kind == "ddk":
        readout = DDKReadout(Registers(n, label=n_label, bath=1 + d.bath), d.n_layers)
        words = [readout.observable]
        return CircuitView(readout, data.n_labels, words, scale=1.0, **settings)
    width = 2 * n if d.kind == "two-copy" else n
    registers = Registers(width, label=n_label if d.label == "register" else 0, bath=d.bath)
    make = TwoCopyView if d.kind == "two-copy" else CircuitView
    return make(
        ConditionalReadout(registers, d.n_layers),
        data.n_labels,
        copies=d.n_circuits,
        scale=d.scale,
        **settings,
    )


def references(data: Dataset, count: int) -> States:
    """Some training states of each label, evenly spaced in the order they come.

    Raises:
        QganError: if a label has fewer.
    """
    places = []
    for label in range(data.n_labels):
        mine = torch.nonzero(data.train.label == label).flatten()
        if len(mine) < count:
            rule = f"must be at most {len(mine)}, the training states of a label"
            raise errors.argument("discriminator.n_references", rule, count)
        places.append(mine[torch.linspace(0, len(mine) - 1, count).round().long()])
    return data.train.states[torch.cat(places)]


def build_discriminator(experiment: Experiment, data: Dataset, engine: Engine) -> Discriminator:
    """The discriminator: view and head; none where the objective is a distance."""
    if find_objective(experiment.objective)[0].distance is not None:
        return no_discriminator()
    d = experiment.discriminator
    view = build_view(experiment, data, engine)
    size = (view.n_features, data.n_labels)
    random = torch.Generator().manual_seed(experiment.seed + 1)
    if d.head == "identity":
        if view.n_features != 1:
            raise errors.unsupported(
                "Head IdentityHead",
                f"it takes the view's one number, and view {d.kind} has {view.n_features}",
                "use --discriminator.head bounded-linear or --discriminator ddk",
            )
        return Discriminator(view, IdentityHead(view.n_features))
    if d.head == "linear":
        return Discriminator(view, LinearHead(*size, random))
    if d.head == "bounded-linear":
        # Between -1 and 1 as the value asks, or 1-Lipschitz in the trace distance.
        spread = 2.0 if experiment.objective.startswith("linear") else 1.0 / view.order
        return Discriminator(view, BoundedLinearHead(view.bounds, *size, spread, random))
    if d.head == "potentials":
        if not isinstance(view, FixedView):
            raise errors.unsupported(
                "Head PotentialsHead",
                f"it needs observables that are fixed, and view {d.kind} trains its own",
                "use --discriminator density or --discriminator pauli",
            )
        swap_cost(data.n_qubits)  # refuses what is too wide
        return Discriminator(view, PotentialsHead(view.operator, *size, random))
    heads: dict[str, Any] = {
        "mlp": MLPHead,
        "projection": ProjectionHead,
        "auxiliary": AuxiliaryHead,
        "minibatch": MinibatchHead,
    }
    if d.head == "root":
        head: nn.Module = RootHead(_of_states(view), data.n_labels, d.hidden, random)
    else:
        head = heads[d.head](*size, d.hidden, random, d.spectral)
    return Discriminator(view, head)


def _of_states(view: View) -> DensityView:
    """The view, if it shows states themselves: records' estimates of them are not positive."""
    if not isinstance(view, DensityView):
        raise errors.unsupported(
            "Head RootHead",
            f"it takes the root of the state itself, which {type(view).__name__} does not give",
            "use --discriminator.head mlp or --discriminator.head projection",
        )
    return view
