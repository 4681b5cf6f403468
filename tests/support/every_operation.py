"""Every operation of PennyLane that a circuit on qubits can hold, each with a small example."""

from __future__ import annotations

import math

import numpy as np
import pennylane as qml
from every_template import TEMPLATES
from operation_examples import (
    COMMUTING,
    Example,
    X,
    Y,
    fixed,
    hamiltonian,
    joined,
    plain,
    turn,
)
from random_circuits import alike, unitary

PLAIN = {
    name: plain(name, n_wires)
    for names, n_wires in (
        ("PauliX PauliY PauliZ Hadamard S T SX Identity", 1),
        ("CNOT CY CZ CH SWAP ISWAP SISWAP ECR Barrier", 2),
        ("Toffoli CCZ CSWAP QFT GroverOperator QubitSum", 3),
        ("QubitCarry MultiControlledX", 4),
    )
    for name in names.split()
}
ROTATIONS = {
    name: plain(name, n_wires, n_angles)
    for names, n_wires, n_angles in (
        ("RX RY RZ PhaseShift U1 GlobalPhase", 1, 1),
        ("U2", 1, 2),
        ("Rot U3", 1, 3),
        ("CRX CRY CRZ ControlledPhaseShift CPhaseShift00 CPhaseShift01 CPhaseShift10", 2, 1),
        ("IsingXX IsingYY IsingZZ IsingXY PSWAP FermionicSWAP MultiRZ", 2, 1),
        ("SingleExcitation SingleExcitationPlus SingleExcitationMinus", 2, 1),
        ("CRot", 2, 3),
        ("DoubleExcitation DoubleExcitationPlus DoubleExcitationMinus OrbitalRotation", 4, 1),
    )
    for name in names.split()
}
MATRICES = {
    **{
        f"QubitUnitary on {n}": fixed(n, lambda n=n: qml.QubitUnitary(unitary(n), range(n)))
        for n in (1, 2, 3, 4, 5)
    },
    "QubitUnitary of angles": Example(
        1, 1, lambda a: qml.QubitUnitary(qml.RX.compute_matrix(*alike(tuple(a))), 0)
    ),
    "DiagonalQubitUnitary": fixed(1, lambda: qml.DiagonalQubitUnitary(np.array([1, 1j]), 0)),
    "DiagonalQubitUnitary on 2": fixed(
        2, lambda: qml.DiagonalQubitUnitary(np.array([1, -1, -1, 1]), [0, 1])
    ),
    "DiagonalQubitUnitary of angles": Example(
        1, 2, lambda a: qml.DiagonalQubitUnitary(qml.math.exp(1j * joined(a, 2)), 0)
    ),
    "ControlledQubitUnitary": fixed(
        3, lambda: qml.ControlledQubitUnitary(unitary(2), wires=[0, 1, 2])
    ),
    "SpecialUnitary": Example(1, 3, lambda a: qml.SpecialUnitary(joined(a, 3), 0)),
    "BlockEncode": fixed(2, lambda: qml.BlockEncode(np.array([[0.1, 0.2], [0.3, 0.4]]), [0, 1])),
    "PCPhase": Example(2, 1, lambda a: qml.PCPhase(a[0], 2, [0, 1])),
    "fixed PCPhase": fixed(2, lambda: qml.PCPhase(0.3, 3, [0, 1])),
    "fixed CRot": fixed(2, lambda: qml.CRot(0.1, 0.2, 0.3, [0, 1])),
    "IntegerComparator": fixed(3, lambda: qml.IntegerComparator(2, geq=True, wires=[0, 1, 2])),
    **{
        f"PauliRot {word}": Example(
            len(word), 1, lambda a, word=word: qml.PauliRot(a[0], word, range(len(word)))
        )
        for word in ("X", "ZY", "XIZ")
    },
    "MultiRZ on 3": plain("MultiRZ", 3, 1),
    "WireCut": fixed(1, lambda: qml.WireCut(0)),
    "Snapshot": fixed(1, qml.Snapshot),
}
SYMBOLIC = {
    "adjoint of RX": Example(1, 1, lambda a: qml.adjoint(qml.RX)(a[0], 0)),
    "adjoint of PhaseShift": Example(1, 1, lambda a: qml.adjoint(qml.PhaseShift)(a[0], 0)),
    "adjoint of U2": Example(1, 2, lambda a: qml.adjoint(qml.U2)(*alike(tuple(a)), 0)),
    "adjoint of U3": Example(1, 3, lambda a: qml.adjoint(qml.U3)(*alike(tuple(a)), 0)),
    "adjoint of MultiRZ": Example(2, 1, lambda a: qml.adjoint(qml.MultiRZ)(a[0], [0, 1])),
    "adjoint of a function": Example(
        2, 2, lambda a: qml.adjoint(lambda: (qml.RX(a[0], 0), qml.CRZ(a[1], [0, 1])))()
    ),
    "power of RX": Example(1, 1, lambda a: qml.pow(qml.RX(a[0], 0), 2)),
    "power of MultiRZ": Example(2, 1, lambda a: qml.pow(qml.MultiRZ(a[0], [0, 1]), 3)),
    "root of RZ": Example(1, 1, lambda a: qml.pow(qml.RZ(a[0], 0), 0.5)),
    "product": Example(2, 2, lambda a: qml.prod(qml.RX(a[0], 0), qml.CRY(a[1], [0, 1]))),
    "change of basis": Example(
        2, 1, lambda a: qml.change_op_basis(qml.Hadamard(0), qml.CRZ(a[0], [0, 1]))
    ),
    "control of RY": Example(2, 1, lambda a: qml.ctrl(qml.RY, 0)(a[0], 1)),
    "open control of RX": Example(2, 1, lambda a: qml.ctrl(qml.RX, 0, [0])(a[0], 1)),
    "two controls of RY": Example(3, 1, lambda a: qml.ctrl(qml.RY, [0, 1], [0, 1])(a[0], 2)),
    "three controls of RX": Example(4, 1, lambda a: qml.ctrl(qml.RX, [0, 1, 2])(a[0], 3)),
    "four controls of RZ": Example(5, 1, lambda a: qml.ctrl(qml.RZ, [0, 1, 2, 3])(a[0], 4)),
    "two controls of Rot": Example(3, 3, lambda a: qml.ctrl(qml.Rot, [0, 1])(*alike(tuple(a)), 2)),
    "two controls of PhaseShift": Example(
        3, 1, lambda a: qml.ctrl(qml.PhaseShift, [0, 1], [1, 0])(a[0], 2)
    ),
    "control of U2": Example(2, 2, lambda a: qml.ctrl(qml.U2, 0)(*alike(tuple(a)), 1)),
    "control of U3": Example(2, 3, lambda a: qml.ctrl(qml.U3, 0)(*alike(tuple(a)), 1)),
    "control of MultiRZ": Example(3, 1, lambda a: qml.ctrl(qml.MultiRZ, 2)(a[0], [0, 1])),
    "control of PauliRot": Example(3, 1, lambda a: qml.ctrl(qml.PauliRot, 2)(a[0], "XY", [0, 1])),
    "control of IsingXY": Example(3, 1, lambda a: qml.ctrl(qml.IsingXY, 2)(a[0], [0, 1])),
    "control of a global phase": Example(1, 1, lambda a: qml.ctrl(qml.GlobalPhase, 0)(a[0])),
    "two controls of a global phase": Example(
        2, 1, lambda a: qml.ctrl(qml.GlobalPhase, [0, 1], [0, 0])(a[0])
    ),
    "control of a unitary": fixed(3, lambda: qml.ctrl(qml.QubitUnitary(unitary(2), [0, 1]), 2)),
    "control of a function": Example(
        2, 1, lambda a: qml.ctrl(lambda: (qml.S(0), qml.RX(a[0], 0)), 1)()
    ),
    "exp of a word": Example(1, 1, lambda a: qml.exp(X(0), 1j * a[0])),
    "exp of two letters": Example(2, 1, lambda a: qml.exp(X(0) @ Y(1), -0.5j * a[0])),
    "exp of a commuting sum": Example(2, 1, lambda a: qml.exp(hamiltonian(COMMUTING), 1j * a[0])),
    "exp of a sum": Example(2, 1, lambda a: qml.exp(hamiltonian(), 1j * a[0])),
    "evolution of a word": Example(2, 1, lambda a: qml.evolve(X(0) @ Y(1), a[0])),
    "evolution of a commuting sum": Example(
        2, 1, lambda a: qml.evolve(hamiltonian(COMMUTING), a[0])
    ),
    "evolution of a sum": Example(2, 1, lambda a: qml.evolve(hamiltonian(), a[0])),
    "control of an evolution": Example(3, 1, lambda a: qml.ctrl(qml.evolve(X(0) @ Y(1), a[0]), 2)),
    "for_loop": Example(3, 1, lambda a: qml.for_loop(0, 3)(lambda i: turn(a[0], i))()),
    "layer": Example(2, 2, lambda a: qml.layer(lambda b: qml.CRX(b, [0, 1]), 2, alike(tuple(a)))),
    "measurement and condition": Example(2, 1, lambda a: qml.cond(qml.measure(0), qml.RX)(a[0], 1)),
    "PauliMeasure": fixed(1, lambda: qml.pauli_measure("X", 0)),
}
CHANNELS = {
    "AmplitudeDamping": fixed(1, lambda: qml.AmplitudeDamping(0.3, 0)),
    "BitFlip": fixed(1, lambda: qml.BitFlip(0.3, 0)),
    "DepolarizingChannel": fixed(1, lambda: qml.DepolarizingChannel(0.3, 0)),
    "DepolarizingChannel of angles": Example(
        1, 1, lambda a: qml.DepolarizingChannel(0.5 * qml.math.sin(a[0]) ** 2, 0)
    ),
    "GeneralizedAmplitudeDamping": fixed(1, lambda: qml.GeneralizedAmplitudeDamping(0.3, 0.2, 0)),
    "PauliError": fixed(2, lambda: qml.PauliError("XY", 0.3, [0, 1])),
    "PhaseDamping": fixed(1, lambda: qml.PhaseDamping(0.3, 0)),
    "PhaseFlip": fixed(1, lambda: qml.PhaseFlip(0.3, 0)),
    "QubitChannel": fixed(
        1,
        lambda: qml.QubitChannel(
            [math.sqrt(0.7) * np.eye(2), math.sqrt(0.3) * X.compute_matrix()], 0
        ),
    ),
    "ResetError": fixed(1, lambda: qml.ResetError(0.3, 0.2, 0)),
    "ThermalRelaxationError": fixed(1, lambda: qml.ThermalRelaxationError(0.1, 1.5, 1.2, 0.3, 0)),
}

EXAMPLES: dict[str, Example] = {
    **PLAIN,
    **ROTATIONS,
    **MATRICES,
    **SYMBOLIC,
    **TEMPLATES,
    **CHANNELS,
}

LEFT_OUT = {
    "continuous variables": "pennylane.ops.cv pennylane.templates.layers.cv_neural_net "
    "pennylane.templates.embeddings.displacement pennylane.templates.embeddings.squeezing "
    "pennylane.templates.subroutines.interferometer",
    "qutrits": "pennylane.ops.qutrit pennylane.templates.state_preparations.basis_qutrit",
    "other packages": "pennylane.io",
    "observables, which are no gates": "pennylane.ops.qubit.observables "
    "pennylane.ops.op_math.linear_combination",
}
"""Modules of PennyLane whose operations no circuit on qubits holds."""
