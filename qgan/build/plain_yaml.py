"""YAML as plain data: the one door for text that somebody else has written."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from qgan import errors
from qgan.text import shortened

__all__ = ["plain_data", "read_yaml"]

MOST_BYTES = 2**16
"""Bytes of a file of settings; a complete one with its comments has a tenth of that."""
MOST_LEVELS = 20
"""Levels of lists and mappings inside each other; PyYAML calls itself at each."""
MOST_ALIASES = 20
"""Uses of anchors. So few, on so few levels, cannot stand for more than memory holds."""


class _Refused(Exception):
    """What a text must be, and what came; the door that it came through has a name for it."""

    def __init__(self, rule: str, got: object) -> None:
        super().__init__(rule)
        self.rule, self.got = rule, got


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, but a key given twice is an error: it would drop the first."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """The mapping, if its keys differ."""
        seen = set()
        for key, _ in node.value:
            if not isinstance(key.value, Hashable):
                continue  # a list is no key, as PyYAML says itself
            if key.value in seen:
                line = key.start_mark.line + 1
                raise _Refused(
                    "must give a key once", f"{shortened(key.value)} again in line {line}"
                )
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep)
        return mapping


FLOAT = "tag:yaml.org,2002:float"
WITH_EXPONENT = re.compile(r"^[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$")
"""PyYAML follows YAML 1.1, in which 1e-3 is a text; in YAML 1.2 it is a number, as everywhere."""
_Loader.add_implicit_resolver(FLOAT, WITH_EXPONENT, list("-+.0123456789"))


def read_yaml(path: Path, name: str = "config") -> Any:
    """The plain data in a file of YAML.

    Args:
        path: a file of at most 64 KiB, with at most 20 levels and 20 aliases.
        name: the argument that it is, for the message.

    Raises:
        QganError: if the file cannot be read, is larger than that, or is no YAML of plain data.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a null byte
        raise errors.argument(name, "must be a readable file", error) from None
    return plain_data(content, path, name)


def plain_data(content: bytes, path: Path, name: str = "config") -> Any:
    """The plain data in the bytes of a file of YAML.

    Args:
        content: at most 64 KiB, with at most 20 levels and 20 aliases.
        path: the file, for the message.
        name: the argument that it is, for the message.

    Raises:
        QganError: if there is more, or it is no YAML of plain data.
    """
    if len(content) > MOST_BYTES:
        raise errors.argument(name, f"must have at most {MOST_BYTES} bytes", f"more in {path}")
    try:
        text = content.decode("utf-8-sig")
    except ValueError as error:
        raise errors.argument(name, "must be a readable file", error) from None
    try:
        _check_shape(text)
        return yaml.load(text, _Loader)
    except _Refused as error:
        raise errors.argument(name, error.rule, error.got) from None
    except yaml.YAMLError as error:
        raise errors.argument(name, "must be YAML", error) from None
    except Exception as error:  # whatever PyYAML makes of a value that its tag does not take
        got = f"a value that cannot be read: {shortened(error)}"
        raise errors.argument(name, "must be YAML", got) from None


def _check_shape(text: str) -> None:
    """Refuse deep nesting and many aliases before anything is made of them."""
    level = n_aliases = 0
    for event in yaml.parse(text, _Loader):
        line = 1 + (event.start_mark.line if event.start_mark else 0)
        if isinstance(event, yaml.CollectionStartEvent):
            level += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            level -= 1
        elif isinstance(event, yaml.AliasEvent):
            n_aliases += 1
        if level > MOST_LEVELS:
            raise _Refused(f"must have at most {MOST_LEVELS} levels", f"more in line {line}")
        if n_aliases > MOST_ALIASES:
            raise _Refused(f"must use at most {MOST_ALIASES} aliases", f"more in line {line}")
