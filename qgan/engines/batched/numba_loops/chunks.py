"""Chunks of a batch, which compiled loops take one after the other on as many threads as torch has.

Where chunks begin and end depends on the batch alone, so that sums are the same on any number of
threads.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["on_threads", "serves", "split_lanes"]

MOST_LANES, FEWER_LANES = 32, 16  # of a chunk: where states are narrow, and where they are wide
WIDE = 2**9  # amplitudes from which a state counts as wide
LEAST_WORK = 2**19  # amplitudes times stages, for which starting threads is worth while
WIDEST = 17  # wires from which several threads of torch should share one state


def serves(n_wires: int, states: int) -> bool:
    """Whether compiled loops are the faster way on this CPU.

    A chunk is the work of one thread: where there are fewer wide states than threads, operations of
    torch, which share out each state, are faster.
    """
    return n_wires < WIDEST or states >= torch.get_num_threads()


@lru_cache(maxsize=256)
def split_lanes(states: int, dimension: int) -> NDArray[np.int64]:
    """Where chunks of lanes begin, and where the last one ends: as few and as even as can be.

    Args:
        states: lanes of the batch, one per column of each sample.
        dimension: amplitudes of a state.
    """
    most = MOST_LANES if dimension < WIDE else FEWER_LANES
    return np.linspace(0, states, -(-states // most) + 1).round().astype(np.int64)


def on_threads(run: Callable[[int, int], object], chunks: int, work: int) -> None:
    """Share chunks out to threads; compiled code does not hold Python's lock.

    Args:
        run: ``run(first, stop)`` does the chunks from ``first`` to below ``stop``.
        chunks: how many there are.
        work: amplitudes times stages of all of them together.
    """
    threads = min(torch.get_num_threads(), chunks)
    if threads == 1 or work < LEAST_WORK:
        run(0, chunks)
        return
    shares = pairwise(round(chunks * i / threads) for i in range(threads + 1))
    for future in [_pool(threads).submit(run, *share) for share in shares]:
        future.result()


@lru_cache(maxsize=1)
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="qgan")


if sys.platform != "win32":  # elsewhere a child has none of its parent's threads
    os.register_at_fork(after_in_child=_pool.cache_clear)
