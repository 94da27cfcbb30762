"""A loopback port -> an SMTP server that keeps what it accepts and misbehaves as scripted."""

import asyncio
import ssl
import threading
from collections import defaultdict, deque
from collections.abc import Mapping

from tests.servers.certs import Certificates
from tests.servers.loopback import HOST
from tests.servers.smtp_session import Answer, Drip, Fault, ScriptedSmtp, SunkMail, Tls

__all__ = ["Answer", "Drip", "Fault", "SmtpSink", "SunkMail", "Tls"]

START_LIMIT_S = 10.0


class SmtpSink:
    """An SMTP server on a port of its own that accepts everything until told otherwise.

    Args:
        tls: `starttls` offers it, `implicit` speaks TLS from the first byte.
        certificates: needed unless `tls` is `none`.
        users: user -> password; when given, MAIL without AUTH is answered 530.
        tokens: user -> OAuth2 access token for XOAUTH2, offered only when given; else as `users`.

    Steps for `script` and `always`: `CONNECT` (in place of the greeting), `EHLO`, `STARTTLS`,
    `AUTH`, `MAIL`, `RCPT`, `DATA` (in place of 354), `DOT` (after the final dot), `RSET`, `QUIT`.
    """

    def __init__(
        self,
        *,
        tls: Tls = "none",
        certificates: Certificates | None = None,
        users: Mapping[str, str] | None = None,
        tokens: Mapping[str, str] | None = None,
    ) -> None:
        self.host, self.port, self.tls, self.users = HOST, 0, tls, dict(users or {})
        self.tokens = dict(tokens or {})
        self.certificates = certificates
        self.gap_s: float | None = None
        self._changed = threading.Condition()
        self._mails: list[SunkMail] = []
        self._commands: list[str] = []
        self._connections = 0
        self._scripts: defaultdict[str, deque[Answer | None]] = defaultdict(deque)
        self._standing: dict[str, Answer] = {}
        self._refused: dict[str, Answer] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._sessions: set[ScriptedSmtp] = set()
        self._thread = threading.Thread(target=self._serve, name="smtp-sink", daemon=True)

    @property
    def mails(self) -> tuple[SunkMail, ...]:
        """Every mail accepted so far, in order."""
        with self._changed:
            return tuple(self._mails)

    @property
    def commands(self) -> tuple[str, ...]:
        """Every command line received so far, AUTH without its secret."""
        with self._changed:
            return tuple(self._commands)

    @property
    def connections(self) -> int:
        """How many connections were opened so far."""
        with self._changed:
            return self._connections

    def script(self, step: str, *answers: Answer | None) -> None:
        """Answer the next passings of `step` so, one each; `None` lets one pass as usual."""
        with self._changed:
            self._scripts[step.upper()].extend(answers)

    def always(self, step: str, answer: Answer | None) -> None:
        """Answer every passing of `step` so, until called again with `None`."""
        with self._changed:
            self._standing.pop(step.upper(), None)
            if answer is not None:
                self._standing[step.upper()] = answer

    def refuse(self, recipient: str, answer: Answer) -> None:
        """Answer RCPT for this address so, until called again with an empty text."""
        with self._changed:
            self._refused[recipient.lower()] = answer

    def drip(self, gap_s: float | None) -> None:
        """Send all answers a byte at a time, so far apart, until called again with `None`."""
        self.gap_s = gap_s

    def reset(self) -> None:
        """Forget mails, commands and scripts, and cut every connection."""
        self.drop_connections()
        with self._changed:
            self._connections, self.gap_s = 0, None
            for kept in (self._mails, self._commands):
                kept.clear()
            for scripted in (self._scripts, self._standing, self._refused):
                scripted.clear()

    def wait_for(self, count: int, timeout_s: float = 20.0) -> tuple[SunkMail, ...]:
        """Return the mails as soon as there are `count`.

        Raises:
            TimeoutError: they did not come in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._mails) >= count, timeout_s):
                raise TimeoutError(f"{len(self._mails)} of {count} mails after {timeout_s} s")
            return tuple(self._mails)

    def start(self) -> None:
        """Start listening; connections are accepted when this returns."""
        self._thread.start()
        if not self._ready.wait(START_LIMIT_S):
            raise TimeoutError("the SMTP sink does not start")

    def stop(self) -> None:
        """Cut every connection and stop listening."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(START_LIMIT_S)

    def drop_connections(self) -> None:
        """Cut every connection from the server's side."""
        done = asyncio.run_coroutine_threadsafe(self._cut(), self._loop)
        done.result(START_LIMIT_S)

    # What a session asks and tells; called on the server's thread.

    def opened(self, session: ScriptedSmtp) -> None:
        """Note a new connection."""
        with self._changed:
            self._connections += 1
            self._sessions.add(session)

    def closed(self, session: ScriptedSmtp) -> None:
        """Note the end of a connection."""
        with self._changed:
            self._sessions.discard(session)

    def heard(self, line: str) -> None:
        """Note a command line."""
        with self._changed:
            self._commands.append(line)

    def answer_for(self, step: str, address: str = "") -> Answer | None:
        """Return what to do in place of the usual answer, `None` for the usual."""
        with self._changed:
            if self._scripts[step]:
                return self._scripts[step].popleft()
            return self._refused.get(address.lower()) or self._standing.get(step)

    def keep(self, mail: SunkMail) -> None:
        """Take a mail."""
        with self._changed:
            self._mails.append(mail)
            self._changed.notify_all()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(self._session, self.host, 0, ssl=self._context("implicit"))
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            server.close()
            self._loop.run_until_complete(self._cut())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    def _session(self) -> ScriptedSmtp:
        return ScriptedSmtp(self, self._context("starttls"), self._loop)

    def _context(self, tls: Tls) -> ssl.SSLContext | None:
        if self.tls != tls or self.certificates is None:
            return None
        return self.certificates.server_context()

    async def _cut(self) -> None:
        for session in tuple(self._sessions):
            session.cut()
        mine = asyncio.current_task()
        others = [task for task in asyncio.all_tasks() if task is not mine]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
