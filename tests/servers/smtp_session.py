"""One SMTP connection -> aiosmtpd's answers, or those the sink's script puts in their place."""

import asyncio
import json
import ssl
from base64 import b64decode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import AnyStr, Literal, Protocol

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HANG_S = 3600.0
Tls = Literal["none", "starttls", "implicit"]
_Method = Callable[[str | None], Awaitable[None]]


class Fault(Enum):
    """What may happen in place of an answer; the last two only make sense at the final dot."""

    DROP = "the connection ends, nothing was accepted"
    HANG = "silence, nothing was accepted"
    KEEP_THEN_DROP = "the mail is accepted, then the connection ends without an answer"
    KEEP_THEN_HANG = "the mail is accepted, then silence"

    @property
    def keeps(self) -> bool:
        """Whether the server takes the mail although the client never learns of it."""
        return self in {Fault.KEEP_THEN_DROP, Fault.KEEP_THEN_HANG}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drip:
    """An answer that comes in one byte at a time, each in a packet of its own."""

    said: str
    gap_s: float


Answer = str | Fault | Drip


@dataclass(frozen=True, slots=True, kw_only=True)
class SunkMail:
    """A mail the sink took: its envelope and its bytes as sent, without dot stuffing."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    user: str | None
    encrypted: bool


class Sink(Protocol):
    """What a connection asks of the sink, and tells it."""

    tls: Tls
    users: dict[str, str]
    tokens: dict[str, str]
    gap_s: float | None

    def opened(self, session: "ScriptedSmtp") -> None:
        """Note a new connection."""

    def closed(self, session: "ScriptedSmtp") -> None:
        """Note the end of a connection."""

    def heard(self, line: str) -> None:
        """Note a command line."""

    def answer_for(self, step: str, address: str = "") -> Answer | None:
        """Return what to do in place of the usual answer, `None` for the usual."""

    def keep(self, mail: SunkMail) -> None:
        """Take a mail."""


class ScriptedSmtp(SMTP):
    """One connection to the sink."""

    def __init__(
        self, sink: Sink, tls: ssl.SSLContext | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(
            self,
            hostname="sink.example",
            ident="ESMTP",
            tls_context=tls,
            # The sink itself demands AUTH: aiosmtpd warns when it is to do so without TLS.
            auth_require_tls=tls is not None,
            authenticator=self._authenticate_user,
            auth_exclude_mechanism=() if sink.tokens else ("XOAUTH2",),
            enable_SMTPUTF8=True,
            loop=loop,
        )
        self._sink = sink
        self._socket: asyncio.BaseTransport | None = None
        for verb, method in self._smtp_methods.items():
            self._smtp_methods[verb] = self._scripted(verb, method)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, unless the script says otherwise."""
        first = self._socket is None
        self._socket = transport
        super().connection_made(transport)
        if first:
            self._sink.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the sink that the connection is gone."""
        self._sink.closed(self)
        super().connection_lost(error)

    async def _drip(self, status: str | bytes, gap_s: float) -> None:
        """Send one answer, each byte in a packet of its own."""
        answer = status if isinstance(status, bytes) else status.encode()
        for byte in (*answer, *b"\r\n"):
            self._writer.write(bytes([byte]))
            await self._writer.drain()
            await asyncio.sleep(gap_s)

    def cut(self) -> None:
        """End the connection without a word."""
        if isinstance(self._socket, asyncio.WriteTransport):
            self._socket.abort()

    async def push(self, status: AnyStr) -> None:
        """Send one answer, and close after a 421 (RFC 5321 3.8)."""
        if self._sink.gap_s is None:
            await super().push(status)
        else:
            await self._drip(status, self._sink.gap_s)
        if status[:3] in {"421", b"421"}:
            self._close()

    async def _handle_client(self) -> None:
        answer = self._sink.answer_for("CONNECT")
        if answer is None:
            await super()._handle_client()
        else:
            await self._give(answer)
            self._close()

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Answer the final dot, and keep the mail if the answer means so."""
        answer = self._sink.answer_for("DOT")
        if answer is None or _keeps(answer):
            self._keep(session, envelope)
        if answer is None:
            return "250 2.0.0 kept"
        if isinstance(answer, str):
            return answer
        await self._give(answer)
        raise ConnectionResetError("cut by the script")

    async def auth_XOAUTH2(  # noqa: N802 - aiosmtpd looks for this name
        self, _server: SMTP, arguments: list[str]
    ) -> AuthResult:
        """Accept the right token; say why another is refused, and then refuse it."""
        given = arguments[1:]
        said = b64decode(given[0]) if given else await self.challenge_auth("")
        for user, token in self._sink.tokens.items():
            if said == f"user={user}\1auth=Bearer {token}\1\1".encode():
                return AuthResult(success=True, auth_data=user)
        why = {"status": "400", "schemes": "Bearer", "scope": "https://mail.sink.example/"}
        is_heard = await self.challenge_auth(json.dumps(why)) == b""
        message = None if is_heard else "501 5.5.2 not an empty line"
        return AuthResult(success=False, handled=False, message=message)

    def _keep(self, session: Session, envelope: Envelope) -> None:
        raw = envelope.original_content
        assert isinstance(raw, bytes)
        self._sink.keep(
            SunkMail(
                sender=envelope.mail_from or "",
                recipients=tuple(envelope.rcpt_tos),
                raw=raw,
                user=str(session.auth_data) if session.authenticated else None,
                encrypted=self._tls_protocol is not None or self._sink.tls == "implicit",
            )
        )

    def _scripted(self, verb: str, method: _Method) -> _Method:
        async def answer_command(argument: str | None) -> None:
            line = f"{verb} {argument or ''}".rstrip()
            self._sink.heard("AUTH ***" if verb == "AUTH" else line)
            answer = self._sink.answer_for(verb, _address(line))
            if answer is not None:
                await self._give(answer)
            elif verb == "MAIL" and self._lacks_auth():
                await self.push("530 5.7.0 authentication required")
            else:
                await method(argument)

        return answer_command

    def _lacks_auth(self) -> bool:
        is_closed = bool(self._sink.users or self._sink.tokens)
        return is_closed and not getattr(self.session, "authenticated", False)

    async def _give(self, answer: Answer) -> None:
        if isinstance(answer, str):
            await self.push(answer)
        elif isinstance(answer, Drip):
            await self._drip(answer.said, answer.gap_s)
        elif answer.name.endswith("HANG"):
            await asyncio.sleep(HANG_S)
        else:
            self.cut()

    def _close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def _authenticate_user(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, said: object
    ) -> AuthResult:
        if not isinstance(said, LoginPassword):
            return AuthResult(success=False, handled=False)
        user, password = said.login.decode(), said.password.decode()
        right = self._sink.users.get(user) == password
        return AuthResult(success=right, handled=False, auth_data=user)


def _keeps(answer: Answer) -> bool:
    if isinstance(answer, Fault):
        return answer.keeps
    return (answer.said if isinstance(answer, Drip) else answer).startswith("2")


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0] if line.startswith("RCPT") else ""
