"""Simulators beside the engines, each as a function that makes a step of the workload, or None."""

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from workload import Step, Workload

from peers import compiled, gates, pennylane_devices


class Peer(NamedTuple):
    """A simulator by what makes its step, the module it needs and the package that brings it."""

    make: Callable[[Workload], Step | None]
    module: str = "qgan"
    package: str = "qgan"
    slow_compile: bool = False
    """Whether compiling takes minutes, so that it runs only where asked for."""
    qubits: tuple[int, int] = (1, 20)
    """Fewest and most qubits it is asked for unless all is asked for."""
    alone: bool = False
    """Whether its package asks for versions of others that ours cannot have."""

    @property
    def command(self) -> str:
        """What installs it."""
        return f"pip install {'--no-deps ' if self.alone else ''}{self.package}"

    @property
    def installed(self) -> bool:
        return find_spec(self.module) is not None

    def fits(self, n_qubits: int) -> bool:
        return self.qubits[0] <= n_qubits <= self.qubits[1]


PEERS = {
    "default.qubit backprop": Peer(pennylane_devices.default_qubit, "pennylane", "pennylane"),
    "batched": Peer(gates.batched),
    "one einsum a gate": Peer(gates.einsum, "torch", "torch"),
    "lightning.qubit adjoint": Peer(
        pennylane_devices.lightning, "pennylane_lightning", "pennylane-lightning"
    ),
    "lightning.qubit complex64": Peer(
        partial(pennylane_devices.lightning, c_dtype=np.complex64),
        "pennylane_lightning",
        "pennylane-lightning",
        qubits=(20, 30),
    ),
    "TensorCircuit-NG on JAX": Peer(compiled.tensorcircuit, "tensorcircuit", "tensorcircuit-ng"),
    "torchquantum": Peer(gates.torchquantum, "torchquantum", "torchquantum-ng"),
    "pyqtorch": Peer(gates.pyqtorch, "pyqtorch", "pyqtorch", qubits=(1, 12)),
    "DeepQuantum": Peer(gates.deepquantum, "deepquantum", "deepquantum", qubits=(1, 12)),
    "MindQuantum": Peer(gates.mindquantum, "mindquantum", "mindquantum", alone=True),
    "qulacs": Peer(gates.qulacs, "qulacs", "qulacs"),
    "default.qubit on JAX": Peer(compiled.default_qubit, "jax", "jax", slow_compile=True),
}
"""The first is the measure of all others."""
