"""The origin of a run: versions of packages, and the commit of the source of this program."""

from __future__ import annotations

import platform
import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from qgan.build.plugins import loaded

__all__ = ["commit", "header", "versions"]

NAMES = ("qgan", "torch", "pennylane", "pennylane-lightning", "numpy", "scipy", "POT")
SOURCE = Path(__file__).parents[1]


def versions() -> dict[str, str]:
    """The versions of Python and of the packages on which the numbers of a run depend.

    A plug-in counts by its version, a file by the first digits of its SHA-256.
    """
    plugins = {f"plug-in {name}": number[:12] for name, number in loaded().items()}
    packages = {name: version(name) for name in NAMES}
    return {"python": platform.python_version(), **packages, **plugins}


@cache
def commit() -> str | None:
    """The commit of the source of this program.

    Returns:
        40 hexadecimal digits, followed by ``-dirty`` if the source has been changed since. None
        where the source is not tracked by git: a package that is installed inside the repository
        of another project is not tracked there.
    """
    if _git("ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    return _git("describe", "--always", "--abbrev=40", "--exclude=*", "--dirty")


def _git(*words: str) -> str | None:
    """The output of git in the folder of the source; None if git fails or is missing."""
    try:
        process = subprocess.run(
            ["git", *words], cwd=SOURCE, capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return process.stdout.strip() or None if process.returncode == 0 else None


def header() -> list[str]:
    """Versions and commit as lines for people, at the head of the ``config.yaml`` of a run.

    They become comments, so that the file is a configuration and nothing else: it can be given to
    ``--config`` as it is. Programs find these facts in the checkpoints and in the report.
    """
    packages = ", ".join(f"{name} {number}" for name, number in versions().items())
    return [
        f"Made with {packages}.",
        f"Commit of qgan: {commit() or 'none'}.",
        "Again: qgan train --config FILE, with this file.",
    ]
