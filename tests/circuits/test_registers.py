"""Registers: widths, wires, refusals."""

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import circuits
import qgan
from circuits import Registers

width = st.integers(0, 5)


@given(st.integers(1, 5), width, width, width)
def test_wires_are_numbered_output_label_latent_bath(
    output: int, label: int, latent: int, bath: int
) -> None:
    registers = Registers(output=output, label=label, latent=latent, bath=bath)
    parts = (registers.output, registers.label, registers.latent, registers.bath)
    assert [len(part) for part in parts] == [output, label, latent, bath]
    assert [w for part in parts for w in part] == list(range(registers.n_wires))
    assert (registers.n_output, registers.n_label) == (output, label)
    assert (registers.n_latent_wires, registers.n_bath) == (latent, bath)


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ({"output": 0}, r"Argument `output` must be an integer of at least 1, but got 0\."),
        ({"output": 1, "label": -1}, "Argument `label` must be an integer of at least 0"),
        ({"output": 2.0}, r"but got 2\.0\."),
        ({"output": True}, "but got True"),
        ({"output": 1, "bath": "1"}, "Argument `bath` .* but got '1'"),
    ],
)
def test_widths_out_of_range_are_refused(widths: dict[str, object], message: str) -> None:
    make = Registers.__init__
    make = getattr(make, "__wrapped__", make)  # below the annotations that tests check
    with pytest.raises(ValueError, match=message):
        make(object.__new__(Registers), **widths)


def test_registers_are_values() -> None:
    assert Registers(2, 1) == Registers(output=2, label=1)
    assert hash(Registers(2, 1)) == hash(Registers(2, 1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        Registers(2).n_output = 3  # type: ignore[misc]


def test_circuits_is_ours() -> None:
    """The name belongs to another package on the public index too."""
    assert Path(circuits.__file__).parents[1] == Path(qgan.__file__).parents[1]
