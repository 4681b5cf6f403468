"""Sources of labelled states, one a file; all yield a :class:`Dataset`."""

from collections.abc import Callable

from qgan.batch import Batch
from qgan.data.basis import basis
from qgan.data.bell import bell, depolarised_bell
from qgan.data.dataset import Dataset, measured, split
from qgan.data.file import from_file, halves, read_generated, write_file
from qgan.data.spin_chains import ising, level_crossing, tfim
from qgan.data.thermal import gibbs, gibbs_ensemble

SOURCES: dict[str, Callable[..., Dataset]] = {
    "ising": ising,
    "tfim": tfim,
    "level-crossing": level_crossing,
    "gibbs": gibbs,
    "gibbs-ensemble": gibbs_ensemble,
    "bell": bell,
    "basis": basis,
}
"""By name: functions of (n_qubits, n_train, n_validation, n_held_out, seed), all with defaults."""

DESCRIPTIONS: dict[str, str] = {
    name: (source.__doc__ or "").partition("\n")[0] for name, source in SOURCES.items()
}
"""By name: one line for people."""

__all__ = [
    "DESCRIPTIONS",
    "SOURCES",
    "Batch",
    "Dataset",
    "basis",
    "bell",
    "depolarised_bell",
    "from_file",
    "gibbs",
    "gibbs_ensemble",
    "halves",
    "ising",
    "level_crossing",
    "measured",
    "read_generated",
    "split",
    "tfim",
    "write_file",
]
