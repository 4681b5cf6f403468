"""Shots of product measurements, drawn qubit by qubit: no table of all outcomes is made."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from qgan.povm import POVMS, check_kind

__all__ = ["draw_shots"]

MOST_NODES = 2**16
"""Shots that are drawn at a time: each may need a vector of its own of the qubits that are left."""
MERGED = (0, 3, 1, 3, 2, 3)
"""The outcome of Pauli-4 that each outcome of Pauli-6 counts as: its last one is X-, Y- or Z-."""


def draw_shots(
    factor: Complex[Tensor, "B D r"],
    counts: Int[Tensor, " B"],
    rng: torch.Generator,
    kind: str = "pauli-6",
) -> Int[Tensor, "B shots n"]:
    """Measure each state as often as ``counts`` says, one qubit after the other.

    ``p(a_k | a_1 .. a_{k-1}) = <phi|M_{a_k}|phi> / <phi|phi>``, where phi is what the outcomes
    before leave of the state on the qubits k to n. Each element M is ``|v><v|``, so that it leaves
    ``<v|phi>``. A mixed state is one of the columns of its factor in each shot. Shots that have
    had the same outcomes share their vector, so that a state costs what its different beginnings
    cost, and never ``width**n`` numbers.

    Args:
        factor: ``A`` with ``rho = A A^dagger``.
        counts: shots of each state, ``(B,)``.
        rng: the only source of chance.
        kind: which measurement.

    Returns:
        Outcomes in the order of :data:`qgan.povm.OUTCOMES`, int8; -1 where a state has had fewer
        shots than the most.

    Raises:
        QganError: for another kind.

    References:
        Carrasquilla et al., Nature Mach. Intell. 1, 155 (2019), arXiv:1810.10584, eq. 1.
    """
    check_kind(kind)
    batch, dimension, rank = factor.shape
    n_qubits, most = dimension.bit_length() - 1, int(counts.max())
    vectors = factor.detach().cpu().to(torch.complex128).mT.reshape(batch * rank, dimension)
    weights = vectors.abs().square().sum(1).reshape(batch, rank)
    outcome = torch.full((batch, most, n_qubits), -1, dtype=torch.int8)
    for rows, places in _pieces(counts.tolist()):
        column = torch.multinomial(weights[rows], 1, True, generator=rng)[:, 0] if rank > 1 else 0
        outcome[rows, places] = _measured(vectors, rows * rank + column, rng, kind)
    return outcome


def _pieces(counts: list[int]) -> Iterator[tuple[Tensor, Tensor]]:
    """The states and the places of all shots, so many at a time."""
    row = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
    starts = torch.tensor([0, *counts[:-1]]).cumsum(0)
    place = torch.arange(len(row)) - starts[row]
    yield from zip(row.split(MOST_NODES), place.split(MOST_NODES), strict=True)


def _measured(
    vectors: Complex[Tensor, "V D"], node: Int[Tensor, " N"], rng: torch.Generator, kind: str
) -> Int[Tensor, "N n"]:
    """Outcomes of N shots, each of which begins with one of the vectors."""
    elements = _vectors(kind)
    node, phi = _shared(node, vectors)
    outcomes = []
    while phi.shape[1] > 1:
        halves = phi.reshape(len(phi), 2, -1)
        chances = _chances(halves, elements)
        outcome = _drawn(chances[node], rng)
        outcomes.append(outcome)
        pair, node = torch.unique(node * len(elements) + outcome, return_inverse=True)
        parent, element = pair // len(elements), elements[pair % len(elements)].conj()
        phi = torch.einsum("ua,uar->ur", element, halves[parent])
        phi = phi / phi.abs().square().sum(1, keepdim=True).sqrt()
    result = torch.stack(outcomes, 1)
    return (torch.tensor(MERGED)[result] if kind == "pauli-4" else result).to(torch.int8)


def _shared(node: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """The vectors that are needed, and the place of each shot's vector among them."""
    needed, place = torch.unique(node, return_inverse=True)
    return place, vectors[needed]


def _chances(
    halves: Complex[Tensor, "V 2 R"], elements: Complex[Tensor, "width 2"]
) -> Float[Tensor, "V width"]:
    """The probability of each outcome of the first qubit that is left."""
    one = torch.einsum("var,vbr->vab", halves, halves.conj())
    chances = torch.einsum("ka,vab,kb->vk", elements.conj(), one, elements).real
    return chances.clamp_min(0)


def _drawn(chances: Float[Tensor, "N width"], rng: torch.Generator) -> Int[Tensor, " N"]:
    """An outcome of each row, drawn by its probabilities."""
    ladder = chances.cumsum(1)
    height = torch.rand(len(ladder), 1, generator=rng, dtype=torch.float64) * ladder[:, -1:]
    drawn: Tensor = (height >= ladder[:, :-1]).sum(1)
    return drawn


def _vectors(kind: str) -> Complex[Tensor, "width 2"]:
    """The vectors v of the elements ``|v><v|``; Pauli-4 is drawn as Pauli-6."""
    rows = torch.tensor(POVMS["pauli-6" if kind == "pauli-4" else kind], dtype=torch.complex128)
    paulis = torch.tensor([[1, 0, 0, 1], [0, 1, 1, 0], [0, -1j, 1j, 0], [1, 0, 0, -1]])
    matrices = (rows @ paulis.to(rows)).reshape(-1, 2, 2)
    values, vectors = torch.linalg.eigh(matrices)
    elements: Tensor = vectors[:, :, 1] * values[:, 1:].sqrt()
    return elements
