"""The data sources by name, and the data that a configuration describes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgan import errors
from qgan.build.plain_yaml import read_yaml
from qgan.build.registry import OURS, Entry, new_family
from qgan.config import Experiment
from qgan.data import (
    Dataset,
    basis,
    bell,
    dicke,
    from_file,
    ghz_phase,
    gibbs,
    gibbs_ensemble,
    ising,
    level_crossing,
    measured,
    noise,
    tfim,
    topological,
    xxz,
)
from qgan.data.cache import cached
from qgan.data.hamiltonian import Hamiltonian, from_hamiltonian
from qgan.stored import fit

__all__ = ["DESCRIPTIONS", "SOURCES", "load_data", "make_data", "source_settings"]


def _usual(entry: Entry, settings: Experiment) -> Dataset:
    qubits = settings.data.qubits
    size = {} if qubits is None else {"n_qubits": qubits}
    return _made(entry, {"seed": settings.seed, **size})


DESCRIPTIONS = (".yaml", ".yml")
"""Endings of files that describe Hamiltonians, where others hold states."""


def _described(path: Path, seed: int) -> Dataset:
    """States of the Hamiltonians that a file of YAML describes."""
    if not path.is_file():
        raise errors.argument("path", "must be a file that exists", path)
    hamiltonian = fit(read_yaml(path, "data.file"), Hamiltonian, path)
    description = {"hamiltonian": hamiltonian.model_dump(), "name": path.stem, "seed": seed}
    return cached(description, lambda: from_hamiltonian(hamiltonian, path.stem, seed))


SOURCES = new_family("source", "Data", "data.source", _usual)
"""The data sources; a builder takes the settings."""


def load_data(settings: Experiment) -> Dataset:
    """The data of an experiment: a file, or a source by name.

    Raises:
        QganError: for an unknown source, or a file that cannot be read as states.
    """
    source = settings.data
    if source.file is not None and source.file.suffix in DESCRIPTIONS:
        data = _described(source.file, settings.seed)
    elif source.file is not None:
        data = from_file(source.file, settings.seed, source.little_endian, source.rescale)
    else:
        data = SOURCES.build(SOURCES.find(source.source), settings)
    if source.shots is None:
        return data
    return measured(data, source.shots, source.measurement, settings.seed)


def source_settings(entry: Entry) -> dict[str, inspect.Parameter]:
    """What a source can be told: the parameters of its function, by name.

    Example:
        >>> list(source_settings(SOURCES.find("basis")))
        ['n_qubits', 'n_train', 'n_validation', 'n_held_out', 'seed']
    """
    if entry.build is not None:  # of a plug-in that makes it from the settings of an experiment
        n_qubits = inspect.Parameter("n_qubits", inspect.Parameter.KEYWORD_ONLY, default=None)
        seed = inspect.Parameter("seed", inspect.Parameter.KEYWORD_ONLY, default=0)
        return {"n_qubits": n_qubits, "seed": seed}
    return dict(inspect.signature(entry.make).parameters)


def make_data(name: str, **settings: Any) -> Dataset:
    """The data of a source by its name, from the cache where they lie there.

    Args:
        name: the name of the source.
        settings: those that :func:`source_settings` names; the others take their defaults.

    Raises:
        QganError: for an unknown source, or settings that it refuses.

    Example:
        >>> make_data("basis", n_qubits=2).n_labels
        4
    """
    entry = SOURCES.find(name)
    if entry.build is not None:
        section = {"qubits": settings.get("n_qubits"), "source": name}
        experiment = Experiment.model_validate({"data": section, "seed": settings.get("seed", 0)})
        data: Dataset = SOURCES.build(entry, experiment)
        return data
    return _made(entry, settings)


def _made(entry: Entry, settings: dict[str, Any]) -> Dataset:
    """The data of a source; those of a plug-in are not kept, since its code may be anywhere."""
    if entry.origin != OURS:
        data: Dataset = entry.make(**settings)
        return data
    bound = inspect.signature(entry.make).bind(**settings)
    bound.apply_defaults()
    return cached({"source": entry.name, **bound.arguments}, lambda: entry.make(**settings))


def _entry_of(name: str, source: Callable[..., Dataset]) -> Entry:
    """Sources are functions of (n_qubits, n_train, n_validation, n_held_out, seed)."""
    return Entry(name, source, (source.__doc__ or "").partition("\n")[0])


for _name, _source in (
    ("ising", ising),
    ("tfim", tfim),
    ("level-crossing", level_crossing),
    ("gibbs", gibbs),
    ("gibbs-ensemble", gibbs_ensemble),
    ("xxz", xxz),
    ("topological", topological),
    ("bell", bell),
    ("dicke", dicke),
    ("noise", noise),
    ("ghz-phase", ghz_phase),
    ("basis", basis),
):
    SOURCES.add(_entry_of(_name, _source))
