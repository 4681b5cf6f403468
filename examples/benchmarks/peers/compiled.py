"""Simulators on JAX: the step is one compiled function, complex64."""

from collections.abc import Callable
from typing import Any

import numpy as np
from workload import Step, Workload


def tensorcircuit(w: Workload) -> Step | None:
    """TensorCircuit-NG, a sample's circuit batched by vmap."""
    import jax
    import tensorcircuit as tc

    tc.set_backend("jax")
    tc.set_dtype("complex64")

    def vector(weights: Any, row: Any) -> Any:
        circuit = tc.Circuit(w.n)
        for gate, wires, source, entry in w.gates():
            angles = weights if source == "weights" else row
            getattr(circuit, gate.lower())(*wires, theta=angles[entry])
        return circuit.state()

    return compiled(w, jax.vmap(vector, in_axes=(None, 0)))


def default_qubit(w: Workload) -> Step | None:
    """PennyLane's default.qubit, the batch broadcast."""
    import pennylane as qml

    @qml.qnode(qml.device("default.qubit", wires=w.n), interface="jax", diff_method="backprop")
    def vectors(weights: Any, inputs: Any) -> Any:
        w(weights, inputs)
        return qml.state()

    return compiled(w, vectors)


def compiled(w: Workload, vectors: Callable[[Any, Any], Any]) -> Step:
    """Loss and gradients of final vectors ``(B, 2**n)``, compiled."""
    import jax
    import jax.numpy as jnp

    table = jnp.asarray(w.z_table(), jnp.float32)
    target = jnp.asarray(w.target.numpy(), jnp.complex64)

    def loss(weights: Any, inputs: Any) -> Any:
        final = vectors(weights, inputs)
        if w.mode != "b":
            return (jnp.abs(final) ** 2 @ table).mean()
        final = final.reshape(len(inputs), -1, 2)
        gram = jnp.einsum("bir,bis->brs", final.conj(), final)
        overlap = jnp.einsum("bir,ij,bjr->b", final.conj(), target, final).real
        squares = (jnp.abs(gram) ** 2).sum((1, 2)) - 2 * overlap
        return squares.mean() + (jnp.abs(target) ** 2).sum()

    weights, inputs = (jnp.asarray(x.numpy(), jnp.float32) for x in (w.weights, w.inputs))
    wanted = (0, 1) if w.n_weights else (1,)
    run = jax.jit(jax.value_and_grad(loss, argnums=wanted))

    def step() -> tuple[Any, ...]:
        value, slopes = jax.block_until_ready(run(weights, inputs))
        return (np.asarray(value), *map(np.asarray, slopes))

    return step
