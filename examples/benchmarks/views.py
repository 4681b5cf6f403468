"""How long views take to read states, beside the ways that they took before they were compiled.

Prints a table of CPU times in milliseconds, the least of several on one thread: forwards, then
forwards and backwards, each for the older way and for the view as it is, with their ratio.

    OMP_NUM_THREADS=1 python examples/benchmarks/views.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from circuits import ConditionalReadout, Registers
from qgan import States, pauli
from qgan.views import CircuitView, DensityView, PauliView, View

Read = Callable[[Tensor], Tensor]

CASES = (
    ("pauli", 8, 640, 1),
    ("pauli", 4, 640, 1),
    ("pauli", 4, 64, 4),
    ("density", 4, 640, 1),
    ("density", 4, 640, 4),
    ("density", 6, 64, 1),
    ("circuit", 8, 640, 1),
    ("circuit", 6, 640, 1),
    ("circuit", 4, 64, 1),
    ("circuit", 4, 640, 16),
    ("circuit", 2, 640, 4),
)
"""View, qubits, states, columns of the factor of each state."""


def random_factor(n_qubits: int, n_states: int, rank: int) -> Tensor:
    rng = torch.Generator().manual_seed(0)
    parts = torch.randn(n_states, 2**n_qubits, rank, 2, generator=rng)
    norms = torch.linalg.vector_norm(parts, dim=(1, 2, 3), keepdim=True)
    return torch.view_as_complex(parts / norms)


def make_view(kind: str, n_qubits: int) -> View:
    if kind == "pauli":
        return PauliView(n_qubits, 2)
    if kind == "density":
        return DensityView(n_qubits)
    return CircuitView(ConditionalReadout(Registers(n_qubits), n_layers=4), 2, n_circuits=3)


def older_way(view: View, label: Tensor) -> Read:
    """What the view did before: words and entries by torch, circuits once per label."""
    if isinstance(view, PauliView):
        return lambda factor: pauli.expval(factor, view.words)
    if isinstance(view, DensityView):
        return lambda factor: by_places(view, States(factor).density_matrix())
    assert isinstance(view, CircuitView)
    return lambda factor: by_isometries(view, factor, label)


def by_places(view: DensityView, rho: Tensor) -> Tensor:
    entries = rho.flatten(1)
    upper = 2**0.5 * entries[:, view.upper]
    return torch.cat([entries[:, view.diagonal].real, upper.real, upper.imag], 1)


def by_isometries(view: CircuitView, factor: Tensor, label: Tensor) -> Tensor:
    nothing, labels, parts = torch.zeros(view.n_labels, 0), torch.arange(view.n_labels), []
    for weights, embed in zip(view.weights, view.embeddings, strict=True):
        columns = view.engine.isometry(view.circuit, weights, embed(labels, nothing))
        parts.append(pauli.expval(columns[label] @ factor, view.words))
    return view.scale * torch.cat(parts, 1)


def least_time(run: Callable[[], object], repeats: int = 7) -> float:
    run()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return 1e3 * min(times)


def forwards(read: Read, factor: Tensor) -> float:
    with torch.no_grad():
        return least_time(lambda: read(factor))


def both_ways(read: Read, factor: Tensor) -> float:
    leaf = factor.clone().requires_grad_()
    return least_time(lambda: read(leaf).square().sum().backward())


def main() -> None:
    torch.set_num_threads(1)
    print("view     qubits states columns | forwards: older  now  ratio | both: older  now  ratio")
    for kind, n_qubits, n_states, rank in CASES:
        view, factor = make_view(kind, n_qubits), random_factor(n_qubits, n_states, rank)
        label = torch.arange(n_states) % 2
        old = older_way(view, label)

        def now(a: Tensor, view: View = view, label: Tensor = label) -> Tensor:
            return view(States(a), label)

        assert (old(factor) - now(factor)).abs().max() < 1e-4
        row = f"{kind:8} {n_qubits:6} {n_states:6} {rank:7} |"
        for measure in (forwards, both_ways):
            before, after = measure(old, factor), measure(now, factor)
            row += f" {before:10.3f} {after:8.3f} {before / after:6.1f} |"
        print(row, flush=True)


if __name__ == "__main__":
    main()
