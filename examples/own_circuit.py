"""Make a generator from a PennyLane function of your own, without any base class.

    python examples/own_circuit.py
    python examples/own_circuit.py --steps 1500

Any object with `registers`, `n_weights`, `n_inputs` and a call that queues PennyLane operations
from `weights[..., i]` and `inputs[..., j]` is a circuit. This one is a chain of CNOT and RY gates
for the transverse-field Ising chain, whose ground states are real vectors.
"""

import argparse

import pennylane as qml

from circuits import Registers
from qgan import Discriminator, Generator, Trainer
from qgan.config import TrainerConfig
from qgan.data import tfim
from qgan.discriminator import MLPHead
from qgan.evaluation import Judge
from qgan.views import DensityView


class RealChain:
    """Layers of RY by inputs, CNOT along the chain and RY by weights, then a last RY by inputs."""

    def __init__(self, n_qubits: int, n_layers: int) -> None:
        self.registers = Registers(output=n_qubits)
        self.n_layers = n_layers
        self.n_weights = n_layers * n_qubits
        self.n_inputs = (n_layers + 1) * n_qubits

    def __call__(self, weights, inputs) -> None:
        n = self.registers.n_output
        for layer in range(self.n_layers + 1):
            for wire in range(n):
                qml.RY(inputs[..., layer * n + wire], wires=wire)
            if layer < self.n_layers:
                for wire in range(n - 1):
                    qml.CNOT(wires=[wire, wire + 1])
                for wire in range(n):
                    qml.RY(weights[..., layer * n + wire], wires=wire)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=1500)
    options = parser.parse_args()

    data = tfim(n_qubits=4, seed=0)
    generator = Generator(RealChain(4, n_layers=4), data.n_labels, n_latent=1, spread=0.3)
    view = DensityView(4)
    discriminator = Discriminator(view, MLPHead(view.n_features, data.n_labels))
    trainer = Trainer(generator, discriminator, data, config=TrainerConfig(steps=options.steps))
    trainer.fit()

    for label in Judge(data, "held_out").report(trainer.model).labels:
        name = data.label_names[label.label]
        print(
            f"{name}: skill {label.skill:.3f}, coverage {label.coverage:.4f}, "
            f"Spearman(z, h) {label.spearman['h'][0]:+.3f}"
        )


if __name__ == "__main__":
    main()
