"""The server of the page, which sends the files of the page and states as numbers."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from qgan import errors
from qgan.page.explorer import Explorer
from qgan.page.files import live_files, live_policy

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = [
    "LOOPBACK",
    "AccessControl",
    "address",
    "application",
    "bind",
    "complaint",
    "make_server",
    "read_body",
    "serve",
]

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "qgan-token"
LARGEST_BODY = 64 * 1024
"""Most bytes of a request, four times what the most points of four latents need."""
FIRST_PORT, PORTS = 8765, 20
"""The port that is tried first, and the number of ports that are tried if it is in use."""


class AccessControl:
    """Passes on only the requests of visitors who may use the server.

    A page elsewhere could point its own host name at this machine, so requests must name this
    machine as their host. A browser says which page a request comes from; it must be this one. If
    there is a token, a visitor gives it once in the address; from then on it is in a cookie and no
    longer in the address.

    Args:
        app: the application that answers the requests.
        hosts: the host names that a request may name; None allows all, where a token protects.
        token: the secret that a visitor must know, or None.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] | None, token: str | None) -> None:
        self.app, self.hosts, self.token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with status 403, or pass it on to the application."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        refusal = self._refuse(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self.app(scope, receive, self._with_policy(send))

    def _refuse(self, scope: Scope, headers: dict[bytes, bytes]) -> Response | None:
        from starlette.responses import RedirectResponse

        place = headers.get(b"host", b"").decode("latin-1")
        host = place.rsplit(":", 1)[0].strip("[]")
        if self.hosts is not None and host not in self.hosts:
            return complaint(f"Argument `host` must be one of {', '.join(self.hosts)}.", 403)
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1") != f"http://{place}":
            return complaint("A page elsewhere must not ask this server.", 403)
        if self.token is None:
            return None
        token = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if token and secrets.compare_digest(token.encode(), self.token.encode()):
            redirection = RedirectResponse("/", status_code=303)
            redirection.set_cookie(COOKIE, self.token, httponly=True, samesite="strict")
            return redirection
        cookies = headers.get(b"cookie", b"").decode("latin-1").replace(" ", "").split(";")
        if any(
            secrets.compare_digest(cookie.encode(), f"{COOKIE}={self.token}".encode())
            for cookie in cookies
        ):
            return None
        return complaint("Argument `token` must be the one of the printed address.", 403)

    def _with_policy(self, send: Send) -> Callable[[Message], Awaitable[None]]:
        security_headers = [
            (b"content-security-policy", live_policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"x-frame-options", b"DENY"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-cache"),
        ]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *security_headers]}
            await send(message)

        return send_with_headers


def complaint(message: str, status: int = 400) -> Response:
    """An answer with an error in the form that the page reads: ``{"error": ...}``."""
    from starlette.responses import JSONResponse

    return JSONResponse({"error": message}, status_code=status)


def application(explorer: Explorer, host: str = "127.0.0.1", token: str | None = None) -> Starlette:
    """The ASGI application of one run.

    Args:
        explorer: the run that answers the requests.
        host: the address of the server. At a loopback address, requests must name a loopback host.
        token: the secret that a visitor must know, or None.

    Returns:
        The application, to be given to :func:`make_server`.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.requests import ClientDisconnect
    from starlette.responses import Response
    from starlette.routing import Route

    about = json.dumps(explorer.about(), allow_nan=False)
    lock = threading.Lock()  # two computations at a time would slow each other

    def compute(query: dict[str, Any]) -> str:
        with lock:
            return json.dumps(explorer.states(query.get("label"), query.get("latent")))

    async def states(request: Request) -> Response:
        try:
            query = await read_body(request)
            return Response(await run_in_threadpool(compute, query), media_type="application/json")
        except errors.QganError as error:
            return complaint(str(error))
        except ClientDisconnect:  # the visitor has gone in the middle: nobody reads the answer
            return complaint("The request has no end.")

    async def answer_error(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        names = {404: "There is no such page.", 405: "This address is asked in another way."}
        return complaint(names.get(status, "The server failed at this request."), status)

    def constant(kind: str, content: bytes | str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return Response(content, media_type=kind)

        return answer

    routes = [
        Route(path, constant(kind, content)) for path, (kind, content) in live_files().items()
    ]
    routes += [
        Route("/api/about", constant("application/json", about)),
        Route("/api/states", states, methods=["POST"]),
    ]
    names = LOOPBACK if host in LOOPBACK else None
    app = Starlette(
        routes=routes,
        middleware=[Middleware(AccessControl, hosts=names, token=token)],
        exception_handlers={HTTPException: answer_error, 500: answer_error},
    )
    app.router.redirect_slashes = False
    return app


async def read_body(request: Request) -> dict[str, Any]:
    """Read the JSON object of a request; one that is too long is refused before its end.

    Raises:
        QganError: if the body is too long or no JSON object.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            rule = f"must have at most {LARGEST_BODY} bytes"
            raise errors.argument("request", rule, f"{len(body)} or more")
    try:
        query = json.loads(body)
    except (ValueError, RecursionError):
        raise errors.argument("request", "must be JSON", f"{len(body)} bytes of else") from None
    if not isinstance(query, dict):
        raise errors.argument("request", "must be a JSON object", type(query).__name__)
    return query


def bind(host: str, port: int | None) -> socket.socket:
    """Open a listening socket.

    Args:
        host: a name or an address of this machine.
        port: the port; None takes the first free one from 8765 on.

    Returns:
        The socket.

    Raises:
        QganError: if the port is out of range, or the address cannot be used.
    """
    if port is not None and not 0 <= port <= 65535:
        raise errors.argument("port", "must be from 0 to 65535", port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports = range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else [port]
    for candidate in ports:
        # The protocol is named so that asyncio sends small answers at once (TCP_NODELAY).
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(64)
            return listener
        except OSError as error:
            listener.close()
            reason = error.strerror or str(error)
    rule = "must be free and of this machine"
    raise errors.argument("host and port", rule, f"{host}:{ports[-1]} ({reason})")


def address(host: str, port: int, token: str | None) -> str:
    """The address of the page, to be typed into a browser."""
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    name = f"[{name}]" if ":" in name else name
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def make_server(app: Starlette) -> uvicorn.Server:
    """A server that prints nothing, keeps no log, waits for no visitor, and stops in a second."""
    import uvicorn

    from qgan.page.deadline import DeadlineProtocol

    config = uvicorn.Config(
        app,
        http=DeadlineProtocol,
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    return uvicorn.Server(config)


def serve(app: Starlette, listener: socket.socket) -> None:
    """Serve until Ctrl-C or a signal to terminate, which is raised once the server has ended.

    The server has a thread of its own, because its event loop cannot run where another one does:
    the caller may be a cell of a notebook.

    Args:
        app: what answers the requests.
        listener: the socket of :func:`bind`.

    Raises:
        KeyboardInterrupt: after Ctrl-C.
    """
    server, end = make_server(app), Future[None]()

    def run() -> None:
        try:
            server.run(sockets=[listener])
            end.set_result(None)
        except BaseException as error:
            end.set_exception(error)

    # Signals come to the main thread only, and would not reach the server in its own.
    with server.capture_signals():
        threading.Thread(target=run, name="qgan-page", daemon=True).start()
        end.result()
