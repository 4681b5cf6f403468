"""Plug-ins: choices that other packages, or a user's own file, add to the registry.

A package names a module in its entry-point group ``qgan.plugins``; the module calls
:func:`qgan.build.register` when it is imported. A user's own file does the same and is named on the
command line with ``--plugin``. A run folder never names code that is executed: opening a run needs
no plug-in, and going on with one needs the flag again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from qgan import errors
from qgan.build.registry import registering_as

__all__ = ["GROUP", "check_loaded", "load_entry_points", "load_file", "loaded"]

GROUP = "qgan.plugins"
"""The entry-point group that packages register in."""

_loaded: dict[str, str] = {}


def loaded() -> dict[str, str]:
    """The plug-ins of this process by name, each with its version or the SHA-256 of its file."""
    return dict(_loaded)


@cache
def load_entry_points() -> None:
    """Import what installed packages have put in the group; one that fails is said and left out."""
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist is not None else point.name
        try:
            with registering_as(package):
                point.load()
        except Exception as error:  # whatever a stranger's package raises
            reason = " ".join(str(error).split()) or type(error).__name__
            errors.warn(f"The plug-in {package} cannot be loaded and is left out ({reason}).")
        else:
            _loaded[package] = point.dist.version if point.dist is not None else "unknown"


def load_file(path: Path) -> None:
    """Run a file of a user's own, which registers its choices.

    Args:
        path: a Python file; one that this process has run already is not run again.

    Raises:
        QganError: if it does not exist, raises an error or registers a name that is taken.
    """
    if not path.is_file():
        raise errors.argument("plugin", "must be a file that exists", path)
    name, digest = path.name, hashlib.sha256(path.read_bytes()).hexdigest()
    if _loaded.get(name) == digest:
        return
    spec = importlib.util.spec_from_file_location(f"qgan_plugin_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise errors.argument("plugin", "must be a Python file", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    try:
        with registering_as(name):
            spec.loader.exec_module(module)
    except errors.QganError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        rule = "must be a Python file that can be run"
        raise errors.argument("plugin", rule, f"{path} ({reason})") from error
    _loaded[name] = digest


def check_loaded(files: Sequence[Path]) -> None:
    """Refuse settings that were made with a plug-in which has not been named.

    Raises:
        QganError: with the file that is to be named.
    """
    for path in files:
        if path.name not in _loaded:
            reason = f"they were made with the plug-in {path.name}, which is not loaded"
            raise errors.unsupported("Settings", reason, [("plugin", str(path))])
