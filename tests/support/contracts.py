"""What a contract suite owes to the registry: a case for each choice of its family."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from qgan.build.registry import OURS, Entry, Family


def choices_without_a_case(family: Family, cases: Iterable[str]) -> list[str]:
    """The choices of this program for which a suite has no case.

    Args:
        family: the registered choices.
        cases: names of the cases; "mlp" and "mlp, spectral" both stand for the choice "mlp".
    """
    named = {case.partition(",")[0] for case in cases}
    return [e.name for e in family.entries() if e.origin == OURS and e.name not in named]


def check_whole_family(family: Family, cases: Iterable[str], place: str) -> None:
    """Fail if a registered choice has no case.

    Args:
        family: the registered choices.
        cases: names of the cases of the suite.
        place: where a case is added.
    """
    missing = choices_without_a_case(family, cases)
    assert not missing, f"no case for {family.kind} {', '.join(missing)}: add one to {place}"


def check_that_a_stranger_is_reported(
    monkeypatch: pytest.MonkeyPatch, family: Family, cases: Iterable[str], place: str
) -> None:
    """See that :func:`check_whole_family` fails once a choice is registered that has no case."""
    stranger = Entry("stranger", object, "a choice that no suite knows")
    monkeypatch.setitem(family.by_name, stranger.name, stranger)
    with pytest.raises(AssertionError, match=rf"no case for {family.kind} .*stranger: .* {place}"):
        check_whole_family(family, cases, place)
