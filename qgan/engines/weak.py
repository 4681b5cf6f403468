"""What is remembered of circuits: by the object itself, while it lives and as it is."""

from __future__ import annotations

import weakref
from typing import Any, Generic, TypeVar

__all__ = ["WeakNotes"]

Note = TypeVar("Note")
PLAIN = (int, float, complex, str, bytes, bool, type(None))


class WeakNotes(Generic[Note]):
    """A note on each of some objects, found by the object and not by what it is equal to.

    A note is forgotten when an attribute of its object gets another value, or a tensor among the
    attributes is written to: the object is then another circuit.
    """

    def __init__(self) -> None:
        self._notes: dict[int, tuple[weakref.ref[Any], object, Note]] = {}

    def get(self, owner: Any) -> Note | None:
        """The note on an object, or None."""
        entry = self._notes.get(id(owner))
        if entry is None or entry[0]() is not owner or entry[1] != _state(owner):
            return None
        return entry[2]

    def set(self, owner: Any, note: Note) -> Note:
        """Note something on an object.

        Returns:
            The note, which is not kept for an object that takes no weak reference.
        """
        key, notes = id(owner), self._notes
        try:
            reference = weakref.ref(owner, lambda _: notes.pop(key, None))
        except TypeError:
            return note
        notes[key] = reference, _state(owner), note
        return note

    def __reduce__(self) -> Any:
        """A copy knows nothing: weak references cannot be saved."""
        return WeakNotes, ()


def _state(owner: Any) -> tuple[Any, ...]:
    """The attributes of an object as far as they can be compared at little cost."""
    attributes = getattr(owner, "__dict__", {})
    return tuple(
        (
            name,
            type(value),
            value if isinstance(value, PLAIN) else id(value),
            getattr(value, "_version", None),
        )
        for name, value in attributes.items()
    )
