"""How the kernels are compiled, and kept for later processes."""

from __future__ import annotations

import hashlib
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

# Sums in any order, products fused with sums: nothing that loses NaN or infinity.
FAST = frozenset({"reassoc", "contract", "nsz", "arcp"})
EXACT = frozenset({"contract"})

# Numba's cache looks for changes in a function's own file; what it calls is part of it too.
_sources = sorted(Path(__file__).parent.glob("*.py"))
DIGEST = hashlib.sha256(b"".join(path.read_bytes() for path in _sources)).hexdigest()[:8]

log = logging.getLogger("qgan")


def kernel(fast: bool = True) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function at its first call; later processes read it from numba's cache.

    Args:
        fast: whether sums may be taken in any order.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        function = inspect.unwrap(function)  # annotations may be checked by a wrapper
        function.__qualname__ += f"-{DIGEST}"  # a part of the cached file's name
        flags = set(FAST if fast else EXACT)
        try:
            return njit(cache=True, nogil=True, error_model="numpy", fastmath=flags)(function)
        except RuntimeError:  # no folder can be written to: compiled anew in each process
            return njit(nogil=True, error_model="numpy", fastmath=flags)(function)

    return compiled


def announce(function: Any) -> None:
    """Say that compiling takes a while, if nothing of these sources is in the cache yet."""
    folder = function.stats.cache_path
    if folder is None or not any(Path(folder).glob(f"*{DIGEST}*.nbi")):
        log.warning("Compiling the batched engine for this machine, once: some 20 seconds.")
