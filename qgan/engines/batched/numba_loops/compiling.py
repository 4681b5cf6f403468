"""How kernels are compiled, and cached for later processes."""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit
from numba.core import event

__all__ = ["DIGEST", "announce", "kernel"]

# What the compiler may do: take sums in any order, and fuse products with sums. It may do nothing
# that loses NaN or infinity.
FAST = frozenset({"reassoc", "contract", "nsz", "arcp"})
EXACT = frozenset({"contract"})

# Numba's cache looks for changes in the file of a function only, but the code of a kernel contains
# what it calls. So a digest of all sources is a part of the name of each kernel.
_sources = sorted(Path(__file__).parent.glob("*.py"))
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in _sources)).hexdigest()[:8]

log = logging.getLogger("qgan")


def kernel(fast: bool = True, whole: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function at its first call; later processes read it from numba's cache.

    Every kernel is compiled into what calls it. If it were called by name, the process that
    compiles would run each kernel as it was compiled alone, and later processes as it was compiled
    within its caller: the same run would differ in its last digits.

    Args:
        fast: whether sums may be taken in any order.
        whole: whether Python calls the kernel; then no other kernel does. The others are neither
            cached nor called by Python: what calls them contains them, and to unpack a program
            from Python takes longer to compile than most of them.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        function = inspect.unwrap(function)  # a wrapper may check annotations
        function.__qualname__ += f"-{DIGEST}"  # the names of cached files begin with it
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": not whole}
        options["fastmath"] = set(FAST if fast else EXACT)
        options |= {"no_cfunc_wrapper": True, "no_cpython_wrapper": not whole}
        if not whole:
            return njit(**options)(function)
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # no folder can be written to: each process compiles anew
            return njit(**options)(function)

    return compiled


class Announcement(event.Listener):
    """Says that compiling takes a while, when the first of some kernels is really compiled.

    Numba broadcasts it after a look at its cache, so that no cached kernel is announced.

    Args:
        kernels: those that take long.
    """

    def __init__(self, *kernels: Any) -> None:
        self.kernels, self.said = kernels, False

    def on_start(self, event: Any) -> None:
        if not self.said and event.data["dispatcher"] in self.kernels:
            self.said = True
            log.warning(
                "Compiling the batched engine for circuits of this kind, once on this machine: "
                "ten to twenty seconds."
            )

    def on_end(self, event: Any) -> None:
        pass


def announce(*kernels: Any) -> None:
    """From now on, say that compiling takes a while when one of these is compiled."""
    event.register("numba:compile", Announcement(*kernels))
