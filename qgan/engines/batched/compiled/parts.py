"""Parts of a batch that compiled passes take one after the other, on as many threads as torch has.

Where parts begin and end depends on the batch alone: sums come out alike on any number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

MOST_LANES, FEWER_LANES, WIDE = 32, 16, 2**9  # states of a part; the second from so many rows on
LEAST_WORK = 2**19  # amplitudes times stages, for which starting threads is worth while


WIDEST = 17  # wires from which torch's threads share one state where parts are fewer than they


def serves(n_wires: int, states: int) -> bool:
    """Whether compiled passes are the faster way on this CPU: a part is one thread's work."""
    return n_wires < WIDEST or states >= torch.get_num_threads()


@lru_cache(maxsize=256)
def split_lanes(states: int, rows: int) -> NDArray[np.int64]:
    """Where parts begin, and where the last one ends: as few and as even as can be."""
    most = MOST_LANES if rows < WIDE else FEWER_LANES
    return np.linspace(0, states, -(-states // most) + 1).round().astype(np.int64)


def on_threads(run: Callable[[int, int], object], parts: int, work: int) -> None:
    """Call ``run(first, stop)`` until all parts are done; compiled code does not hold the lock."""
    threads = min(torch.get_num_threads(), parts)
    if threads == 1 or work < LEAST_WORK:
        run(0, parts)
        return
    bounds = pairwise(round(parts * i / threads) for i in range(threads + 1))
    for future in [_pool(threads).submit(run, *bound) for bound in bounds]:
        future.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="qgan")


if hasattr(os, "register_at_fork"):  # a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
