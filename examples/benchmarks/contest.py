"""Peers on one workload after the other, each in a process of its own, stepping in turns."""

import ctypes
import gc
import os
import statistics
import time
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np

ROUNDS = 7
SECONDS = 0.2  # of steps in a round, at least one
TOLERANCE = 1e-4
ONE_CORE = {
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}
Job = tuple[int, int, int, str]
"""n, L, B, mode."""


class Result(NamedTuple):
    """What a peer's process found.

    Args:
        ms: median process time of a step; None where it gave up.
        first_s: process time of the first call, compiling or planning included.
        mib: most memory held during steps, above what was held before the workload.
        first_mib: the same of the first call.
        calls: calls of torch operations in a step; 0 where torch does not compute.
        why_not: what it said, where it gave up.
    """

    ms: float | None = None
    first_s: float = 0.0
    mib: float = 0.0
    first_mib: float = 0.0
    calls: int = 0
    why_not: str = ""


class Runner:
    """A process that steps one peer."""

    def __init__(self, peer: str) -> None:
        self.peer = peer
        self._start()

    def _start(self) -> None:
        context = get_context("spawn")
        self._connection, theirs = context.Pipe()
        os.environ.update(ONE_CORE)
        self._process = context.Process(target=serve, args=(theirs, self.peer), daemon=True)
        self._process.start()
        self._ready = False
        theirs.close()

    def begin(self, job: Job, patience: float) -> Any:
        """Times, loss and gradients of the first call; or why there are none, in a sentence."""
        self.times: list[float] = []
        self.why_not = ""
        if not self._ready:  # on a busy machine imports take long, and are no part of the call
            self._ready = self._connection.recv()
        self._connection.send(job)
        answer: Any = f"no first step in {patience:.0f} s"
        if self._connection.poll(patience):
            try:
                answer = self._connection.recv()
            except EOFError:
                answer = "its process died"
        if isinstance(answer, str):
            self.why_not = answer
            if not answer.startswith("it "):  # whatever it is still at, the next job starts afresh
                self._process.kill()
                self._start()
        else:
            self.first = answer
        return answer

    def round(self) -> None:
        """Step for a round, wait for the times."""
        self._connection.send(min(10, max(1, int(1e3 * SECONDS / self.first["ms"]))))
        self.times += self._connection.recv()

    def result(self) -> Result:
        """The medians, after the rounds."""
        if self.why_not:
            return Result(why_not=self.why_not)
        self._connection.send(0)
        rest = self._connection.recv()
        kept = {name: self.first[name] for name in ("first_s", "first_mib")}
        return Result(statistics.median(self.times), **kept, **rest)

    def close(self) -> None:
        """End the process."""
        self._process.kill()


def serve(connection: Connection, name: str) -> None:
    """The process: for each job a first call, then as many steps as are asked for; 0 ends it."""
    if hasattr(os, "sched_setaffinity"):  # before libraries count cores for their threads
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    import torch
    from peers import PEERS
    from workload import Workload, forget_peak, memory, timed

    torch.set_num_threads(1)
    connection.send(True)
    while True:
        job: Job = connection.recv()
        give_back()
        forget_peak()
        held, begun = memory("VmRSS"), time.process_time()
        try:
            step = PEERS[name].make(Workload(*job))
            if step is None:
                connection.send("it has no gradient of this")
                continue
            found = [np.asarray(x, dtype=np.float64) for x in step()]
        except Exception as error:  # a peer's own complaint is a line of the table
            connection.send(" ".join(f"{type(error).__name__}: {error}".split())[:200])
            continue
        first = {"first_s": time.process_time() - begun, "first_mib": memory() - held}
        forget_peak()
        connection.send({"found": found, "ms": timed(step, 1)[0], **first})
        while steps := connection.recv():
            connection.send(timed(step, steps))
        connection.send({"mib": memory() - held, "calls": count_calls(step)})
        del step, found


def give_back() -> None:
    """Free what the last workload left, so that it is not mistaken for the next one's."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def count_calls(step: Any) -> int:
    """Torch operations of a step, as its dispatcher sees them."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Count(TorchDispatchMode):
        n = 0

        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None):  # type: ignore[no-untyped-def]
            self.n += 1
            return function(*args, **(kwargs or {}))

    with Count() as count:
        step()
    return count.n


def contest(job: Job, runners: list[Runner], patience: float) -> dict[str, Result]:
    """Each peer's result; the first says what loss and gradients are right."""
    expected = None
    for runner in runners:
        answer = runner.begin(job, patience)
        if isinstance(answer, str):
            continue
        expected = expected or answer["found"]
        pairs = zip(answer["found"], expected, strict=True)
        off = max(float(abs(a - b).max()) for a, b in pairs)
        if not off <= TOLERANCE:
            raise SystemExit(f"{runner.peer} disagrees at {job}: by {off:.1e}")
    for _ in range(ROUNDS):
        for runner in runners:
            if not runner.why_not:
                runner.round()
    return {runner.peer: runner.result() for runner in runners}
