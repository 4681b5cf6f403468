"""What is shown in place of a character that the encoding of a terminal or of a pipe does not have.

The standard streams of a command write through an error handler that always has an answer, so that
no character can end a command. Whatever is printed goes there: lines, tables, bars, warnings.
"""

from __future__ import annotations

import codecs
import contextlib
import io
import sys
import unicodedata
from collections.abc import Iterator

__all__ = ["encodable", "substitute", "tolerant_streams"]

HANDLER = "qgan-substitute"
"""The name under which Python finds :func:`_handle`."""

SIGNS = {
    "±": "+-",
    "●": "x",
    "…": "...",
    "⟨": "<",
    "⟩": ">",
    "─": "-",
    "━": "-",
    "╸": "-",
    "╺": "-",
    "│": "|",
    "┃": "|",
    "•": "*",
    "\u2013": "-",  # dashes, quotation marks and signs that look like ASCII
    "\u2014": "-",
    "\u2018": "'",
    "\u2019": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u2212": "-",
    "\u00d7": "x",
}
"""What stands for the characters that this program, or the libraries it prints with, use."""


def substitute(character: str) -> str:
    """ASCII characters in place of another one.

    Example:
        >>> [substitute(character) for character in "±●é₂╭⠋λ"]
        ['+-', 'x', 'e', '2', '+', '*', '\\\\u03bb']
    """
    if character in SIGNS:
        return SIGNS[character]
    if "\u2500" <= character <= "\u257f":  # corners and crossings of boxes
        return "+"
    if "\u2800" <= character <= "\u28ff":  # braille, of which the sign of activity is made
        return "*"
    without_accents = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return without_accents or character.encode("ascii", "backslashreplace").decode()


def encodable(text: str, encoding: str) -> str:
    """A text with substitutes for those characters that an encoding does not have.

    Example:
        >>> encodable("0.91 ±0.02", "ascii"), encodable("0.91 ±0.02", "cp1252")
        ('0.91 +-0.02', '0.91 ±0.02')
    """
    return text.encode(encoding, HANDLER).decode(encoding, "surrogateescape")


@contextlib.contextmanager
def tolerant_streams() -> Iterator[None]:
    """Let standard output and standard error write a substitute for what they cannot encode."""
    streams = [s for s in (sys.stdout, sys.stderr) if isinstance(s, io.TextIOWrapper)]
    handlers = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors=HANDLER)
    try:
        yield
    finally:
        for stream, handler in zip(streams, handlers, strict=True):
            # A stream that is closed, or whose reader has gone, has said so or will at the exit.
            with contextlib.suppress(OSError, ValueError):
                stream.reconfigure(errors=handler)


def _handle(error: UnicodeError) -> tuple[str | bytes, int]:
    """The error handler: substitutes; a byte of a file's name that is no character stays itself."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    character = error.object[error.start]
    if "\udc80" <= character <= "\udcff":
        return bytes([ord(character) - 0xDC00]), error.start + 1
    return substitute(character), error.start + 1


codecs.register_error(HANDLER, _handle)
