"""What a term sees in one step of a training, put together by hand."""

from __future__ import annotations

import torch
from torch import Tensor

from qgan.batch import Batch
from qgan.discriminator import Discriminator
from qgan.sampler import Drawn
from qgan.states import States
from qgan.terms import Moment, StepContext


def context(discriminator: Discriminator, real: States, fake: States, label: Tensor) -> StepContext:
    """The context of a training's only step, with views and scores of real and generated states."""
    views = [discriminator.view(states, label) for states in (real, fake)]
    scores = [discriminator.head(view, label) for view in views]
    moment = Moment(0, 1, torch.Generator().manual_seed(0))
    drawn = Drawn(fake, label, torch.zeros(len(label), 0))
    batch = Batch(real, label)
    return StepContext(
        discriminator, batch, drawn, views[1], scores[1], moment, scores[0], views[0]
    )
