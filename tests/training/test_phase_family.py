"""A family whose hidden factor is a phase, learned with one latent that is an angle."""

from __future__ import annotations

import pytest

from qgan import build
from qgan.evaluation import Judge


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_latent_follows_the_phase(seed: int) -> None:
    """Skill and the circular correlation of latent and phase, on held-out states.

    The curve of states starts small and takes up to a thousand steps to grow: with fewer steps in
    all, whose rates fall sooner, some seeds stay where they start.
    """
    settings = build.preset("ghz-phase").model_copy(update={"seed": seed})
    data = build.load_data(settings)
    trainer = build.build_trainer(data, build.settle(settings, data))
    for _ in range(settings.trainer.steps):
        trainer.train_step()
    for label in Judge(data, "held_out").report(trainer.model).labels:
        assert label.skill >= 0.95
        assert abs(label.spearman["phi"][0]) >= 0.99
