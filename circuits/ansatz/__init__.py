"""Families of variational layers, one per file."""

from circuits.ansatz.base import Ansatz
from circuits.ansatz.ddk import DDKLayers
from circuits.ansatz.hardware_efficient import HardwareEfficient
from circuits.ansatz.ising import IsingLayers

__all__ = ["Ansatz", "DDKLayers", "HardwareEfficient", "IsingLayers"]
