"""Discriminators whose training memory cannot hold are refused before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch

from qgan import errors
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import Head
from qgan.engines.memory import GIB, LEAST_CHECKED, free_if_short, gibibytes
from qgan.terms import Term
from qgan.views import View

__all__ = ["check_room", "may_be_large", "outline", "room_of"]


def may_be_large(settings: Experiment, view: View) -> bool:
    """Whether a layer of a head of these settings could be worth a look at its size."""
    widths = settings.discriminator.hidden
    widest = max(widths, default=1)
    numbers = max(view.n_features, widest) * widest
    n_states = settings.trainer.batch * settings.trainer.n_critic
    return 8 * numbers * n_states > LEAST_CHECKED / 16


def outline(make: Callable[[], Head]) -> Head | None:
    """A head whose parameters have sizes and no numbers, so that it takes no memory.

    Args:
        make: makes the head.

    Returns:
        The head; None for one that cannot be made without numbers, such as one of a plug-in.
    """
    try:
        with torch.device("meta"):
            return make()
    except (RuntimeError, TypeError):
        return None


def room_of(settings: Experiment, view: View, head: Head, terms: Sequence[Term]) -> tuple[int, int]:
    """The bytes that a view and a head take in training.

    There are the parameters of the head, their gradients and what the optimiser keeps of each, with
    a penalty on the slope the gradients once more; what the head makes of the numbers of one update
    beside its layers; and the numbers of the view for all real and generated states of a step,
    which are read before the updates of the discriminator. Measured with the density view of 7 and
    8 qubits, this is between 0.84 and 1.35 of what a step takes.

    Args:
        settings: the experiment.
        view: the view.
        head: the head, or the :func:`outline` of it.
        terms: the terms of the game.
    """
    item_size = 4 if settings.engine.precision == "single" else 8
    n_states = settings.trainer.batch * settings.trainer.n_critic
    n_penalties = any(term.per_sample for term in terms)
    n_moments = 1 if settings.trainer.optimiser == "rmsprop" else 2
    of_head = sum(p.numel() for p in head.parameters()) * (2 + n_moments + n_penalties)
    of_head += 2 * settings.trainer.batch * view.n_features * head.n_held
    return item_size * 2 * n_states * view.n_numbers, item_size * of_head


def check_room(
    settings: Experiment, data: Dataset, view: View, head: Head, terms: Sequence[Term]
) -> None:
    """Refuse a discriminator whose training does not fit into the memory that is free.

    Args:
        settings: the experiment.
        data: what the discriminator is shown.
        view: its view.
        head: its head, or the :func:`outline` of it.
        terms: the terms of the game.

    Raises:
        QganError: with what is needed, what is free and what needs less.
    """
    of_view, of_head = room_of(settings, view, head, terms)
    place = settings.engine.accelerator if torch.cuda.is_available() else "cpu"
    free = free_if_short(of_view + of_head, torch.device(place))
    if free is None:
        return
    n_states = settings.trainer.batch * settings.trainer.n_critic
    what = f"View {type(view).__name__} with head {type(head).__name__}"
    reason = (
        f"{view.n_features} numbers of each of {n_states} states of {data.n_qubits} qubits take "
        f"{gibibytes(of_view)} and {gibibytes(of_head)} in training, "
        f"and {free / GIB:.1f} GiB are free "
        "(a smaller batch, n_critic or discriminator.hidden takes less)"
    )
    raise errors.unsupported(what, reason, [("view", "sketch"), ("view", "pauli")])
