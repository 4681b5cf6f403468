"""What the page needs beside this program: the extra ``page``."""

from __future__ import annotations

from importlib.util import find_spec

from qgan import errors

__all__ = ["check_packages"]

PACKAGES = ("plotly", "starlette", "uvicorn")
"""The packages of the extra."""


def check_packages() -> None:
    """Refuse to make a page where a package that it needs is not installed.

    Raises:
        QganError: with the packages and the command that brings them.
    """
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise errors.unsupported(
            "The page",
            f"{' and '.join(missing)} must be installed for it",
            "run pip install 'qgan[page]' (or -e '.[page]' in a checkout)",
        )
