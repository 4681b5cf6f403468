"""The server as a program meets it: over a socket."""

import asyncio
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from small_models import turned_data, turning

from qgan.cli import main
from qgan.errors import QganError
from qgan.page.explorer import Explorer
from qgan.page.files import live_files, one_file
from qgan.page.server import address, application, bind, make_server, serve


@contextlib.contextmanager
def serving(host="127.0.0.1", token=None):
    """A port at which a run is served."""
    place = bind("127.0.0.1", 0)
    server = make_server(application(Explorer(turning(), turned_data(), "turned"), host, token))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        yield place.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture(scope="module", name="port")
def _port():
    with serving() as port:
        yield port


def ask(port, path, body=None, method=None, **headers):
    """Status, headers, text."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request(method or ("GET" if body is None else "POST"), path, body, headers)
    answer = line.getresponse()
    text = answer.read().decode()
    line.close()
    return answer.status, dict(answer.getheaders()), text


def test_the_page_and_all_it_names_are_served(port):
    status, headers, page = ask(port, "/")
    assert status == 200 and headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in headers["content-security-policy"]
    for name in re.findall(r'(?:src|href)="([\w.]+)"', page):
        assert ask(port, f"/{name}")[0] == 200, name


def test_nothing_else_is_served_and_no_path_reaches_a_file(port):
    for path in (
        "/etc/passwd", "/../page_files.py", "/%2e%2e/%2e%2e/pyproject.toml", "/index.html",
        "/page/app.js", "/app.js/", "//app.js", "/%00", "/api/states/../about",
    ):  # fmt: skip
        status, _, text = ask(port, path)
        assert status == 404 and json.loads(text) == {"error": "There is no such page."}, path
    assert ask(port, "/api/states")[0] == 405


def test_no_file_is_opened_while_it_serves(port, monkeypatch):
    ask(port, "/")
    paths = []
    sys.addaudithook(
        lambda name, arguments: paths.append(arguments[0]) if name == "open" and on else None
    )
    on = True
    for path in ("/", "/app.js", "/plotly.min.js", "/nothing", "/../x"):
        ask(port, path)
    ask(port, "/api/states", '{"label": 0, "latent": [[0.5]]}')
    on = False
    assert paths == []


def test_states_are_answered(port):
    status, _, text = ask(port, "/api/states", '{"label": 0, "latent": [[0.5]]}')
    assert status == 200
    assert json.loads(text) == Explorer(turning(), turned_data(), "x").states(0, [[0.5]])
    about = json.loads(ask(port, "/api/about")[2])
    assert (about["name"], about["n_latent"]) == ("turned", 1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"label": 7, "latent": [[0]]}', "`label` must be from 0 to 1, but got 7"),
        ('{"label": 0, "latent": [[NaN]]}', "`latent` must be from -1 to 1, but got nan"),
        ('{"label": 0, "latent": [[1e999]]}', "`latent` must be from -1 to 1, but got inf"),
        ('{"label": 0}', "`latent` must be a list of 1 to 512 points, but got None"),
        ("[1, 2]", "`request` must be a JSON object, but got list"),
        ("{", "`request` must be JSON"),
        ("[" * 60000, "`request` must be JSON"),
        ("\xff\xfe", "`request` must be JSON"),
        (json.dumps({"label": 0, "latent": [[0.0]] * 10**6}), "must have at most 65536 bytes"),
    ],
    ids=lambda value: value[:30],
)
def test_a_bad_request_is_told_so_and_the_server_goes_on(port, body, message):
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it hangs up on the longest
        status, _, text = ask(port, "/api/states", body.encode("latin-1"))
        assert status == 400 and message in json.loads(text)["error"]
    assert ask(port, "/api/states", '{"label": 1, "latent": [[0]]}')[0] == 200


def test_other_names_of_this_machine_are_refused_on_loopback(port):
    status, _, text = ask(port, "/", Host="evil.example")
    assert status == 403 and "`host` must be one of" in text
    assert ask(port, "/", Host=f"localhost:{port}")[0] == 200


def test_elsewhere_a_token_is_asked_for():
    with serving("0.0.0.0", "secret") as port:
        for path in ("/", "/api/about", "/app.js", "/?token=wrong", "/?token=", "/nothing"):
            status, _, text = ask(port, path)
            assert status == 403 and "`token` must be the one" in text
        status, headers, _ = ask(port, "/?token=secret")
        assert (status, headers["location"]) == (303, "/")
        cookie = headers["set-cookie"].split(";")[0]
        assert (
            "HttpOnly" in headers["set-cookie"]
            and "samesite=strict" in headers["set-cookie"].lower()
        )
        assert ask(port, "/api/about", Cookie=f"other=1; {cookie}")[0] == 200
        assert ask(port, "/api/about", Cookie="qgan-token=secre")[0] == 403


def test_addresses_are_what_a_browser_wants():
    assert address("127.0.0.1", 80, None) == "http://127.0.0.1:80/"
    assert address("::1", 80, "t") == "http://[::1]:80/?token=t"
    assert address("0.0.0.0", 80, "t") == f"http://{socket.gethostname()}:80/?token=t"


def test_a_port_that_is_taken_is_one_line():
    with bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(QganError, match="`host and port` must be free and of this machine"):
            bind("127.0.0.1", port)
    with pytest.raises(QganError, match="`port` must be from 0 to 65535, but got 99999"):
        bind("127.0.0.1", 99999)
    with pytest.raises(QganError, match="must be free and of this machine"):
        bind("203.0.113.1", 0)


def test_files_lie_in_the_package_and_the_one_file_asks_for_nothing():
    assert set(live_files()) >= {"/", "/page.css", "/app.js", "/plotly.min.js"}
    page = one_file({"text": "</script><script>alert(1)</script>"})
    assert "connect-src 'none'" in page
    assert "</script><script>alert(1)" not in page
    rest = page[page.index("window.qganData") :]
    assert not re.search(r'<(?:script|link|img)[^>]*(?:src|href)="(?!data:)', rest)


def test_a_page_elsewhere_cannot_ask(port):
    """A browser names the page that a request comes from, which no script can change."""
    own = f"http://127.0.0.1:{port}"
    body = '{"label": 0, "latent": [[0.5]]}'
    assert ask(port, "/api/states", body, Origin=own)[0] == 200
    for origin in ("http://elsewhere.example", "null", f"https://127.0.0.1:{port}", f"{own}0"):
        status, _, text = ask(port, "/api/states", body, Origin=origin)
        assert status == 403 and "A page elsewhere" in text


def test_no_other_page_may_frame_it(port):
    headers = ask(port, "/")[1]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_visitor_who_goes_away_leaves_no_trace(port, capfd):
    head = "POST /api/states HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"
    for part in (head[:30], head, head + '{"label": 0'):
        with socket.create_connection(("127.0.0.1", port)) as line:
            line.sendall(part.encode())
    assert ask(port, "/api/about")[0] == 200
    time.sleep(0.2)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("part", ["", "GET / HTTP/1.1\r\nHost: x\r\n", "POST / HTTP/1.1\r\n"])
def test_a_request_without_an_end_is_closed(part, monkeypatch):
    from qgan.page import deadline

    monkeypatch.setattr(deadline, "SECONDS", 0.3)
    with serving() as port, socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(part.encode())
        assert line.recv(100) == b""
        # A body that does not end, and a second request on the same line.
        with socket.create_connection(("127.0.0.1", port), timeout=10) as other:
            other.sendall(b"GET /api/about HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /")
            received = b""
            while chunk := other.recv(65536):
                received += chunk
        assert received.startswith(b"HTTP/1.1 200")


def test_the_time_of_a_request_does_not_end_an_answer(monkeypatch):
    from qgan.page import deadline

    monkeypatch.setattr(deadline, "SECONDS", 0.2)
    slow = Explorer(turning(), turned_data(), "turned")
    states = slow.states

    def late(label, latent):
        time.sleep(0.6)
        return states(label, latent)

    monkeypatch.setattr(slow, "states", late)
    place = bind("127.0.0.1", 0)
    server = make_server(application(slow))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
    thread.start()
    try:
        body = '{"label": 0, "latent": [[0.5]]}'
        assert ask(place.getsockname()[1], "/api/states", body)[0] == 200
    finally:
        server.should_exit = True
        thread.join(10)


def interrupted_explore(monkeypatch, capsys):
    """Run the command, ask its page for a state, press Ctrl-C; its status and the page's answer."""
    from qgan.page import explorer

    turned = Explorer(turning(), turned_data(), "turned")
    monkeypatch.setattr(explorer, "open_explorer", lambda run, checkpoint, data: (turned, None))
    place = bind("127.0.0.1", 0)
    port = place.getsockname()[1]
    place.close()
    answers = []

    def visit():
        for _ in range(200):  # until the page is there
            with contextlib.suppress(OSError):
                answers.append(ask(port, "/api/states", '{"label": 0, "latent": [[0.5]]}')[0])
                break
            time.sleep(0.05)
        if not has_ended.is_set():  # else the signal would hit another test
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    has_ended = threading.Event()
    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        status = main(["explore", "r", "--no-browser", "--port", str(port)])
    finally:
        has_ended.set()
        visitor.join(15)
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out
    return status, answers


