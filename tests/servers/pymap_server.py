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
from argparse import Namespace
from collections.abc import Mapping

from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import Config, DictBackend
from pymap.imap import IMAPServer
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from tests.servers.loopback import HOST

START_LIMIT_S = 20.0
_OPTIONS = {
    "debug": False,
    "host": HOST,
    "port": 0,
    "cert": None,
    "key": None,
    "tls": False,
    "demo_data": False,
    "passlib_cfg": None,
    "proxy_protocol": None,
}


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
            self._loop.run_until_complete(_cancel_all())
            self._loop.close()

    async def _listen(self) -> asyncio.Server:
        first, password = next(iter(self.users.items()))
        options = Namespace(**_OPTIONS, demo_user=first, demo_password=password)
        # Passwords in the clear: the default hash would cost a quarter of a second per login.
        backend, config = await DictBackend.init(options, hash_context=Cleartext())
        config.apply_context()
        _add_users(backend, config, self.users)
        reader = ProxyProtocolReader(config.proxy_protocol)
        serve = reader.get_callback(IMAPServer(backend.login, config))
        return await asyncio.start_server(serve, host=self.host, port=0)


def _add_users(backend: DictBackend, config: Config, users: Mapping[str, str]) -> None:
    for user, password in users.items():
        known = UserMetadata(config, user, password=config.hash_context.hash(password))
        backend.login.users_dict[user] = known


async def _cancel_all() -> None:
    mine = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not mine]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
