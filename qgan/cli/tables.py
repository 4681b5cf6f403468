"""The console that tables, bars and signs of activity are drawn on."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from qgan.cli.characters import encodable

__all__ = ["PLAIN_WIDTH", "TextConsole", "wide_console"]

PLAIN_WIDTH = 170
"""Width in characters of a table that goes to a file or a pipe."""


class TextConsole(Console):
    """A console that lays text out as its encoding can show it, so that columns stay aligned."""

    def render_str(self, text: str, **options: Any) -> Text:
        """The text with substitutes for what the encoding does not have."""
        return super().render_str(encodable(text, self.encoding), **options)


def wide_console() -> TextConsole:
    """A console as wide as the terminal; without a terminal it is wide enough for a table."""
    return TextConsole(width=None if TextConsole().is_terminal else PLAIN_WIDTH)
