"""Outgoing mails, clocks and the sink as a relay, for the tests of sending."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from daemon.records import OutgoingMail
from daemon.sending.deliver import Outlet
from daemon.sending.records import Parcel, Share
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from tests.servers.smtp_sink import SmtpSink

MESSAGE = b"Subject: x\r\nMessage-ID: <1@desk.example>\r\n\r\n.dot\r\n..\r\ntext\r\n"
PARCEL = Parcel(sender="info@desk.example", recipient="team@desk.example", message=MESSAGE)
WHOLE = Share(relay="main", others=("main",))
"""Everything is this relay's."""


def mail(number: int, kind: str = "digest", **changes: object) -> OutgoingMail:
    """Return one outgoing mail of a series."""
    plain = OutgoingMail(
        key=f"{kind}:{number}",
        kind=kind,
        sender="info@desk.example",
        recipient=f"r{number}@desk.example",
        message=b"Message-ID: <%d@desk.example>\r\n\r\nx\r\n" % number,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def login(sink: SmtpSink, **changes: object) -> RelayLogin:
    """Return how to reach the sink in plain text."""
    plain = RelayLogin(
        host=sink.host, port=sink.port, security="plain", timeout_s=5.0, dot_timeout_s=5.0
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def outlet(sink: SmtpSink, per_minute: int = 1000, **changes: object) -> Outlet:
    """Return the sink as the relay of all mail."""
    relay = SmtpRelay(lambda: login(sink, **changes))
    return Outlet(share=WHOLE, transport=relay, per_minute=per_minute)


def at(moment: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still."""
    return lambda: moment


def states(store: Store) -> dict[str, str]:
    """Return key -> state of every row."""
    return {row.key: row.state for row in Outgoing(store).list_rows()}


def pass_by() -> None:
    """Do nothing before the dot."""
