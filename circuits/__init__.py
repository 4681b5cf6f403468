"""The quantum circuits of conditional GANs, in PennyLane: what is executed."""

from circuits.ansatz import DDKLayers, HardwareEfficient, IsingLayers
from circuits.bit_registers import BitRegisterCircuit, Superposed
from circuits.conditional import AnsatzFamily, RegisterCircuit, ReuploadingCircuit
from circuits.readout import ConditionalReadout, DDKReadout, SwapTest
from circuits.registers import Registers

__all__ = [
    "AnsatzFamily",
    "BitRegisterCircuit",
    "ConditionalReadout",
    "DDKLayers",
    "DDKReadout",
    "HardwareEfficient",
    "IsingLayers",
    "RegisterCircuit",
    "Registers",
    "ReuploadingCircuit",
    "Superposed",
    "SwapTest",
]
