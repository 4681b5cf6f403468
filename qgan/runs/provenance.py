"""What a run was made with: versions of packages, and the commit of this program's source."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

NAMES = ("qgan", "torch", "pennylane", "pennylane-lightning", "numpy", "scipy", "POT")
SOURCE = Path(__file__).parents[1]


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in NAMES}}


@cache
def commit() -> str | None:
    """The commit that this program's source was checked out from, ``-dirty`` if changed since.

    Returns:
        40 hexadecimal digits; None where the source is not in a git repository of its own (a
        package installed inside somebody's repository is not tracked there).
    """
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    return _git("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")


def _git(*words: str) -> str | None:
    """What git says in the source's folder; None if it fails, or is not there."""
    try:
        done = subprocess.run(
            ["git", *words], cwd=SOURCE, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def header() -> list[str]:
    """The same as lines for people: the head of a run's ``config.yaml``.

    They are comments, so that the file is the configuration and nothing else: it can be handed on
    and given to ``--config`` as it is. Programs find the same in checkpoints and the report.
    """
    made = ", ".join(f"{name} {number}" for name, number in versions().items())
    return [
        f"Made with {made}.",
        f"Commit of qgan: {commit() or 'none'}.",
        "Again: qgan train --config FILE, with this file.",
    ]
