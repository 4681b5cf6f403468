"""Our engine, and simulators that run a gate at a time."""

import numpy as np
import torch
from numpy.typing import NDArray
from quadratic import squared_distance
from torch import Tensor
from workload import Step, Workload, gradients

from qgan.engines import BatchedEngine

LETTERS = "abcdefghijklmnopqrstuvwx"


def batched(w: Workload) -> Step:
    """Ours, complex64."""
    engine, (weights, inputs) = BatchedEngine(), w.leaves(torch.float32)
    z_weights = w.z_weights.float()

    def step() -> tuple[Tensor, ...]:
        if w.mode == "b":
            factor = engine.run(w, weights, inputs).factor
            loss = squared_distance(factor, w.target).mean()
        else:
            loss = (engine.expval(w, weights, inputs, w.words) @ z_weights).mean()
        return gradients(loss, weights, inputs)

    return step


def einsum(w: Workload) -> Step:
    """One einsum a gate in torch, complex64, plain autograd: what one writes by hand."""
    weights, inputs = w.leaves(torch.float32)
    n = w.n

    def rotate(state: Tensor, axis: str, angle: Tensor, wire: int) -> Tensor:
        c, s = torch.cos(angle / 2), torch.sin(angle / 2)
        if axis == "RZ":
            half = torch.complex(c, -s)
            matrix = torch.stack([half, 0 * half, 0 * half, half.conj()], -1)
        elif axis == "RY":
            matrix = torch.stack([c, -s, s, c], -1).to(torch.complex64)
        else:
            zero = torch.zeros_like(c)
            entries = [torch.complex(c, zero), torch.complex(zero, -s)]
            matrix = torch.stack([*entries, entries[1], entries[0]], -1)
        matrix = matrix.unflatten(-1, (2, 2)).expand(len(inputs), 2, 2)
        wires = LETTERS[:n]
        out = wires.replace(wires[wire], "y")
        return torch.einsum(f"zy{wires[wire]},z{wires}->z{out}", matrix, state)

    def ring(state: Tensor, angle: Tensor, wires: tuple[int, ...]) -> Tensor:
        sign = torch.ones(2, 2)
        sign[0, 1] = sign[1, 0] = -1
        shape = [1] * n
        for wire in wires:
            shape[wire] = 2
        half = angle.reshape(-1, *[1] * n) / 2 * sign.reshape(shape)
        return state * torch.complex(torch.cos(half), -torch.sin(half))

    def step() -> tuple[Tensor, ...]:
        state = torch.zeros(len(inputs), 2**n, dtype=torch.complex64)
        state[:, 0] = 1
        state = state.unflatten(1, (2,) * n)
        for gate, wires, source, entry in w.gates():
            angle = (weights if source == "weights" else inputs)[..., entry]
            if gate == "RZZ":
                state = ring(state, angle, wires)
            else:
                state = rotate(state, gate, angle, wires[0])
        return gradients(w.loss(state.flatten(1)), weights, inputs)

    return step


def torchquantum(w: Workload) -> Step:
    """torchquantum, complex64, plain autograd."""
    import torchquantum as tq

    weights, inputs = w.leaves(torch.float32)

    def step() -> tuple[Tensor, ...]:
        device = tq.QuantumDevice(n_wires=w.n, bsz=w.batch)
        for gate, wires, source, entry in w.gates():
            angle = weights[entry : entry + 1] if source == "weights" else inputs[:, entry]
            getattr(tq.functional, gate.lower())(device, wires=list(wires), params=angle)
        return gradients(w.loss(device.get_states_1d()), weights, inputs)

    return step


def pyqtorch(w: Workload) -> Step:
    """pyqtorch, complex64, plain autograd; it has no RZZ: CNOT, RZ, CNOT."""
    import pyqtorch as pyq

    weights, inputs = w.leaves(torch.float32)
    operations = []
    for gate, wires, source, entry in w.gates():
        name = f"{source}{entry}"
        if gate == "RZZ":
            operations += [pyq.CNOT(*wires), pyq.RZ(wires[1], name), pyq.CNOT(*wires)]
        else:
            operations.append(getattr(pyq, gate)(wires[0], name))
    circuit = pyq.QuantumCircuit(w.n, operations).to(torch.complex64)
    start = pyq.zero_state(w.n, w.batch, dtype=torch.complex64)

    def step() -> tuple[Tensor, ...]:
        values = {f"weights{i}": weights[i : i + 1] for i in range(w.n_weights)}
        values |= {f"inputs{i}": inputs[:, i] for i in range(w.n_inputs)}
        return gradients(w.loss(circuit(start, values).flatten(0, -2).T), weights, inputs)

    return step


