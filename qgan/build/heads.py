"""The heads by name, and how a configuration's head is built."""

from __future__ import annotations

from collections.abc import Callable

import torch

from qgan import errors
from qgan.build.registry import Entry, new_family
from qgan.build.views import DDK
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import (
    AuxiliaryHead,
    BoundedLinearHead,
    Head,
    IdentityHead,
    LinearHead,
    MinibatchHead,
    MLPHead,
    PotentialsHead,
    ProjectionHead,
    RootHead,
)
from qgan.metrics.states.semimetric import swap_cost
from qgan.objectives import Objective
from qgan.seeds import seeded
from qgan.views import DensityView, FixedView, View

__all__ = ["HEADS"]


def _usual(
    entry: Entry, settings: Experiment, data: Dataset, view: View, objective: Objective
) -> Head:
    with torch.random.fork_rng(devices=[]):  # a head without an `rng` draws from torch's own
        torch.manual_seed(settings.seed + 1)
        head: Head = entry.make(view.n_features, data.n_labels)
    return head


HEADS = new_family("head", "Heads", "discriminator.head", _usual)
"""The heads; a builder takes (settings, data, view, objective)."""


def _rng(settings: Experiment) -> torch.Generator:
    """Source of the initial weights."""
    return seeded(settings.seed + 1)


def _network(make: Callable[..., Head]) -> Callable[..., Head]:
    """How a head that is a network is built."""

    def build(settings: Experiment, data: Dataset, view: View, objective: Objective) -> Head:
        d = settings.discriminator
        return make(view.n_features, data.n_labels, d.hidden, _rng(settings), d.spectral)

    return build


def _linear(settings: Experiment, data: Dataset, view: View, objective: Objective) -> Head:
    return LinearHead(view.n_features, data.n_labels, _rng(settings))


def _bounded(settings: Experiment, data: Dataset, view: View, objective: Objective) -> Head:
    # Between -1 and 1 as the value asks, or 1-Lipschitz in the trace distance.
    spread = 2.0 if objective.reads == "expectations" else 1.0 / view.n_copies
    return BoundedLinearHead(view.bounds, view.n_features, data.n_labels, spread, _rng(settings))


def _identity(settings: Experiment, data: Dataset, view: View, objective: Objective) -> Head:
    if view.n_features != 1:
        raise errors.unsupported(
            "Head IdentityHead",
            f"it takes the view's one number, and {type(view).__name__} has {view.n_features}",
            [("head", "bounded-linear"), ("view", "ddk")],
        )
    return IdentityHead(view.n_features)


def _potentials(settings: Experiment, data: Dataset, view: View, objective: Objective) -> Head:
    if not isinstance(view, FixedView):
        raise errors.unsupported(
            "Head PotentialsHead",
            f"it needs observables that are fixed, and {type(view).__name__} trains its own",
            [("view", "density"), ("view", "pauli")],
        )
    swap_cost(data.n_qubits)  # refuses what is too wide
    return PotentialsHead(view.operator, view.n_features, data.n_labels, _rng(settings))


def _root(settings: Experiment, data: Dataset, view: View, objective: Objective) -> Head:
    if not isinstance(view, DensityView):  # of records: their estimates of states are not positive
        raise errors.unsupported(
            "Head RootHead",
            f"it takes the root of the state itself, which {type(view).__name__} does not give",
            [("head", "mlp"), ("head", "projection")],
        )
    return RootHead(view, data.n_labels, settings.discriminator.hidden, _rng(settings))


for _entry in (
    Entry(
        "mlp",
        MLPHead,
        "a network of view and label",
        "Mirza and Osindero, arXiv:1411.1784",
        _network(MLPHead),
    ),
    Entry(
        "linear",
        LinearHead,
        "one observable per label",
        "the form of arXiv:1804.08641, unbounded",
        _linear,
    ),
    Entry(
        "bounded-linear",
        BoundedLinearHead,
        "one observable per label, of bounded spread",
        "Kiani et al., 2101.03037",
        _bounded,
    ),
    Entry("identity", IdentityHead, "the view's one number itself", DDK, _identity),
    Entry(
        "projection",
        ProjectionHead,
        "the label enters by an inner product",
        "Miyato and Koyama, arXiv:1802.05637",
        _network(ProjectionHead),
    ),
    Entry(
        "auxiliary",
        AuxiliaryHead,
        "a score, and a guess of the label",
        "Odena et al., arXiv:1610.09585",
        _network(AuxiliaryHead),
    ),
    Entry(
        "minibatch",
        MinibatchHead,
        "an MLP that compares the states of a batch",
        "Salimans et al., arXiv:1606.03498",
        _network(MinibatchHead),
    ),
    Entry(
        "potentials",
        PotentialsHead,
        "two observables per label",
        "Chakrabarti et al., arXiv:1911.00111",
        _potentials,
    ),
    Entry(
        "root",
        RootHead,
        "an MLP of the root of rho: small eigenvalues count",
        "Luo and Zhang, PRA 69, 032106",
        _root,
    ),
):
    HEADS.add(_entry)
