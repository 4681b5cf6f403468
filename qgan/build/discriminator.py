"""The discriminator that a configuration describes."""

from __future__ import annotations

from qgan.build.heads import HEADS
from qgan.build.room import check_room, may_be_large, outline
from qgan.build.terms import build_terms
from qgan.build.views import build_view
from qgan.config import Experiment
from qgan.data import Dataset
from qgan.discriminator import Discriminator, Head, no_discriminator
from qgan.engines.base import Engine
from qgan.objectives import Objective

__all__ = ["build_discriminator"]


def build_discriminator(
    settings: Experiment, data: Dataset, engine: Engine, objective: Objective
) -> Discriminator:
    """The discriminator: view and head; none where the objective is a distance.

    Args:
        settings: the experiment.
        data: what the discriminator is shown.
        engine: what runs the view's circuits, if it has any.
        objective: how its scores will be read.

    Raises:
        QganError: for a choice that does not fit the others, or if training does not fit in the
            memory.
    """
    if objective.reads == "nothing":
        return no_discriminator()
    view = build_view(settings, data, engine)
    entry = HEADS.find(settings.discriminator.head)

    def make() -> Head:
        head: Head = HEADS.build(entry, settings, data, view, objective)
        return head

    if may_be_large(settings, view):
        sizes = outline(make)
        if sizes is not None:
            terms = build_terms(settings, data, objective, Discriminator(view, sizes))
            check_room(settings, data, view, sizes, terms)
    return Discriminator(view, make())
