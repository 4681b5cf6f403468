"""The origin of a run: versions of packages, and the commit of the source of this program."""

from __future__ import annotations

import platform
import re
import tomllib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from qgan.build.plugins import loaded
from qgan.files import regular_bytes

__all__ = ["commit", "header", "versions"]

NAMES = ("qgan", "torch", "pennylane", "pennylane-lightning", "numpy", "scipy", "POT")
SOURCE = Path(__file__).parents[1]
DIGITS = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
NAME = re.compile("HEAD|refs/[A-Za-z0-9_./-]+")
MOST_BYTES = 2**24
MOST_LINKS = 5


def versions() -> dict[str, str]:
    """The versions of Python and of the packages on which the numbers of a run depend.

    A plug-in counts by its version, a file by the first digits of its SHA-256.
    """
    plugins = {f"plug-in {name}": number[:12] for name, number in loaded().items()}
    return {"python": platform.python_version(), **_packages(), **plugins}


@cache
def _packages() -> dict[str, str]:
    """The versions of packages; they are read from files, and each checkpoint asks for them."""
    return {name: version(name) for name in NAMES}


@cache
def commit() -> str | None:
    """The commit that is checked out where the source of this program is.

    It is read from the files of git, in the source tree of this project only: git itself runs what
    the settings of a repository name, and this program may lie below somebody else's.

    Returns:
        40 hexadecimal digits (64 in a repository of SHA-256). None where the source is in no such
        tree: a package that is installed inside the repository of another project. Changes since
        the commit are not looked for.
    """
    root = SOURCE.parent
    if not _is_source_tree(root):
        return None
    try:
        folder = _git_folder(root / ".git")
        common = folder / _line(folder / "commondir", ".")
        return _commit_of("HEAD", (folder, common), MOST_LINKS)
    except (OSError, ValueError):
        return None


def _is_source_tree(root: Path) -> bool:
    """Whether a folder is the top of this project's source."""
    try:
        project = tomllib.loads(regular_bytes(root / "pyproject.toml", MOST_BYTES).decode())
        return project["project"]["name"] == SOURCE.name and (root / ".git").exists()
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _git_folder(path: Path) -> Path:
    """The folder of git; in a second work tree, ``.git`` is a file that names it."""
    if path.is_dir():
        return path
    return path.parent / _line(path).removeprefix("gitdir: ")


def _line(path: Path, default: str | None = None) -> str:
    """The one line of a small file; the default stands for a file that is not there."""
    if default is not None and not path.exists():
        return default
    return regular_bytes(path, MOST_BYTES).decode().strip()


def _commit_of(name: str, folders: tuple[Path, Path], links: int) -> str | None:
    """The commit that a name of git stands for: digits, or a link to another name."""
    if ".." in name or not NAME.fullmatch(name) or not links:
        return None
    file = next((file for file in (f / name for f in folders) if file.is_file()), None)
    if file is None:
        return _packed(name, folders[1] / "packed-refs")
    text = _line(file)
    if text.startswith("ref: "):
        return _commit_of(text.removeprefix("ref: "), folders, links - 1)
    return text if DIGITS.fullmatch(text) else None


def _packed(name: str, file: Path) -> str | None:
    """The commit of a name in the file that holds many of them."""
    for line in _line(file).splitlines():
        digits, _, packed = line.partition(" ")
        if packed == name and DIGITS.fullmatch(digits):
            return digits
    return None


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
