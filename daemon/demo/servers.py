"""A thread and two loopback ports -> an IMAP server (pymap) and an SMTP sink (aiosmtpd).

pymap 0.36 with its in-memory backend has UIDPLUS, MOVE and IDLE, all that settling wants; it
keeps no keywords, and takes 40 ms for an APPEND. Mails live as long as the server.
"""

import asyncio
import imaplib
import threading
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime

from aiosmtpd.smtp import SMTP, Envelope, Session
from proxyprotocol.reader import ProxyProtocolReader
from pymap.backend.dict import DictBackend
from pymap.imap import IMAPServer
from pymap.user import UserMetadata
from pysasl.hashing import Cleartext

from daemon.demo.records import HOST, INBOX, Sample
from daemon.demo.samples import arriving
from daemon.errors import BackdeskError

START_LIMIT_S = 20.0
COMMAND_LIMIT_S = 30.0
Sessions = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
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


class Servers:
    """Both servers, on ports of their own, until `stop`.

    Attributes:
        imap_port, smtp_port: known once started.
    """

    def __init__(self, users: Sequence[str], password: str) -> None:
        self.imap_port = self.smtp_port = 0
        self._users, self._password = tuple(users), password
        self._sink = _Sink()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="demo servers", daemon=True)

    @property
    def received(self) -> tuple[bytes, ...]:
        """Every mail the SMTP sink took, in order."""
        return tuple(self._sink.mails)

    def start(self) -> None:
        """Start listening.

        Raises:
            BackdeskError: the servers do not come up.
        """
        self._thread.start()
        if not self._ready.wait(START_LIMIT_S) or not self.smtp_port:
            raise BackdeskError("the demo's servers do not start")

    def stop(self) -> None:
        """Cut every connection and forget the mails."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_LIMIT_S)

    def deliver(self, mails: Iterable[Sample], now: datetime) -> None:
        """Put mails into the inboxes by APPEND, as received now.

        Raises:
            BackdeskError: the server refuses one.
        """
        clients = {user: self._client(user) for user in self._users}
        moment = imaplib.Time2Internaldate(now)
        try:
            for mail in mails:
                kind, answer = clients[mail.account].append(
                    INBOX, "", moment, arriving(mail.raw, now)
                )
                if kind != "OK":
                    raise BackdeskError(f"the demo's server refuses a mail: {answer!r}")
        finally:
            for client in clients.values():
                client.logout()

    def _client(self, user: str) -> imaplib.IMAP4:
        client = imaplib.IMAP4(HOST, self.imap_port, timeout=COMMAND_LIMIT_S)
        client.login(user, self._password)
        return client

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            servers = self._loop.run_until_complete(self._listen())
            self.imap_port, self.smtp_port = (
                server.sockets[0].getsockname()[1] for server in servers
            )
            self._ready.set()
            self._loop.run_forever()
            for server in servers:
                server.close()
            self._loop.run_until_complete(cancel_all())
        finally:
            self._ready.set()
            self._loop.close()

    async def _listen(self) -> tuple[asyncio.Server, asyncio.Server]:
        sessions = await imap_sessions(dict.fromkeys(self._users, self._password))
        imap = await asyncio.start_server(sessions, host=HOST, port=0)
        smtp = await self._loop.create_server(
            lambda: SMTP(self._sink, hostname="localhost", loop=self._loop), host=HOST, port=0
        )
        return imap, smtp


class _Sink:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take a mail."""
        self.mails.append(envelope.original_content or b"")
        return "250 2.0.0 kept"


async def imap_sessions(passwords: Mapping[str, str]) -> Sessions:
    """Return what serves the connections of an IMAP server with empty mailboxes.

    Args:
        passwords: user -> password, kept in the clear: the default hash would cost a quarter of a
            second per login.
    """
    user, password = next(iter(passwords.items()))
    options = Namespace(**_OPTIONS, demo_user=user, demo_password=password)
    backend, config = await DictBackend.init(options, hash_context=Cleartext())
    config.apply_context()
    for user, password in passwords.items():
        known = UserMetadata(config, user, password=config.hash_context.hash(password))
        backend.login.users_dict[user] = known
    reader = ProxyProtocolReader(config.proxy_protocol)
    return reader.get_callback(IMAPServer(backend.login, config))


async def cancel_all() -> None:
    """End every other task of the running loop."""
    mine = asyncio.current_task()
    others = [task for task in asyncio.all_tasks() if task is not mine]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
