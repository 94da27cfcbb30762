"""Serves the public pages over HTTP/1.1 from a thread of the service (uvicorn)."""

import asyncio
import logging
import socket
import threading
from functools import partial
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from daemon.config.settings import Settings
from daemon.jobs import House
from daemon.web.addresses import Proxies
from daemon.web.site import site

_log = logging.getLogger(__name__)

REQUEST_S = 10.0  # from the connection to the last byte of the answer
STOP_S = 1.0  # for requests in hand
CUT_S = 1.8  # for the thread to end; less than the two seconds a stop may take
RETRY_S = 30.0  # until a port that is taken is tried again
MOST_CONNECTIONS = 100
_HEAD_BYTES = 16_384
_BACKLOG = 128


class Connection(H11Protocol):
    """A connection that is cut when its one request takes too long, however busy it looks.

    uvicorn itself waits for ever for a client that sends its headers byte by byte.
    """

    def __init__(self, *arguments: Any, proxies: Proxies, **named: Any) -> None:  # noqa: ANN401 - uvicorn's own
        super().__init__(*arguments, **named)
        self._proxies = proxies
        self._cut: asyncio.TimerHandle | None = None
        self.access_log = False  # else a line with the token, wherever somebody listens to logs

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, if it comes from this machine or from a proxy."""
        super().connection_made(transport)
        if self.client is None or not self._proxies.may_enter(self.client[0]):
            transport.abort()
            return
        self._cut = self.loop.call_later(REQUEST_S, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of a connection."""
        if self._cut is not None:
            self._cut.cancel()
        super().connection_lost(exc)


class PublicPages:
    """The pages' server: `start`, `stop`.

    A port that is taken is said and tried again; whatever happens here, mail goes on.
    """

    def __init__(self, house: House) -> None:
        self._settings = house.settings
        self._stopping = threading.Event()
        self._server = uvicorn.Server(_config(site(house), house.settings))
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        self._listening: socket.socket | None = None

    def start(self) -> None:
        """Listen, and serve from now on."""
        self._listening = self._bind()
        self._thread.start()

    def stop(self) -> None:
        """Finish what is in hand and stop, within two seconds."""
        self._stopping.set()
        self._server.should_exit = True
        self._thread.join(CUT_S)
        if self._thread.is_alive():
            _log.warning("A page was cut off", extra={"action": "web_cut"})

    def _run(self) -> None:
        while self._listening is None and not self._stopping.wait(RETRY_S):
            self._listening = self._bind()
        if self._listening is None:
            return
        try:
            self._server.run(sockets=[self._listening])
        except Exception:  # noqa: BLE001 - rim: the pages must not stop the mail
            _log.exception("Public pages ended", extra={"action": "web_ended"})
        finally:
            self._listening.close()

    def _bind(self) -> socket.socket | None:
        listen, file = self._settings.web.listen, self._settings.path
        host, _, port = listen.rpartition(":")
        family = socket.AF_INET6 if "[" in host else socket.AF_INET
        try:
            bound = socket.create_server(
                (host.strip("[]"), int(port)), family=family, backlog=_BACKLOG
            )
        except OSError as error:
            _log.error(
                "Public pages cannot be served, mail goes on",
                extra={
                    "action": "web_away",
                    "key": "web.listen",
                    "file": str(file),
                    "reason": f"{listen}: {error.strerror or error}",
                },
            )
            return None
        _log.info("Public pages are served", extra={"action": "web", "listen": listen})
        return bound


def _config(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    protocol = partial(Connection, proxies=Proxies(settings.web.trusted_proxies))
    return uvicorn.Config(
        cast("Any", app),
        http=cast("type[asyncio.Protocol]", protocol),
        loop="asyncio",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=MOST_CONNECTIONS,
        backlog=_BACKLOG,
        timeout_graceful_shutdown=int(STOP_S),
        h11_max_incomplete_event_size=_HEAD_BYTES,
    )
