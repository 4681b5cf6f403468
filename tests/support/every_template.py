"""Every template of PennyLane that a circuit on qubits can hold, each with a small example."""

from __future__ import annotations

from typing import Any

import numpy as np
import pennylane as qml
from operation_examples import (
    COMMUTING,
    TWO_WORDS,
    Example,
    fixed,
    hamiltonian,
    joined,
    wire_pairs,
)
from random_circuits import alike, vector

EVOLUTIONS = {
    "ApproxTimeEvolution": Example(2, 1, lambda a: qml.ApproxTimeEvolution(hamiltonian(), a[0], 2)),
    "CommutingEvolution": Example(
        2, 1, lambda a: qml.CommutingEvolution(hamiltonian(COMMUTING), a[0])
    ),
    "TrotterProduct": Example(2, 1, lambda a: qml.TrotterProduct(hamiltonian(), a[0], 2, 2)),
    "TrotterizedQfunc": Example(
        2, 1, lambda a: qml.TrotterizedQfunc(a[0], qfunc=trotter_step, n=2, order=2, wires=[0, 1])
    ),
    "QDrift": Example(2, 1, lambda a: qml.QDrift(hamiltonian(), a[0], n=3, seed=1)),
}


def trotter_step(time: Any, wires: Any) -> None:
    qml.RX(time, wires[0])
    qml.IsingZZ(0.5 * time, wires)


