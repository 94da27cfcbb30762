"""A request for a page -> a visit, if its link is good and its form is small and from the page."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from daemon import clock
from daemon.jobs import House
from daemon.mail.links import Link, Links
from daemon.store.keys import LINKS, known_keys
from daemon.web.records import Page, Reply, Visit
from daemon.web.sheets import short_reply
from daemon.web.tongues import tongue_of

MOST_BYTES = 16_384  # of a form
_MOST_FIELDS = 50
_FORM = "application/x-www-form-urlencoded"
_FROM_THE_PAGE = ("same-origin", "none")  # Sec-Fetch-Site of a form on our page


class Refused(Exception):
    """A request is answered at once, with a status and no visit."""

    def __init__(self, status: int, kind: str = "refused", **headers: str) -> None:
        super().__init__(status)
        self.status, self.kind = status, kind
        self.headers = tuple((name.title(), value) for name, value in headers.items())


class Entrance:
    """The way to one page, as an ASGI application."""

    def __init__(self, house: House, page: Page) -> None:
        self._house = house
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        scope["backdesk.page"] = self._page.purpose.name.lower()
        tongue = tongue_for(self._house, request)
        try:
            reply = await self._reply(request, tongue)
        except Refused as refused:
            short = short_reply(refused.kind, tongue, refused.status)
            await send_reply(short, scope, receive, send, refused.headers)
        else:
            await send_reply(reply, scope, receive, send)

    async def _reply(self, request: Request, tongue: str) -> Reply:
        self._check_method(request)
        link = await run_in_threadpool(self._link, request.path_params["token"])
        now = clock.now()
        if link is None:
            raise Refused(404, "gone")
        if link.until <= now:
            raise Refused(410, "gone")
        form = await _form_of(request) if request.method == "POST" else None
        visit = Visit(link=link, tongue=tongue, form=form, now=now)
        return await run_in_threadpool(self._page.answer, self._house, visit)

    def _check_method(self, request: Request) -> None:
        allowed = ("GET", "HEAD", "POST") if self._page.takes_forms else ("GET", "HEAD")
        if request.method not in allowed:
            raise Refused(405, allow=", ".join(allowed))

    def _link(self, token: str) -> Link | None:
        # The keys are read each time: links that are taken back end in every process at once.
        keys = known_keys(self._house.store, LINKS)
        return Links(keys).read(token, self._page.purpose)


def tongue_for(house: House, request: Request) -> str:
    """Return the language of a visitor of whom nothing else is known."""
    accepted = request.headers.get("accept-language", "")
    return tongue_of(accepted, house.settings.service.language)


async def send_reply(
    reply: Reply,
    scope: Scope,
    receive: Receive,
    send: Send,
    headers: tuple[tuple[str, str], ...] = (),
) -> None:
    """Send an answer."""
    response = Response(
        reply.body,
        status_code=reply.status,
        headers=dict((*reply.headers, *headers)),
        media_type=reply.media_type,
    )
    await response(scope, receive, send)


async def _form_of(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; of one that comes twice the last counts.

    Raises:
        Refused: it is another site's, too large, or no form.
    """
    headers = request.headers
    if headers.get("sec-fetch-site", "none").lower() not in _FROM_THE_PAGE:
        raise Refused(403)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise Refused(415)
    if int(headers.get("content-length") or 0) > MOST_BYTES:  # h11 has seen that it is a number
        raise Refused(413)
    body = b""
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > MOST_BYTES:
                raise Refused(413)
        text = body.decode("ascii")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except (ClientDisconnect, ValueError):
        raise Refused(400) from None
