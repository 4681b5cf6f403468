"""What a training will take, on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qgan.build import parse, project, settle
from qgan.data import tfim


@pytest.mark.parametrize(("first", "step"), [(30.0, 0.5), (1.0, 0.5), (300.0, 300.0)])
def test_compiling_in_the_first_step_does_not_count(
    first: float, step: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first step that takes minutes is slow itself, and no second one is waited for."""
    times = iter([first, 0.4, 0.5, 0.5, 0.7, 9.0])

    def seconds_of(run: Callable[[], object], place: str) -> float:
        run()
        return next(times)

    monkeypatch.setattr("qgan.build.projection.seconds_of", seconds_of)
    data = tfim(2, n_train=8, n_validation=4, n_held_out=4)
    settings = settle(parse({"trainer": {"steps": 8, "batch": 4, "n_critic": 1}}), data)
    assert project(settings, data).seconds == 8 * step
