"""Settings of the whole suite: annotated shapes are checked while tests run."""

import jaxtyping
import pytest
import torch
from hypothesis import settings
from jaxtyping import install_import_hook

# Before anything of ours is imported. The hook is never taken down: it acts on later imports too.
install_import_hook(["qgan", "circuits"], "beartype.beartype")

torch.set_num_threads(1)

# A test fails or passes alike on every run and on every machine, however busy it is.
settings.register_profile("qgan", deadline=None, derandomize=True)
settings.load_profile("qgan")


@pytest.fixture
def as_users_run_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the checks of annotations, which would speak before the constructor does."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
