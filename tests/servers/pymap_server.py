r"""A thread and a loopback port -> pymap, a second independent IMAP server that starts empty.

pymap 0.36 with its in-memory backend has UIDPLUS (APPENDUID, COPYUID, UID EXPUNGE), MOVE, IDLE,
BINARY, MULTIAPPEND and OBJECTID; no CONDSTORE, ENABLE, NAMESPACE, SORT, SPECIAL-USE, SASL-IR.
It keeps no keywords: STORE answers OK and forgets them, as PERMANENTFLAGS without `\*` announces.
UIDs begin at 101, and in a FETCH answer the UID may come after the literal. APPEND takes 40 ms,
since imaplib sends the last two bytes apart and the kernel waits for the acknowledgement.
"""

import asyncio
import imaplib
import threading
from collections.abc import Mapping

from daemon.demo.servers import cancel_all, imap_sessions
from tests.servers.loopback import HOST

START_LIMIT_S = 20.0


class PymapServer:
    """pymap without TLS on a port of its own; mails live until `stop`.

    Args:
        users: user -> password; by default `desk` with `quiet-harbour-7`.
    """

    def __init__(self, users: Mapping[str, str] | None = None) -> None:
        self.users = dict(users or {"desk": "quiet-harbour-7"})
        self.host, self.port = HOST, 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="pymap", daemon=True)

    def start(self) -> None:
        """Start listening; connections are accepted when this returns."""
        self._thread.start()
        if not self._ready.wait(START_LIMIT_S):
            raise TimeoutError("pymap does not start")

    def stop(self) -> None:
        """Cut every connection, stop listening and forget the mails."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_LIMIT_S)

    def imaplib_client(self, user: str = "desk") -> imaplib.IMAP4:
        """Return a logged in stdlib client."""
        client = imaplib.IMAP4(self.host, self.port, timeout=30)
        client.login(user, self.users[user])
        return client

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._listen())
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._loop.run_until_complete(cancel_all())
            self._loop.close()

    async def _listen(self) -> asyncio.Server:
        serve = await imap_sessions(self.users)
        return await asyncio.start_server(serve, host=self.host, port=0)
