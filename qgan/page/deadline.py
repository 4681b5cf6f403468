"""Connections on which a request does not come to its end are closed."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["SECONDS", "DeadlineProtocol"]

SECONDS = 10.0
"""How long a request may take from the connection, or from its first byte, to its last one."""


class DeadlineProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, which by itself waits without end for a request that has begun."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request for a limited time."""
        super().connection_made(transport)
        self._start()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request, whose time ends with its last part."""
        super().data_received(data)
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._cancel()
        elif self._deadline is None:
            self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the time."""
        self._cancel()
        super().connection_lost(exc)

    def _start(self) -> None:
        self._deadline = self.loop.call_later(SECONDS, self.transport.close)

    def _cancel(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
