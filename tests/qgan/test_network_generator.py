"""The classical twin: a network that writes states."""

from __future__ import annotations

import json

import pytest
import torch
from tolerances import EXACT
from torch.testing import assert_close

from circuits import Registers
from qgan import Model
from qgan.errors import QganError
from qgan.model import describe, rebuild
from qgan.network_generator import NetworkGenerator, NoGates
from qgan.page.circuit_code import circuit_code

LABEL = torch.tensor([0, 1, 1])
LATENT = torch.tensor([[0.3], [-0.9], [0.4]])


def network(bath: int = 0) -> NetworkGenerator:
    return NetworkGenerator(NoGates(Registers(output=2, bath=bath)), n_labels=2)


@pytest.mark.parametrize("bath", [0, 1])
def test_the_outputs_are_the_factor(bath: int) -> None:
    generator = network(bath)
    numbers = generator.inputs(LABEL, LATENT).detach().double()
    factor = torch.view_as_complex(numbers.reshape(3, 4, 2**bath, 2))
    rho = factor @ factor.mH
    trace = rho.diagonal(dim1=1, dim2=2).sum(1).reshape(3, 1, 1)
    states = generator.exact_states(LABEL, LATENT)
    assert_close(states.density_matrix(), rho / trace, **EXACT)
    assert (states.purity() < 0.999).all() if bath else (states.purity() > 1 - 1e-12).all()


def test_its_parameters_are_elsewhere_and_it_costs_no_circuits() -> None:
    generator = network()
    counts = generator.parameter_counts()
    n_weights = (3 + 1) * 32 + 33 * 32 + 33 * 8  # of 3, 32, 32 and 8 numbers
    assert (counts.circuit, counts.embedding, counts.elsewhere) == (0, 0, n_weights)
    assert generator.cost(64).with_gradient == 0


def test_a_run_holds_a_network() -> None:
    generator = network(1)
    description = json.loads(json.dumps(describe(generator, ("a", "b"))))
    assert description["kind"] == "network"
    again = rebuild(description)
    again.load_state_dict(generator.state_dict())
    assert isinstance(again, NetworkGenerator)
    assert_close(
        again.exact_states(LABEL, LATENT).factor, generator.exact_states(LABEL, LATENT).factor
    )


def test_a_description_of_a_network_with_other_sizes_is_refused() -> None:
    description = describe(network(), (0, 1))
    description["sampler"]["circuit"]["n_inputs"] = 6
    description["sampler"]["embedding"]["n_inputs"] = 6
    with pytest.raises(QganError, match="must have 8 inputs and no gates"):
        rebuild(description)


def test_there_is_no_circuit_to_export() -> None:
    model = Model(network().requires_grad_(False), (0, 1), "best", 1)
    with pytest.raises(QganError, match="no circuit to export"):
        circuit_code(model, 0, [0.1], "openqasm")
