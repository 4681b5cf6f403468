"""The console that tables, bars and signs of activity are drawn on.

Names of labels, factors, files and settings come from outside. So a text is never markup here: the
console does not read any, and a cell that has a style is made by :func:`styled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from qgan.cli.characters import encodable
from qgan.text import visible

__all__ = ["PLAIN_WIDTH", "TextConsole", "styled", "wide_console"]

PLAIN_WIDTH = 100
"""Width in characters of a table that goes to a file or a pipe."""


class TextConsole(Console):
    """A console that lays text out as its encoding can show it, so that columns stay aligned.

    Text is no markup, names no emoji, and moves no cursor.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """The text with substitutes for what the encoding does not have."""
        lines = [visible(line) for line in text.split("\n")]
        return super().render_str(encodable("\n".join(lines), self.encoding), **options)


def styled(lines: Sequence[tuple[str, str]], encoding: str = "utf-8") -> Text:
    """A cell of a table from lines with a style each, laid out for an encoding.

    Example:
        >>> styled([("[/]\\n", "bold"), ("±0.1", "dim")], "ascii").plain
        '[/] \\n+-0.1'
    """
    text = Text("\n").join(Text(encodable(visible(line), encoding), style) for line, style in lines)
    return text


def wide_console() -> TextConsole:
    """A console as wide as the terminal; without a terminal it has the width of a page of text."""
    return TextConsole(width=None if TextConsole().is_terminal else PLAIN_WIDTH)
