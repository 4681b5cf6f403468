"""A headless Chromium of this machine, driven over its own debugging protocol."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-extensions",
    "--disable-dev-shm-usage", "--remote-debugging-port=0", "--hide-scrollbars",
)  # fmt: skip
PATIENCE = 60.0
DRAWN = "((told) => told.asked === told.shown)(document.documentElement.dataset)"
"""Our page states that every change asked of it is drawn in full."""


def browser_path() -> str:
    """The browser of this machine; without one the test is skipped, and fails under CI."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"none of {', '.join(NAMES)} is installed (Debian: apt-get install chromium)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class ProtocolError(AssertionError):
    """The browser refused a command, or its page went away before it answered."""


class Tab:
    """One tab: calls of the protocol, what it asked for, and what went wrong in it."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.last = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command and its answer; events that come meanwhile are kept."""
        self.last += 1
        self.socket.send(json.dumps({"id": self.last, "method": method, "params": parameters}))
        while True:
            told = json.loads(self.socket.recv(timeout=PATIENCE))
            if told.get("id") == self.last:
                if "error" in told:
                    raise ProtocolError(told["error"]["message"])
                return dict(told["result"])
            self._keep(told)

    def _keep(self, event: dict[str, Any]) -> None:
        name, told = event.get("method"), event.get("params", {})
        if name == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif name == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"])[:500])
        elif name == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(told["args"])[:500])
        elif name == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")

    def run(self, script: str) -> Any:
        """The value of an expression in the page; promises are awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, condition: str, patience: float = PATIENCE) -> None:
        """Wait until an expression is true, in whichever page the tab then holds."""
        end = time.monotonic() + patience
        while not self._holds(condition):
            assert time.monotonic() < end, f"never true: {condition}"
            time.sleep(0.05)

    def _holds(self, condition: str) -> bool:
        """Whether an expression is true; between two pages there is none to ask."""
        try:
            return bool(self.run(f"Boolean({condition})"))
        except ProtocolError:
            return False

    def open(self, address: str) -> None:
        """Go to a page of ours and wait until it has drawn its first state, in full."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        self.until(f"document.documentElement?.dataset.ready === 'yes' && {DRAWN}")

    def press(self, key: str, times: int = 1) -> None:
        """Press a key as a person does."""
        code = {"ArrowRight": 39, "ArrowLeft": 37, "ArrowUp": 38, "Tab": 9}.get(key, 0)
        text = {} if code else {"text": key}
        for _ in range(times):
            for kind in ("keyDown", "keyUp"):
                self.call(
                    "Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text
                )

    def click(self, selector: str) -> None:
        """Click the middle of an element with the mouse, once nothing moves any more."""
        self.until(DRAWN)
        script = f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: "center"}}); const b = e.getBoundingClientRect();
            return [b.x + b.width / 2, b.y + b.height / 2]; }})()"""
        x, y = self.run(script)
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                clickCount=1,
                buttons=1,
            )

    def size(self, width: int, height: int, *, dark: bool = False, phone: bool = False) -> None:
        """The window's size, and the theme the system is said to have."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=phone,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """A screenshot: of the window, or of the whole page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def downloads_to(self, folder: Path) -> None:
        """Where files that the page saves go."""
        self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))


@contextlib.contextmanager
def chromium(profile: Path) -> Iterator[Tab]:
    """A browser with one tab, ended on leaving."""
    from websockets.sync.client import connect

    command = [browser_path(), *FLAGS, f"--user-data-dir={profile}", "about:blank"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **quiet)  # type: ignore[call-overload]
    try:
        port = _port(profile / "DevToolsActivePort", process)
        with connect(_tab(port), max_size=None, open_timeout=PATIENCE) as socket:
            yield Tab(socket)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _port(file: Path, process: Any) -> int:
    end = time.monotonic() + PATIENCE
    while not (file.exists() and file.read_text().count("\n") >= 1):
        assert process.poll() is None, "the browser ended at once"
        assert time.monotonic() < end, "the browser opens no debugging port"
        time.sleep(0.05)
    return int(file.read_text().splitlines()[0])


def _tab(port: int) -> str:
    from urllib.request import urlopen

    end = time.monotonic() + PATIENCE
    while True:
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=PATIENCE) as answer:
            tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
        if tabs:
            return str(tabs[0]["webSocketDebuggerUrl"])
        assert time.monotonic() < end, "the browser has no tab"
        time.sleep(0.05)
