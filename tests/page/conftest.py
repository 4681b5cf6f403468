"""A headless browser, and pages of two small runs, for the tests that look at them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import Tab, chromium
from cli_runs import SHORT, new_home, shrink
from page_reading import N

from qgan.cli import main
from qgan.page.explorer import Explorer, open_explorer
from qgan.page.server import application, bind, make_server
from qgan.page.static import save_page


@pytest.fixture(scope="session", name="home")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a pure run of two latents (``r``), a mixed one (``mixed``), and one whose first
    latent is an angle (``turned``)."""
    with new_home(tmp_path_factory) as folder:
        assert main(["train", "--preset", "ising", "--qubits", str(N), *SHORT, "--run", "r"]) == 0
        assert main(["train", "--preset", "bell", *SHORT, "--run", "mixed"]) == 0
        angle = ["--data.source", "ghz-phase", "--generator.prior", "angle-first"]
        assert main(["train", *angle, *SHORT, "--run", "turned"]) == 0
    return folder


@pytest.fixture(scope="session", name="explorers")
def _explorers(home: Path) -> dict[str, Explorer]:
    with pytest.MonkeyPatch.context() as patch:
        shrink(patch)
        return {name: open_explorer(home / name)[0] for name in ("r", "mixed", "turned")}


@pytest.fixture(scope="session", name="serve")
def _serve(explorers: dict[str, Explorer]) -> Iterator[Callable[[str], str]]:
    running = []

    def serve(name: str) -> str:
        place = bind("127.0.0.1", 0)
        server = make_server(application(explorers[name]))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{place.getsockname()[1]}/"

    yield serve
    for server, thread in running:
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="session", name="pages")
def _pages(home: Path, explorers: dict[str, Explorer], serve: Callable[[str], str]) -> Any:
    """Addresses of each run's page, live and as a file."""
    addresses = {}
    for name, explorer in explorers.items():
        save_page(explorer, home / f"{name}.html")
        addresses[name, "static"] = (home / f"{name}.html").as_uri()
        addresses[name, "live"] = serve(name)
    return addresses


@pytest.fixture(scope="session", name="browser")
def _browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(name="tab")
def _tab(browser: Tab, tmp_path: Path) -> Iterator[Tab]:
    """The browser; the page must cause no complaint and ask no other machine for anything."""
    browser.size(1280, 800)
    browser.downloads_to(tmp_path)
    browser.complaints.clear()
    browser.requests.clear()
    yield browser
    assert browser.complaints == []
    for address in browser.requests:
        allowed = ("http://127.0.0.1:", "file:///", "data:", "blob:", "about:")
        assert address.startswith(allowed), address
