"""A family whose hidden factor is a phase, learned with one latent that is an angle."""

from __future__ import annotations

import pytest

from qgan import build
from qgan.evaluation import Judge


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_latent_follows_the_phase(seed: int) -> None:
    """Skill and the circular correlation of latent and phase on held-out states, in 1,500 steps."""
    preset = build.preset("ghz-phase")
    short = {"seed": seed, "trainer": preset.trainer.model_copy(update={"steps": 1500})}
    settings = preset.model_copy(update=short)
    data = build.load_data(settings)
    trainer = build.build_trainer(data, build.settle(settings, data))
    for _ in range(1500):
        trainer.train_step()
    for label in Judge(data, "held_out", seed).report(trainer.model).labels:
        assert label.skill >= 0.9
        assert abs(label.spearman["phi"][0]) >= 0.99