LAYERS = {
    "AngleEmbedding": Example(2, 2, lambda a: qml.AngleEmbedding(joined(a, 2), [0, 1])),
    "IQPEmbedding": Example(2, 2, lambda a: qml.IQPEmbedding(joined(a, 2), [0, 1])),
    "QAOAEmbedding": Example(
        2, 5, lambda a: qml.QAOAEmbedding(joined(a[:2], 2), joined(a[2:], 1, 3), [0, 1])
    ),
    "BasicEntanglerLayers": Example(
        3, 3, lambda a: qml.BasicEntanglerLayers(joined(a, 1, 3), range(3))
    ),
    "StronglyEntanglingLayers": Example(
        2, 6, lambda a: qml.StronglyEntanglingLayers(joined(a, 1, 2, 3), range(2))
    ),
    "SimplifiedTwoDesign": Example(
        2, 4, lambda a: qml.SimplifiedTwoDesign(joined(a[:2], 2), joined(a[2:], 1, 1, 2), [0, 1])
    ),
    "RandomLayers": Example(2, 2, lambda a: qml.RandomLayers(joined(a, 1, 2), [0, 1], seed=3)),
    "ArbitraryUnitary": Example(1, 3, lambda a: qml.ArbitraryUnitary(joined(a, 3), [0])),
    "GateFabric": Example(
        4, 2, lambda a: qml.GateFabric(joined(a, 1, 1, 2), range(4), init_state=[1, 1, 0, 0])
    ),
    "ParticleConservingU1": Example(
        2, 2, lambda a: qml.ParticleConservingU1(joined(a, 1, 1, 2), [0, 1], init_state=[1, 0])
    ),
    "ParticleConservingU2": Example(
        2, 3, lambda a: qml.ParticleConservingU2(joined(a, 1, 3), [0, 1], init_state=[1, 0])
    ),
    "MPS": Example(3, 4, lambda a: qml.MPS(range(3), 2, wire_pairs, 2, joined(a, 2, 2))),
    "TTN": Example(4, 6, lambda a: qml.TTN(range(4), 2, wire_pairs, 2, joined(a, 3, 2))),
    "MERA": Example(4, 10, lambda a: qml.MERA(range(4), 2, wire_pairs, 2, joined(a, 5, 2))),
    "TwoLocalSwapNetwork": Example(
        3,
        3,
        lambda a: qml.TwoLocalSwapNetwork(
            range(3),
            lambda index, wires, param, **_: qml.CRX(param, wires),
            joined(a, 3),
            fermionic=False,
        ),
    ),
    "IQP": Example(
        2,
        2,
        lambda a: qml.IQP(joined(a, 2), num_wires=2, pattern=[[[0]], [[0, 1]]], spin_sym=False),
    ),
}
CHEMISTRY = {
    "FermionicSingleExcitation": Example(
        3, 1, lambda a: qml.FermionicSingleExcitation(a[0], range(3))
    ),
    "FermionicDoubleExcitation": Example(
        4, 1, lambda a: qml.FermionicDoubleExcitation(a[0], wires1=[0, 1], wires2=[2, 3])
    ),
    "AllSinglesDoubles": Example(
        4,
        2,
        lambda a: qml.AllSinglesDoubles(
            joined(a, 2), range(4), np.array([1, 1, 0, 0]), singles=[[0, 2]], doubles=[[0, 1, 2, 3]]
        ),
    ),
    "UCCSD": Example(
        4,
        2,
        lambda a: qml.UCCSD(
            joined(a, 2),
            range(4),
            s_wires=[[0, 1, 2]],
            d_wires=[[[0, 1], [2, 3]]],
            init_state=np.array([1, 1, 0, 0]),
        ),
    ),
    "kUpCCGSD": Example(
        4,
        6,
        lambda a: qml.kUpCCGSD(
            joined(a, 1, 6), range(4), k=1, delta_sz=0, init_state=np.array([1, 1, 0, 0])
        ),
    ),
    "BasisRotation": fixed(
        2, lambda: qml.BasisRotation([0, 1], np.array([[0.6, 0.8], [-0.8, 0.6]]))
    ),
}
PREPARATIONS = {
    "BasisState": fixed(2, lambda: qml.BasisState(np.array([1, 0]), [0, 1]), True),
    "BasisEmbedding": fixed(2, lambda: qml.BasisEmbedding(np.array([1, 0]), [0, 1]), True),
    "StatePrep": fixed(2, lambda: qml.StatePrep(vector(2), [0, 1]), True),
    "StatePrep in the middle": fixed(2, lambda: qml.StatePrep(vector(1), [0])),
    "AmplitudeEmbedding of angles": Example(
        2, 4, lambda a: qml.AmplitudeEmbedding(joined(a, 4), [0, 1], normalize=True), True
    ),
    "MottonenStatePreparation": fixed(
        2, lambda: qml.MottonenStatePreparation(vector(2), [0, 1]), True
    ),
    "MultiplexerStatePreparation": fixed(
        2, lambda: qml.MultiplexerStatePreparation(vector(2), [0, 1]), True
    ),
    "QROMStatePreparation": fixed(
        5, lambda: qml.QROMStatePreparation(vector(2), [0, 1], [2, 3], [4]), True
    ),
    "ArbitraryStatePreparation": Example(
        1, 2, lambda a: qml.ArbitraryStatePreparation(joined(a, 2), [0]), True
    ),
    "QubitDensityMatrix": fixed(
        1, lambda: qml.QubitDensityMatrix(np.array([[0.7, 0.2j], [-0.2j, 0.3]]), [0]), True
    ),
    "SumOfSlatersPrep": fixed(
        3, lambda: qml.SumOfSlatersPrep(np.array([0.6, 0.8]), [0, 1, 2], indices=(1, 6)), True
    ),
    "CosineWindow": fixed(2, lambda: qml.CosineWindow([0, 1]), True),
    "Superposition": fixed(
        3,
        lambda: qml.Superposition(
            np.array([0.6, 0.8]), np.array([[0, 1], [1, 0]]), [0, 1], work_wire=2
        ),
        True,
    ),
    "MPSPrep": fixed(
        3,
        lambda: qml.MPSPrep(
            [
                np.array([[0.0, 0.107], [0.994, 0.0]]),
                np.array([[0.0, 1.0], [1.0, 0.0]]),
            ],
            wires=[0, 1],
            work_wires=[2],
        ),
        True,
    ),
}
SUBROUTINES = {
    "AQFT": fixed(3, lambda: qml.AQFT(1, [0, 1, 2])),
    "FlipSign": fixed(2, lambda: qml.FlipSign([1, 0], [0, 1])),
    "Permute": fixed(3, lambda: qml.Permute([2, 0, 1], [0, 1, 2])),
    "Reflection": Example(2, 1, lambda a: qml.Reflection(qml.QFT([0, 1]), a[0])),
    "AmplitudeAmplification": fixed(
        2, lambda: qml.AmplitudeAmplification(qml.QFT([0, 1]), qml.FlipSign([1, 0], [0, 1]), 1)
    ),
    "Select": Example(2, 2, lambda a: qml.Select([qml.RX(a[0], 0), qml.RY(a[1], 0)], control=[1])),
    "SelectPauliRot": Example(
        2, 2, lambda a: qml.SelectPauliRot(joined(a, 2), [0], target_wire=1, rot_axis="Y")
    ),
    "ControlledSequence": Example(
        3, 1, lambda a: qml.ControlledSequence(qml.RX(a[0], 0), control=[1, 2])
    ),
    "PrepSelPrep": fixed(3, lambda: qml.PrepSelPrep(hamiltonian(), control=2)),
    "PrepSelPrep of angles": Example(
        3,
        2,
        lambda a: qml.PrepSelPrep(qml.dot(list(alike(tuple(a))), TWO_WORDS), control=2),
    ),
    "Qubitization": fixed(3, lambda: qml.Qubitization(hamiltonian(), control=[2])),
    "QSVT": Example(
        2,
        2,
        lambda a: qml.QSVT(
            qml.BlockEncode(np.array([[0.1, 0.2], [0.3, 0.4]]), [0, 1]),
            [qml.PCPhase(angle, 2, [0, 1]) for angle in a],
        ),
    ),
    "GQSP": Example(2, 6, lambda a: qml.GQSP(qml.RX(0.3, 1), joined(a, 3, 2), control=0)),
    "QuantumPhaseEstimation": Example(
        3, 1, lambda a: qml.QuantumPhaseEstimation(qml.RX(a[0], 0), estimation_wires=[1, 2])
    ),
    "QuantumMonteCarlo": fixed(
        4,
        lambda: qml.QuantumMonteCarlo(
            np.array([0.3, 0.7]),
            lambda i: i / 2 + 0.1,
            target_wires=[0, 1],
            estimation_wires=[2, 3],
        ),
    ),
    "QROM": fixed(3, lambda: qml.QROM(["1", "0"], [0], [1], [2])),
    "FABLE": fixed(3, lambda: qml.FABLE(np.array([[0.1, 0.2], [0.3, 0.4]]), [0, 1, 2], tol=0)),
    "HilbertSchmidt": Example(2, 1, lambda a: qml.HilbertSchmidt(qml.RZ(a[0], 1), qml.Hadamard(0))),
    "LocalHilbertSchmidt": Example(
        2, 1, lambda a: qml.LocalHilbertSchmidt(qml.RZ(a[0], 1), qml.Hadamard(0))
    ),
    "PhaseAdder": fixed(3, lambda: qml.PhaseAdder(3, [0, 1, 2])),
    "Adder": fixed(3, lambda: qml.Adder(3, [0, 1, 2])),
    "SemiAdder": fixed(5, lambda: qml.SemiAdder([0, 1], [2, 3], work_wires=[4])),
    "Multiplier": fixed(4, lambda: qml.Multiplier(3, [0, 1], mod=4, work_wires=[2, 3])),
    "OutAdder": fixed(4, lambda: qml.OutAdder([0], [1], [2, 3])),
    "OutMultiplier": fixed(4, lambda: qml.OutMultiplier([0], [1], [2, 3])),
    "OutPoly": fixed(
        4, lambda: qml.OutPoly(lambda x, y: x + y, input_registers=[[0], [1]], output_wires=[2, 3])
    ),
    "ModExp": fixed(5, lambda: qml.ModExp([0], [1, 2], base=3, mod=4, work_wires=[3, 4])),
    "TemporaryAND": fixed(3, lambda: qml.TemporaryAND([0, 1, 2])),
    "BBQRAM": fixed(6, lambda: qml.BBQRAM(["1", "0"], [0], [1], [2, 3, 4, 5])),
    "HybridQRAM": fixed(7, lambda: qml.HybridQRAM(["1", "0"], [0], [1], [2, 3, 4, 5, 6], k=0)),
    "SelectOnlyQRAM": fixed(
        2, lambda: qml.SelectOnlyQRAM(["1", "0"], control_wires=[0], target_wires=[1])
    ),
}

TEMPLATES = {**EVOLUTIONS, **LAYERS, **CHEMISTRY, **PREPARATIONS, **SUBROUTINES}
