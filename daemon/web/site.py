"""All public pages -> one ASGI application; to add a page, write its module and name it here."""

from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from daemon.jobs import House
from daemon.web import calendars, labels
from daemon.web.addresses import is_here
from daemon.web.door import Door
from daemon.web.entrance import Entrance, send_reply, tongue_for
from daemon.web.records import Reply
from daemon.web.sheets import short_reply

PAGES = (labels.PAGE, calendars.PAGE)


def site(house: House) -> ASGIApp:
    """Return the pages of a house behind their door."""
    nowhere = _Nowhere(house)
    routes = [Route(page.path, Entrance(house, page)) for page in PAGES]
    routes.append(Route("/health", _Health(house)))
    # No redirects: they would be made of the Host that the client says.
    return Door(house, Router(routes, redirect_slashes=False, default=nowhere))


class _Nowhere:
    """Answers what is no page of ours."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say that nothing is here."""
        request = Request(scope, receive)
        gone = short_reply("gone", tongue_for(self._house, request), 404)
        await send_reply(gone, scope, receive, send)


class _Health:
    """Tells programs on this machine that the pages and the store work; nobody else."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer `ok`; a store that is away ends in the door's 503."""
        scope["backdesk.page"] = "health"
        is_asked = scope["method"] in ("GET", "HEAD")
        if not is_asked or not is_here(scope["backdesk.client"]):
            await _Nowhere(self._house)(scope, receive, send)
            return
        await run_in_threadpool(self._look)
        ok = Reply(body=b"ok\n", media_type="text/plain; charset=utf-8")
        await send_reply(ok, scope, receive, send)

    def _look(self) -> None:
        with self._house.store.read() as connection:
            connection.execute(select(1))
