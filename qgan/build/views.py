"""The views by name, and how a configuration's view is built."""

from __future__ import annotations

import math
from typing import Any

import torch

from circuits import ConditionalReadout, DDKReadout, Registers, SwapTest
from qgan import errors
from qgan.build.registry import Entry, new_family
from qgan.build.scaling import scaled
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.engines.base import Engine
from qgan.states import States
from qgan.views import (
    CircuitView,
    DensityView,
    MeasuredView,
    PauliView,
    POVMView,
    SketchView,
    SwapTestView,
    TwoCopyView,
    View,
)

__all__ = ["DDK", "VIEWS", "build_view", "pick_references"]

DDK = "Dallaire-Demers and Killoran, arXiv:1804.08641"


def _usual(entry: Entry, settings: Experiment, data: Dataset, engine: Engine) -> View:
    view: View = entry.make(data.n_qubits)
    return view


VIEWS = new_family("view", "Views", "discriminator.kind", _usual)
"""The views; a builder takes (settings, data, engine)."""


def build_view(settings: Experiment, data: Dataset, engine: Engine) -> View:
    """The discriminator's view; that of records where the data show no more.

    Args:
        settings: the experiment.
        data: what the discriminator is shown.
        engine: what runs the view's circuits, if it has any.
    """
    settings = scaled(settings, data.n_qubits)
    view: View = VIEWS.build(VIEWS.find(settings.discriminator.kind), settings, data, engine)
    records = data.train.records
    if records is None:
        return view
    return MeasuredView(view, data.n_qubits, records.counts, records.kind, settings.seed)


def _pauli(settings: Experiment, data: Dataset, engine: Engine) -> View:
    d, n = settings.discriminator, data.n_qubits
    return PauliView(n, min(d.max_weight, n), d.n_words, settings.seed)


def _sketch(settings: Experiment, data: Dataset, engine: Engine) -> View:
    return SketchView(data.n_qubits, settings.discriminator.n_observables, settings.seed)


def _povm(settings: Experiment, data: Dataset, engine: Engine) -> View:
    return POVMView(data.n_qubits, settings.discriminator.povm)


def _swap_test(settings: Experiment, data: Dataset, engine: Engine) -> View:
    d = settings.discriminator
    return SwapTestView(
        SwapTest(Registers(2 * data.n_qubits)),
        pick_references(data, d.n_references),
        data.n_labels,
        engine=engine,
        scale=d.scale if d.head not in ("identity", "bounded-linear") else 1.0,
        trainable=d.trainable,
    )


def _label_wires(data: Dataset) -> int:
    return max(1, math.ceil(math.log2(data.n_labels)))


def _circuit_options(settings: Experiment, engine: Engine) -> dict[str, Any]:
    trainable = settings.discriminator.trainable
    return {"engine": engine, "seed": settings.seed, "trainable": trainable}


def _ddk(settings: Experiment, data: Dataset, engine: Engine) -> View:
    d = settings.discriminator
    registers = Registers(data.n_qubits, label=_label_wires(data), bath=1 + d.bath)
    readout = DDKReadout(registers, d.n_layers)
    options = _circuit_options(settings, engine)
    return CircuitView(readout, data.n_labels, [readout.observable], scale=1.0, **options)


def _readout(settings: Experiment, data: Dataset, width: int) -> ConditionalReadout:
    d = settings.discriminator
    label = _label_wires(data) if d.label == "register" else 0
    return ConditionalReadout(Registers(width, label=label, bath=d.bath), d.n_layers)


def _circuit(settings: Experiment, data: Dataset, engine: Engine) -> View:
    d, options = settings.discriminator, _circuit_options(settings, engine)
    readout = _readout(settings, data, data.n_qubits)
    return CircuitView(readout, data.n_labels, n_circuits=d.n_circuits, scale=d.scale, **options)


def _two_copy(settings: Experiment, data: Dataset, engine: Engine) -> View:
    d, options = settings.discriminator, _circuit_options(settings, engine)
    readout = _readout(settings, data, 2 * data.n_qubits)
    return TwoCopyView(readout, data.n_labels, n_circuits=d.n_circuits, scale=d.scale, **options)


def pick_references(data: Dataset, count: int) -> States:
    """Some training states of each label, evenly spaced in the order in which they come.

    Raises:
        QganError: if a label has fewer.
    """
    places = []
    for label in range(data.n_labels):
        rows = torch.nonzero(data.train.label == label).flatten()
        if len(rows) < count:
            rule = f"must be at most {len(rows)}, the training states of a label"
            raise errors.argument("discriminator.n_references", rule, count)
        places.append(rows[torch.linspace(0, len(rows) - 1, count).round().long()])
    return data.train.states[torch.cat(places)]


for _entry in (
    Entry(
        "density",
        DensityView,
        "entries of the density matrix; needs states",
        "Hilbert-Schmidt coordinates",
    ),
    Entry(
        "sketch",
        SketchView,
        "random observables that keep distances of any number of qubits; needs states",
        "Johnson and Lindenstrauss, Contemp. Math. 26, 189 (1984)",
        _sketch,
    ),
    Entry(
        "pauli",
        PauliView,
        "Pauli words up to a weight, or a random choice",
        "Huang et al., arXiv:2002.08953",
        _pauli,
    ),
    Entry(
        "povm",
        POVMView,
        "probabilities: Pauli-4, Pauli-6 or tetrahedral",
        "Carrasquilla et al., 1810.10584",
        _povm,
    ),
    Entry("circuit", CircuitView, "trainable circuits: the quantum discriminator", DDK, _circuit),
    Entry(
        "two-copy",
        TwoCopyView,
        "circuits on two copies; needs states",
        "Huang et al., arXiv:2112.00778",
        _two_copy,
    ),
    Entry(
        "swap-test",
        SwapTestView,
        "overlaps with real states; needs states",
        "Niu et al., arXiv:2105.00080",
        _swap_test,
    ),
    Entry("ddk", CircuitView, "one Z after Out D, Bath D, state and label", DDK, _ddk),
):
    VIEWS.add(_entry)
