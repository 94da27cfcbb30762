"""What every request meets first: limits, headers, one event, and no word of what went wrong."""

import logging
import math
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from daemon import clock
from daemon.errors import Temporary
from daemon.jobs import House
from daemon.web.addresses import Proxies, site_of
from daemon.web.entrance import send_reply, tongue_for
from daemon.web.rates import Rates
from daemon.web.sheets import short_reply, style_hash

_log = logging.getLogger(__name__)

_RETRY_S = 30


@dataclass(slots=True, kw_only=True)
class _Told:
    """What is told of one request."""

    status: int = 0  # 0: nothing was answered
    begun_s: float = field(default_factory=clock.monotonic)


class Door:
    """An ASGI application round another: nothing goes in or out past it."""

    def __init__(self, house: House, within: ASGIApp) -> None:
        web = house.settings.web
        self._house, self._within = house, within
        self._proxies = Proxies(web.trusted_proxies)
        self._rates = Rates(web.rate_per_minute)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        told = _Told()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.status = message["status"]
                _guard(MutableHeaders(scope=message))
            await send(message)

        request = Request(scope, receive)
        peer = request.client.host if request.client else ""
        client = self._proxies.client_of(peer, request.headers.getlist("x-forwarded-for"))
        scope["backdesk.client"] = client
        wait_s = self._rates.admit(site_of(client), clock.monotonic())
        if wait_s > 0:
            busy = short_reply("busy", tongue_for(self._house, request), 429)
            again = (("Retry-After", str(math.ceil(wait_s))),)
            await send_reply(busy, scope, receive, sending, again)
        else:
            await self._let_in(request, sending, told)
        _tell(scope, told)

    async def _let_in(self, request: Request, sending: Send, told: _Told) -> None:
        scope, receive = request.scope, request.receive
        try:
            await self._within(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - rim: a web request
            is_passing = isinstance(error, Temporary)
            _log.log(
                logging.WARNING if is_passing else logging.ERROR,
                "Page not shown",
                extra={
                    "action": "page_failed",
                    "page": scope.get("backdesk.page", "none"),
                    "reason": type(error).__name__,
                },
                exc_info=not is_passing,
            )
            if not told.status:
                tongue = tongue_for(self._house, request)
                trouble = short_reply("trouble", tongue, 503 if is_passing else 500)
                again = (("Retry-After", str(_RETRY_S)),) if is_passing else ()
                await send_reply(trouble, scope, receive, sending, again)


def _guard(headers: MutableHeaders) -> None:
    """Add what keeps a page from being framed, sniffed, kept, indexed, or telling where it led.

    One request to a connection: no client that is slow can hold what it does not use.
    """
    headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src '{style_hash()}'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cache-Control"] = "no-store"
    headers["X-Robots-Tag"] = "noindex, nofollow"
    headers["Connection"] = "close"


def _tell(scope: Scope, told: _Told) -> None:
    """Log one event, without token and address; what was turned away would only fill the log."""
    was_busy = told.status == 429  # noqa: PLR2004 - Too Many Requests
    _log.log(
        logging.DEBUG if was_busy else logging.INFO,
        "Page asked for",
        extra={
            "action": "page",
            "page": scope.get("backdesk.page", "none"),
            "method": scope["method"],
            "status": told.status,
            "ms": round((clock.monotonic() - told.begun_s) * 1000),
        },
    )
