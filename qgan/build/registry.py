"""The registry: one entry for each choice that a configuration can name.

A choice is a view, a head, an objective, a term, a data source and so on. Its entry says what it is
called, what it stands for, what it is in one line, where it comes from, and how it is built. The
allowed values of a configuration, ``qgan list``, the tables of the documentation and the lists of
the contract suites all come from here. Other packages add entries of their own with
:func:`register` (see :mod:`qgan.build.plugins`).
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from qgan import errors
from qgan.config import OneOf
from qgan.text import MOST_CHARACTERS

__all__ = ["FAMILIES", "Entry", "Family", "names_of", "register"]

OURS = "qgan"


@dataclass(frozen=True)
class Entry:
    """One choice under its name.

    Args:
        name: what a configuration calls it.
        make: the class, or the function, that it stands for.
        line: what it is, in one line.
        paper: where it comes from; empty for none.
        build: how to build it from a configuration; None for the way that is usual in its family.
        number: what a number after the name means (``NAME:NUMBER``); None takes none.
        settings: settings that it brings where nobody has set them, as nested plain data.
        origin: who registered it: this program or a plug-in.
    """

    name: str
    make: Callable[..., Any]
    line: str
    paper: str = ""
    build: Callable[..., Any] | None = None
    number: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    origin: str = OURS


class Family:
    """Choices of one kind, in the order in which they were registered.

    Args:
        kind: what a choice is, in a word: "head".
        title: what people call them: "Heads".
        setting: the setting that names one: "discriminator.head".
        usual: how an entry without ``build`` is built: from the entry and whatever the family
            gives its builders.

    Attributes:
        by_name: the entries.
    """

    def __init__(
        self, kind: str, title: str, setting: str, usual: Callable[..., Any] | None = None
    ) -> None:
        self.kind = kind
        self.title = title
        self.setting = setting
        self._usual = usual
        self.by_name: dict[str, Entry] = {}

    def add(self, entry: Entry) -> None:
        """Register a choice.

        Raises:
            QganError: if its name is taken.
        """
        if entry.name in self.by_name:
            rule = f"must not be the name of another {self.kind}"
            raise errors.argument("name", rule, repr(entry.name))
        self.by_name[entry.name] = entry

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(self.by_name)

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def entries(self) -> list[Entry]:
        """All choices."""
        return list(self.by_name.values())

    def find(self, name: str) -> Entry:
        """The choice of that name.

        Raises:
            QganError: if there is none.
        """
        if name not in self.by_name:
            rule = f"must be one of {', '.join(self.by_name)}"
            raise errors.argument(self.setting, rule, repr(name))
        return self.by_name[name]

    def find_numbered(self, text: str) -> tuple[Entry, float | None]:
        """The choice that ``NAME`` or ``NAME:NUMBER`` names, and the number.

        Raises:
            QganError: for a name that is not registered, or a number where none is taken.
        """
        if text in self.by_name:
            return self.by_name[text], None
        name, _, rest = text.rpartition(":")
        entry, rule = self.by_name.get(name), "must be a name that `qgan list` shows"
        if entry is not None and entry.number is not None:
            try:
                number = float(rest)
            except ValueError:
                number = math.nan
            if math.isfinite(number):
                return entry, number
            rule = f"must be NAME or NAME:{entry.number} with a number"
        near = difflib.get_close_matches(
            text[:MOST_CHARACTERS], list(self.by_name), n=2, cutoff=0.0
        )
        rule = f"{rule} (nearest: {' and '.join(near)})"
        raise errors.argument(self.setting, rule, repr(text))

    def build(self, entry: Entry, *sources: Any) -> Any:
        """Build a choice from what the family gives its builders.

        Raises:
            QganError: if the choice cannot be built so, or it is of a plug-in that fails.
        """
        usual = self._usual
        assert entry.build is not None or usual is not None
        try:
            built = entry.build(*sources) if entry.build else usual and usual(entry, *sources)
        except errors.QganError:
            raise
        except Exception as error:
            if entry.origin == OURS:
                raise
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise self._failed(entry, f"it raises {reason}") from error
        if built is None:
            raise self._failed(entry, "it gives nothing")
        return built

    def _failed(self, entry: Entry, reason: str) -> errors.QganError:
        what = f"{self.kind.capitalize()} {entry.name} of {entry.origin}"
        return errors.unsupported(what, reason, f"mend {entry.origin}")


FAMILIES: dict[str, Family] = {}
"""All families by the kind of their choices; each is defined in the module that builds it."""


def new_family(
    kind: str, title: str, setting: str, usual: Callable[..., Any] | None = None
) -> Family:
    """Define a family of choices."""
    FAMILIES[kind] = Family(kind, title, setting, usual)
    return FAMILIES[kind]


def names_of(mark: OneOf) -> tuple[str, ...]:
    """The names that a setting takes."""
    return (*FAMILIES[mark.kind], *mark.also)


def register(
    kind: str,
    name: str,
    make: Callable[..., Any],
    line: str,
    paper: str = "",
    *,
    build: Callable[..., Any] | None = None,
    number: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Add a choice to the registry: what a plug-in calls.

    Args:
        kind: "view", "head", "objective", "term", "source", "generator", "ansatz" or "engine".
        name: what a configuration is to call it.
        make: the class or function; without ``build`` a view is made of the number of qubits, a
            head of the numbers of features and of labels, an objective and a term of the number
            after their name if there is one, and a data source of ``n_qubits`` and ``seed``.
        line: what it is, in one line.
        paper: where it comes from.
        build: how to build it from a configuration, where that way will not do.
        number: what a number after the name means; None takes none.
        settings: settings that it brings where nobody has set them.

    Raises:
        QganError: for an unknown kind or a name that is taken.
    """
    if kind not in FAMILIES:
        raise errors.argument("kind", f"must be one of {', '.join(FAMILIES)}", repr(kind))
    origin = _origins[-1]
    FAMILIES[kind].add(Entry(name, make, line, paper, build, number, settings or {}, origin))


_origins = [OURS]


@contextmanager
def registering_as(origin: str) -> Iterator[None]:
    """While it is entered, entries are marked as registered by a plug-in."""
    _origins.append(origin)
    try:
        yield
    finally:
        _origins.pop()