def test_ctrl_c_ends_the_page(monkeypatch, capsys):
    before = signal.getsignal(signal.SIGINT), set(threading.enumerate())
    assert interrupted_explore(monkeypatch, capsys) == (0, [200])
    after = signal.getsignal(signal.SIGINT), set(threading.enumerate())
    assert after[0] is before[0] and not [t for t in after[1] if t.name == "qgan-page"]


def test_a_page_opens_where_an_event_loop_runs(monkeypatch, capsys):
    """A cell of a notebook is run by an event loop of the kernel."""
    results = []

    async def cell():
        results.append(interrupted_explore(monkeypatch, capsys))

    with pytest.raises(KeyboardInterrupt):  # asyncio.run stops its own loop at Ctrl-C as well
        asyncio.run(cell())
    assert results == [(0, [200])]

    async def cell_of_a_kernel():  # whose loop leaves Ctrl-C to the cell
        results.append(interrupted_explore(monkeypatch, capsys))

    loop = asyncio.new_event_loop()
    loop.run_until_complete(cell_of_a_kernel())
    loop.close()
    assert results[1:] == [(0, [200])]


def test_a_server_that_fails_says_so(monkeypatch):
    import uvicorn

    def fail(server, sockets):
        raise OSError("no more files")

    monkeypatch.setattr(uvicorn.Server, "run", fail)
    with bind("127.0.0.1", 0) as listener, pytest.raises(OSError, match="no more files"):
        serve(application(Explorer(turning(), turned_data(), "turned")), listener)


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once(tmp_path, monkeypatch):
    from cli_runs import shrink, train

    monkeypatch.chdir(tmp_path)
    shrink(monkeypatch)
    train("--run", "r")
    command = [sys.executable, "-m", "qgan", "explore", "r", "--no-browser", "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None and process.stderr is not None
    line = process.stdout.readline()
    port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", line)[1])
    connection = http.client.HTTPConnection("127.0.0.1", port)  # a browser keeps its line open
    connection.request("GET", "/api/about")
    connection.getresponse().read()
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0  # the server does not wait for the line that is still open
    # The run was trained in this process, whose sources are smaller than those of the command.
    lines = process.stderr.read().splitlines()
    assert [line for line in lines if not line.startswith("Note: The states, labels")] == []
    for end in (process.stdout, process.stderr, connection):
        end.close()
