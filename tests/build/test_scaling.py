"""What nobody has set follows from the number of qubits, and the run keeps what was chosen."""

from __future__ import annotations

import pytest

from circuits import IsingLayers, RegisterCircuit, ReuploadingCircuit
from qgan.build import build_circuit, build_trainer, parse, settle
from qgan.build.scaling import scaled
from qgan.data import tfim
from qgan.errors import QganError
from qgan.views import DensityView, PauliView, SketchView


def sizes(n_qubits: int) -> dict[str, int]:
    return {"n_qubits": n_qubits, "n_train": 4, "n_validation": 2, "n_held_out": 2}


@pytest.mark.parametrize(
    ("n_qubits", "view", "ansatz", "n_layers"),
    [
        (2, "density", "hardware-efficient", 4),
        (5, "density", "hardware-efficient", 4),
        (6, "sketch", "ising", 6),
        (12, "sketch", "ising", 12),
    ],
)
def test_what_each_size_takes(n_qubits: int, view: str, ansatz: str, n_layers: int) -> None:
    settings = scaled(parse({}), n_qubits)
    assert settings.discriminator.kind == view
    assert (settings.generator.ansatz, settings.generator.n_layers) == (ansatz, n_layers)
    assert scaled(settings, 13 - n_qubits) == settings, "what is chosen stays"


@pytest.mark.parametrize(
    ("n_qubits", "ansatz", "n_layers"),
    [(4, "hardware-efficient", 8), (6, "ising", 8), (10, "ising", 10)],
)
def test_what_the_register_circuit_takes(n_qubits: int, ansatz: str, n_layers: int) -> None:
    settings = scaled(parse({"generator": {"kind": "register"}}), n_qubits)
    assert (settings.generator.ansatz, settings.generator.n_layers) == (ansatz, n_layers)


@pytest.mark.parametrize(("n_qubits", "n_layers"), [(4, 12), (8, 12), (14, 14)])
def test_angles_affine_in_the_latent_take_more_layers(n_qubits: int, n_layers: int) -> None:
    settings = scaled(parse({"generator": {"embedding": "affine"}}), n_qubits)
    assert settings.generator.n_layers == n_layers


def test_what_a_user_sets_is_kept() -> None:
    asked = parse(
        {
            "generator": {"ansatz": "hardware-efficient", "n_layers": 3},
            "discriminator": {"kind": "pauli"},
            "trainer": {"generator_rate": 1e-3},
        }
    )
    assert scaled(asked, 9) == asked
    trainer = build_trainer(tfim(**sizes(6)), asked)
    assert isinstance(trainer.discriminator.view, PauliView)
    assert trainer.config.generator_rate == 1e-3


@pytest.mark.parametrize(
    ("n_qubits", "view", "rate"), [(2, DensityView, 2e-3), (6, SketchView, 5e-3)]
)
def test_a_training_takes_them(n_qubits: int, view: type, rate: float) -> None:
    data = tfim(**sizes(n_qubits))
    settled = settle(parse({}), data)
    assert "auto" not in (settled.discriminator.kind, settled.generator.ansatz)
    trainer = build_trainer(data, parse({}))
    assert isinstance(trainer.discriminator.view, view)
    assert trainer.config.generator_rate == rate
    circuit = trainer.generator.circuit
    assert isinstance(circuit, ReuploadingCircuit)
    assert isinstance(circuit.ansatz, IsingLayers) == (n_qubits > 5)


def test_registers_keep_their_layers_at_any_size() -> None:
    settings = parse({"generator": {"kind": "register", "n_bits": 0, "n_latent": 1}})
    circuit = build_circuit(settings, tfim(**sizes(6)))
    assert isinstance(circuit, RegisterCircuit)
    assert circuit.n_layers == 12


def test_auto_is_no_choice_elsewhere() -> None:
    with pytest.raises(QganError, match="head"):
        parse({"discriminator": {"head": "auto"}})
