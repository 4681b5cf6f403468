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


def kernel(fast: bool = True, whole: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function at its first call; later processes read it from numba's cache.

    Every kernel becomes a part of what calls it. Called by name, the process that compiles would
    run each kernel as it was compiled alone and later ones as it was compiled within its caller:
    the same run would differ in its last digits.

    Args:
        fast: whether sums may be taken in any order.
        whole: whether Python calls it, so that nothing else does.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        function = inspect.unwrap(function)  # annotations may be checked by a wrapper
        function.__qualname__ += f"-{DIGEST}"  # a part of the cached file's name
        options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "forceinline": not whole}
        options["fastmath"] = set(FAST if fast else EXACT)
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # no folder can be written to: compiled anew in each process
            return njit(**options)(function)

    return compiled


def announce(function: Any) -> None:
    """Say that compiling takes a while, if nothing of these sources is in the cache yet."""
    folder = function.stats.cache_path
    if folder is None or not any(Path(folder).glob(f"*{DIGEST}*.nbi")):
        log.warning("Compiling the batched engine for this machine, once: about half a minute.")
