"""A test of measurement records against the states that lie beside them in a file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from qgan import errors
from qgan.pauli import pauli_words
from qgan.povm import OUTCOMES, POVMS, estimators
from qgan.records import Records
from qgan.states import States

__all__ = ["check_agreement"]

DEVIATIONS = 6
"""Standard deviations of the shots beyond which records do not fit states."""
NOISE = 0.1
"""What an expectation value may be off beside that: devices that make records have noise."""


def check_agreement(records: Records, states: States) -> None:
    """Refuse records that are plainly not of the states beside them.

    For each Pauli word of weight one and two the estimates ``x_i`` of the records are held against
    the values ``t_i`` of the states: their sum, and their sum weighted by ``t_i``, which sees
    records in another order than the states. The differences ``sum_i w_i (x_i - t_i)`` have a
    variance that follows from the states, and Bernstein's inequality bounds what chance can make of
    them. A few shots decide nothing.

    Args:
        records: records of B states.
        states: the B states.

    Raises:
        QganError: with the word, what the records say of it, and what the states say.
    """
    if not len(states):
        return
    words = pauli_words(states.n_qubits, min(2, states.n_qubits))
    values = states.expval(words).double()
    estimates = records.expval(words).double()
    variance, largest = _spread(records.kind, words, values)
    counts = records.counts[:, None].double()
    limit = DEVIATIONS**2 / 2  # the exponent of the chance
    for name, weights in (("mean", torch.ones_like(values)), ("slope", values)):
        difference = (weights * (estimates - values)).sum(0).abs()
        total = (weights**2 * (variance - values**2).clamp_min(0) / counts).sum(0)
        bound = (weights.abs() / counts).amax(0) * (largest + 1)
        chance = bound * limit / 3 + ((bound * limit / 3) ** 2 + 2 * total * limit).sqrt()
        allowed = chance + NOISE * (len(states) if name == "mean" else (values**2).sum(0))
        excess = difference - allowed
        if excess.max() > 0:
            raise _disagreement(name, int(excess.argmax()), words, estimates, values, records.kind)


def _spread(kind: str, words: Sequence[str], values: Tensor) -> tuple[Tensor, Tensor]:
    """Second moments ``(B, W)`` of the estimates of one shot, and their largest sizes ``(W,)``.

    The square of what a shot says of a letter P is an observable, ``sum_a S_Pa^2 M_a``, and so a
    sum of Pauli letters; that of a word is their product, whose words act on the same qubits.
    """
    inverse = estimators(kind)
    squares = inverse**2 @ torch.tensor(POVMS[kind], dtype=torch.float64)  # of I, X, Y, Z
    column = {word: k for k, word in enumerate(words)}
    moments = torch.zeros_like(values)
    for place, word in enumerate(words):
        support = [q for q, letter in enumerate(word) if letter != "I"]
        for numbers in product(range(4), repeat=len(support)):
            weight, other = 1.0, ["I"] * len(word)
            for qubit, number in zip(support, numbers, strict=True):
                weight *= float(squares["IXYZ".index(word[qubit]), number])
                other[qubit] = "IXYZ"[number]
            name = "".join(other)
            if weight:
                moments[:, place] += weight * (values[:, column[name]] if name in column else 1.0)
    sizes = {letter: float(row.abs().max()) for letter, row in zip("IXYZ", inverse, strict=True)}
    largest = torch.ones(len(words), dtype=torch.float64)
    for place, word in enumerate(words):
        for letter in word:
            largest[place] *= sizes[letter]
    return moments, largest


def _disagreement(
    name: str, place: int, words: Sequence[str], estimates: Tensor, values: Tensor, kind: str
) -> errors.QganError:
    x, t = estimates[:, place], values[:, place]
    word = words[place]
    if name == "mean":
        got = f"<{word}> = {x.mean():.2f} by the records and {t.mean():.2f} by the states"
    else:
        got = f"<{word}> that follows that of the states by a factor of {(x @ t) / (t @ t):.2f}"
    order = f"{kind}, whose outcomes are {', '.join(OUTCOMES[kind])}"
    rule = f"must be records of the `states` beside them in {order}"
    return errors.argument("outcome", rule, got)
