"""Text from outside in what people read: on one line, visible, and of bounded length."""

from __future__ import annotations

import reprlib
import unicodedata

__all__ = ["MOST_CHARACTERS", "shortened", "visible", "written"]

MOST_CHARACTERS = 300
"""Characters of a value that a message shows; whoever needs more of it has it."""

ENDS_OF_LINES = ("Zl", "Zp")
MARKS_OF_DIRECTION = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Characters that turn the order of those around them."""
CONTAINERS = (dict, list, tuple, set, frozenset)

_short = reprlib.Repr()
_short.maxlevel = 3
_short.maxtuple = _short.maxlist = _short.maxdict = _short.maxset = _short.maxfrozenset = 20
_short.maxstring = _short.maxother = MOST_CHARACTERS
_short.maxlong = MOST_CHARACTERS


def visible(text: str) -> str:
    """A text on one line, in which nothing can move a cursor or turn the direction of reading.

    White space becomes a space; any other control character is shown by its number.

    Example:
        >>> visible("two\\nlines"), visible("\\x1b[31mred"), visible("é ±")
        ('two lines', '\\\\x1b[31mred', 'é ±')
    """
    if text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    kind = unicodedata.category(character)
    if character.isspace():
        return " "
    if kind == "Cc" or kind in ENDS_OF_LINES or character in MARKS_OF_DIRECTION:
        return f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}"
    return character


def shortened(value: object) -> str:
    """What is shown of a value that came from outside: one line of bounded length.

    A text is shown as it is, a container as Python writes it. Only the first items of a container
    are looked at, since a few hundred bytes of YAML can hold more of them than any memory.

    Args:
        value: anything.

    Example:
        >>> shortened((2, "a")), shortened("two\\nlines"), len(shortened("x" * 10_000))
        ("(2, 'a')", 'two lines', 300)
    """
    try:
        text = _short.repr(value) if isinstance(value, CONTAINERS) else str(value)
    except Exception:  # Python does not write an integer of more than 4300 digits
        text = f"a value of type {type(value).__name__} that Python cannot write"
    if len(text) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        text = f"{text[: half - 3]}...{text[-half:]}"
    line = visible(text)
    return line if len(line) <= MOST_CHARACTERS else f"{line[: MOST_CHARACTERS - 3]}..."


def written(value: object) -> str:
    """A value as Python writes it, shortened: a text stands in quotation marks.

    Example:
        >>> written("a"), written([1] * 100)[-13:]
        ("'a'", '1, 1, 1, ...]')
    """
    try:
        return shortened(_short.repr(value) if isinstance(value, CONTAINERS) else repr(value))
    except Exception:
        return shortened(value)
