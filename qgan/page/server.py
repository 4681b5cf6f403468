"""The server of the page: its own files from memory, and states as numbers. Nothing else."""

from __future__ import annotations

import json
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable
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

LOOPBACK = ("127.0.0.1", "localhost", "::1")
COOKIE = "qgan-token"
LARGEST_BODY = 64 * 1024
"""Bytes of a request: the most points of four latents are a quarter of it."""
FIRST_PORT, PORTS = 8765, 20
"""Where the page is looked for first, and how many ports are tried if that is taken."""


class Door:
    """Lets in who may come: own host names only, and with the token where one is asked for.

    A page elsewhere could point its own name at this machine; the name in the request tells.
    The token comes once in the address, is kept in a cookie, and leaves the address.

    Args:
        app: what lies behind.
        hosts: names this server answers to; None takes all (the token guards then).
        token: what a visitor must show, or None.
    """

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] | None, token: str | None) -> None:
        self.app, self.hosts, self.token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 403 or pass on."""
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

        host = headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0].strip("[]")
        if self.hosts is not None and host not in self.hosts:
            return complaint(f"Argument `host` must be one of {', '.join(self.hosts)}.", 403)
        if self.token is None:
            return None
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if given and secrets.compare_digest(given.encode(), self.token.encode()):
            answer = RedirectResponse("/", status_code=303)
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="strict")
            return answer
        kept = headers.get(b"cookie", b"").decode("latin-1").replace(" ", "").split(";")
        if any(secrets.compare_digest(c.encode(), f"{COOKIE}={self.token}".encode()) for c in kept):
            return None
        return complaint("Argument `token` must be the one of the printed address.", 403)

    def _with_policy(self, send: Send) -> Callable[[Message], Awaitable[None]]:
        fixed = [
            (b"content-security-policy", live_policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cache-control", b"no-cache"),
        ]

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *fixed]}
            await send(message)

        return sending


def complaint(message: str, status: int = 400) -> Response:
    """An error as the page reads it: ``{"error": ...}``."""
    from starlette.responses import JSONResponse

    return JSONResponse({"error": message}, status_code=status)


def application(explorer: Explorer, host: str = "127.0.0.1", token: str | None = None) -> Starlette:
    """The ASGI application of one run.

    Args:
        explorer: what answers.
        host: what the server is bound to; a loopback address answers to loopback names only.
        token: what a visitor must show, or None.
    """
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.responses import Response
    from starlette.routing import Route

    about = json.dumps(explorer.about(), allow_nan=False)
    busy = threading.Lock()  # one computation at a time: a second would slow both

    def compute(asked: dict[str, Any]) -> str:
        with busy:
            return json.dumps(explorer.states(asked.get("label"), asked.get("latent")))

    async def states(request: Request) -> Response:
        try:
            asked = await read_body(request)
            return Response(await run_in_threadpool(compute, asked), media_type="application/json")
        except errors.QganError as error:
            return complaint(str(error))

    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        names = {404: "There is no such page.", 405: "This address is asked in another way."}
        return complaint(names.get(status, "The server failed at this request."), status)

    def fixed(kind: str, content: bytes | str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return Response(content, media_type=kind)

        return answer

    routes = [Route(path, fixed(kind, content)) for path, (kind, content) in live_files().items()]
    routes += [
        Route("/api/about", fixed("application/json", about)),
        Route("/api/states", states, methods=["POST"]),
    ]
    names = LOOPBACK if host in LOOPBACK else None
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Door, hosts=names, token=token)],
        exception_handlers={HTTPException: refused, 500: refused},
    )
    app.router.redirect_slashes = False
    return app


async def read_body(request: Request) -> dict[str, Any]:
    """The JSON object of a request, refused before it is read if it is too long.

    Raises:
        QganError: if it is too long or no JSON object.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            rule = f"must have at most {LARGEST_BODY} bytes"
            raise errors.argument("request", rule, f"{len(body)} or more")
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise errors.argument("request", "must be JSON", f"{len(body)} bytes of else") from None
    if not isinstance(asked, dict):
        raise errors.argument("request", "must be a JSON object", type(asked).__name__)
    return asked


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket: at the port asked for, or at the first free one from 8765 on.

    Raises:
        QganError: if the address is not to be had.
    """
    if port is not None and not 0 <= port <= 65535:
        raise errors.argument("port", "must be from 0 to 65535", port)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    ports = range(FIRST_PORT, FIRST_PORT + PORTS) if port is None else [port]
    for wanted in ports:
        # The protocol is named so that asyncio sends small answers at once (TCP_NODELAY).
        taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind((host, wanted))
            taken.listen(64)
            return taken
        except OSError as error:
            taken.close()
            reason = error.strerror or str(error)
    rule = "must be free and of this machine"
    raise errors.argument("host and port", rule, f"{host}:{ports[-1]} ({reason})")


def address(host: str, port: int, token: str | None) -> str:
    """What to type into a browser."""
    shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
    shown = f"[{shown}]" if ":" in shown else shown
    return f"http://{shown}:{port}/" + (f"?token={token}" if token else "")


def make_server(app: Starlette) -> uvicorn.Server:
    """A server that says nothing, keeps no log, and ends within a second."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    return uvicorn.Server(config)
