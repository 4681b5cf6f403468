"""How many threads of torch a step takes."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

import torch

__all__ = ["one_thread"]

STANDARD = torch.get_num_threads()
"""The number that torch has chosen, unless somebody has set another before this import."""
MOST_WIRES = 10
"""Wires up to which a step is thousands of small operations."""


@contextlib.contextmanager
def one_thread(n_wires: int) -> Iterator[None]:
    """Keep small operations on one thread, where nobody has asked for another number.

    A second thread costs such operations more than it saves, and on a busy machine, where each
    waits for the other, many times more. OMP_NUM_THREADS, or torch.set_num_threads after the
    import, asks for a number; the one from before is set again at the end.

    Args:
        n_wires: wires of the circuit; the states of larger ones are worth several threads.
    """
    before = torch.get_num_threads()
    asked = "OMP_NUM_THREADS" in os.environ or before != STANDARD
    if asked or before == 1 or n_wires > MOST_WIRES:
        yield
        return
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
