"""A step of a small circuit takes one thread, unless somebody asks for more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import small_games
import torch

from qgan.training import _threads

THREADS = 2


@pytest.fixture(autouse=True)
def standard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process in which torch has chosen two threads."""
    before = torch.get_num_threads()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(_threads, "STANDARD", THREADS)
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


def threads_of_a_step(monkeypatch: pytest.MonkeyPatch) -> int:
    trainer, seen = small_games.trainer(), list[int]()
    monkeypatch.setattr(trainer, "average", lambda: seen.append(torch.get_num_threads()))
    trainer.train_step()
    return seen[0]


def test_a_small_circuit_takes_one_thread_and_gives_the_others_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert threads_of_a_step(monkeypatch) == 1
    assert torch.get_num_threads() == THREADS


def test_whoever_asks_for_threads_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.set_num_threads(THREADS + 1)
    assert threads_of_a_step(monkeypatch) == THREADS + 1
    torch.set_num_threads(THREADS)
    monkeypatch.setenv("OMP_NUM_THREADS", str(THREADS))
    assert threads_of_a_step(monkeypatch) == THREADS


def test_a_large_circuit_keeps_all_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "MOST_WIRES", 1)
    assert threads_of_a_step(monkeypatch) == THREADS


def test_an_error_gives_the_threads_back() -> None:
    with pytest.raises(ZeroDivisionError), _threads.one_thread(2):
        raise ZeroDivisionError
    assert torch.get_num_threads() == THREADS
