"""The command `qgan explore`."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qgan.cli.parsing import Run, parse_command

__all__ = ["command_explore"]


def command_explore(argv: Sequence[str]) -> int:
    """`qgan explore DIR`: a page on this machine to turn z and look."""
    import torch

    from qgan.page.explorer import open_explorer
    from qgan.page.needs import check_packages

    def explore(
        run: Run,
        port: int | None = None,
        host: str = "127.0.0.1",
        browser: bool = True,
        static: Path | None = None,
        gif: Path | None = None,
        checkpoint: str = "best",
        data: Path | None = None,
    ) -> dict[str, Any]:
        return dict(locals())

    text = "Turn z and look at the state: a page on this machine (--no-browser: only its address)."
    text += " --static FILE writes the page as one file instead, --gif FILE a sweep of each latent."
    text += " --data FILE says where the data of the run are now."
    arguments = parse_command(explore, argv, "qgan explore", text)
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(1)  # a state is thousands of small operations
    if arguments["gif"] is None or arguments["static"] is not None:
        check_packages()
    explorer, reason = open_explorer(arguments["run"], arguments["checkpoint"], arguments["data"])
    if reason:
        print(f"Without real states: {reason}", file=sys.stderr)
    if arguments["static"] is not None or arguments["gif"] is not None:
        return _write(explorer, arguments["static"], arguments["gif"])
    return _serve(explorer, arguments["host"], arguments["port"], arguments["browser"])


def _write(explorer: Any, static: Path | None, gif: Path | None) -> int:
    if static is not None:
        from qgan.page.static import save_page

        print(f"{static}: {save_page(explorer, static)}")
    if gif is not None:
        from qgan.pictures.animation import save_animation

        print(f"{gif}: {save_animation(explorer, gif)}")
    return 0


def _serve(explorer: Any, host: str, port: int | None, browser: bool) -> int:
    from qgan.page.server import LOOPBACK, address, application, bind, serve

    token = None if host in LOOPBACK else secrets.token_urlsafe(16)
    socket = bind(host, port)
    place = address(host, socket.getsockname()[1], token)
    app = application(explorer, host, token)
    print(f"{explorer.name}, step {explorer.model.step}: {place}  (Ctrl-C ends it)", flush=True)
    if browser and _has_screen():
        threading.Thread(target=webbrowser.open, args=(place,), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        serve(app, socket)
    return 0


def _has_screen() -> bool:
    """Whether a browser would open in a window; without one it could take over the terminal."""
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return not sys.platform.startswith("linux") or bool(display)
