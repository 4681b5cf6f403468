"""Sources of labelled states, one per file; each yields a :class:`Dataset`."""

from qgan.data.basis import basis
from qgan.data.bell import bell, depolarised_bell
from qgan.data.dataset import Dataset, measured, split
from qgan.data.dicke import dicke
from qgan.data.digest import digest
from qgan.data.file import arrays_of, from_file, halves, read_generated, write_file
from qgan.data.heisenberg import xxz
from qgan.data.noise import noise
from qgan.data.phases import ghz_phase, ghz_states
from qgan.data.spin_chains import ising, level_crossing, tfim
from qgan.data.thermal import gibbs, gibbs_ensemble
from qgan.data.topological import topological

__all__ = [
    "Dataset",
    "arrays_of",
    "basis",
    "bell",
    "depolarised_bell",
    "dicke",
    "digest",
    "from_file",
    "ghz_phase",
    "ghz_states",
    "gibbs",
    "gibbs_ensemble",
    "halves",
    "ising",
    "level_crossing",
    "measured",
    "noise",
    "read_generated",
    "split",
    "tfim",
    "topological",
    "write_file",
    "xxz",
]