def deepquantum(w: Workload) -> Step:
    """DeepQuantum, complex64, plain autograd; inputs are its data, which vmap batches."""
    import deepquantum as dq

    _, inputs = w.leaves(torch.float32)
    circuit, entries = dq.QubitCircuit(w.n), {"weights": [], "inputs": []}
    for gate, wires, source, entry in w.gates():
        queue = getattr(circuit, gate.lower())
        places = wires if gate in ("CNOT", "CRX", "CRY") or len(wires) == 1 else [list(wires)]
        if not source:
            queue(*places)
            continue
        queue(*places, encode=source == "inputs")
        if source == "weights":
            circuit.operators[-1].init_para(w.weights.detach()[entry : entry + 1].float())
        entries[source].append(entry)
    angles = list(circuit.parameters())
    order = {source: torch.tensor(places).argsort() for source, places in entries.items()}

    def step() -> tuple[Tensor, ...]:
        loss = w.loss(circuit(inputs[:, entries["inputs"]]).flatten(1))
        *of_weights, of_inputs = torch.autograd.grad(loss, [*angles, inputs])
        shared = [torch.stack(of_weights).flatten()[order["weights"]]] if angles else []
        return (loss.detach(), *shared, of_inputs)

    return step


def mindquantum(w: Workload) -> Step | None:
    """MindQuantum, complex64; its gradients, by adjoint, are of expectation values."""
    if w.mode == "b":
        return None
    import mindquantum as mq
    from mindquantum.core import gates
    from mindquantum.core.circuit import Circuit
    from mindquantum.core.operators import Hamiltonian, QubitOperator
    from mindquantum.simulator import Simulator

    pairs, circuit = {"RXX": gates.Rxx, "RYY": gates.Ryy, "RZZ": gates.Rzz}, Circuit()
    entries = {"weights": [], "inputs": []}
    for gate, wires, source, entry in w.gates():
        if not source:
            circuit += gates.X.on(wires[1], wires[0])
            continue
        name = f"{source}{entry}"
        if gate in pairs:
            alone = Circuit([pairs[gate](name).on(list(wires))])
        else:  # the name of a controlled rotation begins with C
            turn = getattr(gates, gate[-2:])(name)
            alone = Circuit([turn.on(wires[-1], *wires[:-1])])
        circuit += alone.as_encoder() if source == "inputs" else alone
        entries[source].append(entry)
    operator = QubitOperator()
    for q, factor in enumerate(w.z_weights.tolist()):
        operator += QubitOperator(f"Z{q}", factor)
    run = Simulator("mqvector", w.n, dtype=mq.complex64).get_expectation_with_grad(
        Hamiltonian(operator).astype(mq.complex64), circuit
    )
    data = w.inputs.detach().numpy()[:, entries["inputs"]]
    shared = w.weights.detach().numpy()[entries["weights"]]
    order = {source: np.argsort(places) for source, places in entries.items()}

    def step() -> tuple[NDArray[np.float64], ...]:
        values, *slopes = run(data, shared) if w.n_weights else run(data)
        of_inputs = slopes[0][:, 0].real[:, order["inputs"]] / w.batch
        of_weights = [slopes[1][:, 0].real.mean(0)[order["weights"]]] if w.n_weights else []
        return (values.real.mean(), *of_weights, of_inputs)

    return step


def qulacs(w: Workload) -> Step | None:
    """qulacs, complex128, sample by sample; its backprop is of expectation values."""
    if w.mode == "b":
        return None
    from qulacs import Observable, ParametricQuantumCircuit, QuantumState

    circuit, places = ParametricQuantumCircuit(w.n), list(w.gates())
    for gate, wires, _, _ in places:
        if gate == "RZZ":
            circuit.add_parametric_multi_Pauli_rotation_gate(list(wires), [3, 3], 0.0)
        else:
            getattr(circuit, f"add_parametric_{gate}_gate")(wires[0], 0.0)
    observable, state = Observable(w.n), QuantumState(w.n)
    for q, factor in enumerate(w.z_weights.tolist()):
        observable.add_operator(factor, f"Z {q}")
    shared = w.weights.tolist()
    kept = [torch.tensor([p[3] for p in places if p[2] == s]).long() for s in ("weights", "inputs")]
    at = [[i for i, p in enumerate(places) if p[2] == s] for s in ("weights", "inputs")]

    def step() -> tuple[Tensor, ...]:
        loss, slopes = 0.0, torch.zeros(w.batch, len(places), dtype=torch.float64)
        for b, row in enumerate(w.inputs.tolist()):
            for i, (_, _, source, entry) in enumerate(places):  # it turns by exp(+i angle P / 2)
                circuit.set_parameter(i, -(shared if source == "weights" else row)[entry])
            state.set_zero_state()
            circuit.update_quantum_state(state)
            loss += observable.get_expectation_value(state)
            slopes[b] = -torch.tensor(circuit.backprop(observable), dtype=torch.float64)
        of_weights = (
            torch.zeros(w.n_weights).double().index_add(0, kept[0], slopes[:, at[0]].sum(0))
        )
        of_inputs = torch.zeros_like(w.inputs).index_add(1, kept[1], slopes[:, at[1]])
        found = (of_weights, of_inputs) if w.n_weights else (of_inputs,)
        return (torch.tensor(loss / w.batch), *(slope / w.batch for slope in found))

    return step
