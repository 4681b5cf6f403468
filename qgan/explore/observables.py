"""Observables of states: along a latent, and of the real states of a label."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.batch import Batch
from qgan.data import Dataset
from qgan.metrics import fidelity_matrix
from qgan.metrics.ensembles.covering import prepare
from qgan.prior import Prior, as_prior
from qgan.states import States, StateSource

__all__ = [
    "LEVELS", "N_POINTS", "Observable", "StateFunction", "Sweep", "generated_states", "mean_values",
    "nearest_real", "observables", "real_band", "real_part", "sweep_observables",
]  # fmt: skip

StateFunction = Callable[[Tensor, Tensor], StateSource]
"""A function of label ``(B,)`` and latent ``(B, n_latent)`` to B states: a trained generator."""

N_POINTS = 41
MOST_AMPLITUDES = 2**21
"""Most amplitudes that are worked on at a time: a few copies of 32 MB."""
MOST_MIXED = 128
"""Most real mixed states among which the nearest is searched: each pair costs a singular value
decomposition."""
LEVELS = (0.0, 0.05, 0.95, 1.0)
"""Quantiles that describe the range of real states."""


@dataclass(frozen=True)
class Observable:
    """The mean of some Pauli words.

    Args:
        name: the name in mathtext, for an axis or a legend.
        meaning: what it is, in a few words.
        words: the Pauli words whose expectation values are averaged.
    """

    name: str
    meaning: str
    words: tuple[str, ...]

    @property
    def plain(self) -> str:
        """The name in Unicode and without mathtext, for a terminal or a list.

        Example:
            >>> [o.plain for o in observables(3)]
            ['⟨X⟩', '⟨Z⟩', '⟨ZᵢZᵢ₊₁⟩', '⟨Z₀Z₂⟩']
        """
        name = self.name
        for markup, sign in (("$", ""), (r"\langle ", "⟨"), (r"\rangle", "⟩"), (" ", "")):
            name = name.replace(markup, sign)
        subscripts = str.maketrans("0123456789i+", "₀₁₂₃₄₅₆₇₈₉ᵢ₊")
        return re.sub(r"_(\w)|_\{(.*?)\}", lambda m: (m[1] or m[2]).translate(subscripts), name)


def observables(n_qubits: int) -> tuple[Observable, ...]:
    """The magnetisations per site and the correlations of a chain of this length.

    Args:
        n_qubits: number of qubits, at least 1. Correlations of neighbours need 2, of the ends 3.

    Returns:
        Two to four observables.

    Example:
        >>> [o.words for o in observables(2)]
        [('XI', 'IX'), ('ZI', 'IZ'), ('ZZ',)]
    """

    def word(letter: str, *sites: int) -> str:
        return "".join(letter if site in sites else "I" for site in range(n_qubits))

    single = {p: tuple(word(p, site) for site in range(n_qubits)) for p in "XZ"}
    chain = [
        Observable(rf"$\langle {p}\rangle$", "magnetisation per site", words)
        for p, words in single.items()
    ]
    if n_qubits > 1:
        bonds = tuple(word("Z", site, site + 1) for site in range(n_qubits - 1))
        chain.append(
            Observable(r"$\langle Z_i Z_{i+1}\rangle$", "correlation of neighbours", bonds)
        )
    if n_qubits > 2:
        name = rf"$\langle Z_0 Z_{{{n_qubits - 1}}}\rangle$"
        chain.append(Observable(name, "of the ends", (word("Z", 0, n_qubits - 1),)))
    return tuple(chain)


def mean_values(states: States, chain: Sequence[Observable]) -> Float[Tensor, "B K"]:
    """The values of observables in each state, ``mean_w Tr[w rho]`` over the words w of each.

    Args:
        states: B states.
        chain: K observables.

    Returns:
        The exact values, ``(B, K)``.
    """
    room = states.dimension * states.rank * (states.n_qubits + 1)
    chunk = max(1, MOST_AMPLITUDES // room)
    chunks = []
    for start in range(0, len(states), chunk):
        part = states[start : start + chunk]
        chunks.append(torch.stack([part.expval(o.words).mean(1) for o in chain], dim=1))
    return torch.cat(chunks)


def generated_states(sample: StateFunction, label: int, latent: Float[Tensor, "B z"]) -> States:
    """States of one label at some latents, in double precision and outside the autograd graph."""
    with torch.no_grad():
        source = sample(torch.full((len(latent),), label), latent)
        return prepare(source.materialise())


@dataclass(frozen=True, eq=False)
class Sweep:
    """States of one label along one latent, with the other latents at zero.

    Args:
        position: values of the latent that is turned, ``(P,)``, through its range.
        states: the P generated states.
        values: the values of their observables, ``(P, K)``.
    """

    position: Float[Tensor, " P"]
    states: States
    values: Float[Tensor, "P K"]


def sweep_observables(
    sample: StateFunction, label: int, prior: Prior | int, axis: int, n_points: int = N_POINTS
) -> Sweep:
    """Turn one latent through its range and compute the observables of the states.

    Args:
        sample: a trained generator.
        label: class index.
        prior: the prior of the latents, or the number of uniform ones. Without a latent the sweep
            is the one state of the label.
        axis: index of the entry that is turned, from 0.
        n_points: number of positions, at least 2.

    Returns:
        The positions, the states, and the values of :func:`observables`.

    Raises:
        QganError: if ``axis`` is no entry of z.
    """
    prior = as_prior(prior)
    n_latent = prior.n_latent
    if n_latent and not 0 <= axis < n_latent:
        raise errors.argument("axis", f"must be from 0 to {n_latent - 1}", axis)
    position = prior.positions(axis, n_points).float() if n_latent else torch.zeros(1)
    latent = torch.zeros(len(position), n_latent)
    if n_latent:
        latent[:, axis] = position
    states = generated_states(sample, label, latent)
    return Sweep(position, states, mean_values(states, observables(states.n_qubits)))


def real_part(data: Dataset, label: int) -> Batch:
    """The held-out states of a label, in double precision and outside the autograd graph.

    Raises:
        QganError: if the label has no held-out state.
    """
    part = data.held_out.of(label)
    if not len(part):
        got = f"none of {data.label_names[label]}"
        raise errors.argument("data", "must hold out a state of each label", got)
    factors = None if part.factors is None else part.factors.detach().cpu().double()
    return Batch(prepare(part.states), part.label.cpu(), factors)


def real_band(states: States) -> Float[Tensor, "4 K"]:
    """The range of real states: least, 5 %, 95 % and largest value of each observable, ``(4, K)``.

    Example:
        >>> up_down = States(torch.eye(2, dtype=torch.complex128)[..., None])
        >>> real_band(up_down)[:, 1].round(decimals=6).tolist()
        [-1.0, -0.9, 0.9, 1.0]
    """
    values = mean_values(states, observables(states.n_qubits))
    return torch.quantile(values, torch.tensor(LEVELS, dtype=values.dtype), dim=0)


def nearest_real(states: States, real: States) -> tuple[Int[Tensor, " N"], Float[Tensor, " N"]]:
    """Find, for each state, the real state of highest fidelity.

    If both are mixed, only the first ``MOST_MIXED`` real states are searched.

    Returns:
        The index of the nearest real state and its fidelity, ``(N,)`` each.
    """
    candidates = real if real.is_pure or states.is_pure else real[:MOST_MIXED]
    best = fidelity_matrix(states, candidates).max(dim=1)
    return best.indices, best.values
