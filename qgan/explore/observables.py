"""What is measured along a latent, and what real states of the label measure: numbers only."""

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
from qgan.states import States, StateSource

Sampler = Callable[[Tensor, Tensor], StateSource]
"""From (label ``(B,)``, latent ``(B, n_latent)``) to ``B`` states: a trained generator."""

N_POINTS = 41
MOST_AMPLITUDES = 2**21
"""Amplitudes measured at a time: a few copies of 32 MB."""
MOST_MIXED = 128
"""Real mixed states searched for the nearest: each pair costs a singular value decomposition."""
LEVELS = (0.0, 0.05, 0.95, 1.0)


@dataclass(frozen=True)
class Observable:
    """The mean of some Pauli words.

    Args:
        name: for an axis or a legend, in mathtext.
        meaning: for people, in a few words.
        words: Pauli words whose expectation values are averaged.
    """

    name: str
    meaning: str
    words: tuple[str, ...]

    @property
    def plain(self) -> str:
        """The name without mathtext, for a terminal or a list.

        Example:
            >>> [o.plain for o in observables(3)]
            ['⟨X⟩', '⟨Z⟩', '⟨ZᵢZᵢ₊₁⟩', '⟨Z₀Z₂⟩']
        """
        name = self.name
        for markup, sign in (("$", ""), (r"\langle ", "⟨"), (r"\rangle", "⟩"), (" ", "")):
            name = name.replace(markup, sign)
        lowered = str.maketrans("0123456789i+", "₀₁₂₃₄₅₆₇₈₉ᵢ₊")
        return re.sub(r"_(\w)|_\{(.*?)\}", lambda m: (m[1] or m[2]).translate(lowered), name)


def observables(n_qubits: int) -> tuple[Observable, ...]:
    """Magnetisations per site, and the correlations that a chain of this length has.

    Args:
        n_qubits: at least 1; correlations of neighbours need 2, of the ends 3.

    Returns:
        Two to four observables.

    Example:
        >>> [o.words for o in observables(2)]
        [('XI', 'IX'), ('ZI', 'IZ'), ('ZZ',)]
    """

    def word(letter: str, *sites: int) -> str:
        return "".join(letter if site in sites else "I" for site in range(n_qubits))

    single = {p: tuple(word(p, site) for site in range(n_qubits)) for p in "XZ"}
    found = [
        Observable(rf"$\langle {p}\rangle$", "magnetisation per site", words)
        for p, words in single.items()
    ]
    if n_qubits > 1:
        bonds = tuple(word("Z", site, site + 1) for site in range(n_qubits - 1))
        found.append(
            Observable(r"$\langle Z_i Z_{i+1}\rangle$", "correlation of neighbours", bonds)
        )
    if n_qubits > 2:
        name = rf"$\langle Z_0 Z_{{{n_qubits - 1}}}\rangle$"
        found.append(Observable(name, "of the ends", (word("Z", 0, n_qubits - 1),)))
    return tuple(found)


def measure(states: States, wanted: Sequence[Observable]) -> Float[Tensor, "B K"]:
    """Observables of each state, ``mean_w Tr[w rho]`` over the words w of each."""
    room = states.dimension * states.rank * (states.n_qubits + 1)
    chunk = max(1, MOST_AMPLITUDES // room)
    parts = []
    for start in range(0, len(states), chunk):
        some = states[slice(start, start + chunk)]
        parts.append(torch.stack([some.expval(o.words).mean(1) for o in wanted], dim=1))
    return torch.cat(parts)


def generated(sample: Sampler, label: int, latent: Float[Tensor, "B z"]) -> States:
    """States of one label at given latents: computed, outside the graph, in double precision."""
    with torch.no_grad():
        source = sample(torch.full((len(latent),), label), latent)
        return prepare(source.materialise())


@dataclass(frozen=True, eq=False)
class Sweep:
    """One label along one latent, the other latents at zero.

    Args:
        position: the latent, ``(P,)`` from -1 to 1.
        states: P generated states.
        values: their observables, ``(P, K)``.
    """

    position: Float[Tensor, " P"]
    states: States
    values: Float[Tensor, "P K"]


def sweep_observables(
    sample: Sampler, label: int, n_latent: int, axis: int, n_points: int = N_POINTS
) -> Sweep:
    """Turn one latent through [-1, 1] and measure.

    Args:
        sample: a trained generator.
        label: class index.
        n_latent: entries of z; 0 gives the one state there is.
        axis: which entry is turned, from 0.
        n_points: positions, at least 2.

    Returns:
        Positions, states and values of :func:`observables`.

    Raises:
        QganError: if ``axis`` is no entry of z.
    """
    if n_latent and not 0 <= axis < n_latent:
        raise errors.argument("axis", f"must be from 0 to {n_latent - 1}", axis)
    position = torch.linspace(-1, 1, n_points) if n_latent else torch.zeros(1)
    latent = torch.zeros(len(position), n_latent)
    if n_latent:
        latent[:, axis] = position
    states = generated(sample, label, latent)
    return Sweep(position, states, measure(states, observables(states.n_qubits)))


def real_part(data: Dataset, label: int) -> Batch:
    """Held-out states of a label, outside the graph, in double precision.

    Raises:
        QganError: if there is none.
    """
    part = data.held_out.of(label)
    if not len(part):
        got = f"none of {data.label_names[label]}"
        raise errors.argument("data", "must hold out a state of each label", got)
    factors = None if part.factors is None else part.factors.detach().cpu().double()
    return Batch(prepare(part.states), part.label.cpu(), factors)


def real_band(states: States) -> Float[Tensor, "4 K"]:
    """Where real states lie: least, 5 %, 95 % and largest of each of :func:`observables`.

    Example:
        >>> up_down = States(torch.eye(2, dtype=torch.complex128)[..., None])
        >>> real_band(up_down)[:, 1].round(decimals=6).tolist()
        [-1.0, -0.9, 0.9, 1.0]
    """
    values = measure(states, observables(states.n_qubits))
    return torch.quantile(values, torch.tensor(LEVELS, dtype=values.dtype), dim=0)


def nearest_real(states: States, real: States) -> tuple[Int[Tensor, " N"], Float[Tensor, " N"]]:
    """For each state the place of the real state of highest fidelity, and that fidelity.

    Of real mixed states the first ``MOST_MIXED`` are searched.
    """
    searched = real if real.is_pure or states.is_pure else real[slice(MOST_MIXED)]
    best = fidelity_matrix(states, searched).max(dim=1)
    return best.indices, best.values
