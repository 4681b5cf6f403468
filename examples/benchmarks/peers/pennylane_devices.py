"""PennyLane's own devices, called as its documentation says."""

import pennylane as qml
import torch
from torch import Tensor
from workload import Step, Workload, gradients


def default_qubit(w: Workload) -> Step | None:
    """default.qubit, backprop through torch; it computes in complex128."""
    weights, inputs = w.leaves(torch.float64)
    last = w.n - 1

    @qml.qnode(qml.device("default.qubit"), interface="torch", diff_method="backprop")
    def node(weights: Tensor, inputs: Tensor) -> object:
        w(weights, inputs)
        if w.mode == "b":
            return qml.density_matrix(range(last))
        return [qml.expval(qml.PauliZ(q)) for q in range(w.n)]

    def step() -> tuple[Tensor, ...]:
        found = node(weights, inputs)
        if w.mode == "b":
            difference = found - w.target
            loss = torch.view_as_real(difference).square().sum((1, 2, 3)).mean()
        else:
            loss = (torch.stack(list(found), -1) @ w.z_weights).mean()
        return gradients(loss, weights, inputs)

    return step


def lightning(w: Workload, c_dtype: type | None = None) -> Step | None:
    """lightning.qubit, adjoint; it gives no gradient of a state."""
    if w.mode == "b":
        return None
    weights, inputs = w.leaves(torch.float64)
    options = {} if c_dtype is None else {"c_dtype": c_dtype}
    device = qml.device("lightning.qubit", wires=w.n, **options)

    @qml.qnode(device, interface="torch", diff_method="adjoint")
    def node(weights: Tensor, inputs: Tensor) -> object:
        w(weights, inputs)
        return [qml.expval(qml.PauliZ(q)) for q in range(w.n)]

    def step() -> tuple[Tensor, ...]:
        loss = (torch.stack(list(node(weights, inputs)), -1).double() @ w.z_weights).mean()
        return gradients(loss, weights, inputs)

    return step
