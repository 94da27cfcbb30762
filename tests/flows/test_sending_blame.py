"""No relay costs a mail, and no mail a relay: who is to blame shows in what becomes of others."""

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon.sending.deliver import send_due
from daemon.sending.records import OutgoingRow, SendCount
from daemon.sending.relays import Relays
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from tests.builders import ENGINES, MORNING, chosen_store, held_lease, open_test_store
from tests.flows.sending_builders import at, mail, outlet, states
from tests.servers.smtp_sink import Drip, Fault, SmtpSink

pytestmark = pytest.mark.server

OWN_REFUSALS = [
    ("MAIL", "550 5.7.1 Client host blocked using DNSBL"),
    ("MAIL", "554 5.7.0 relay quota exceeded"),
    ("RCPT", "550 5.7.1 relaying denied"),
    ("RCPT", "530 5.7.0 Authentication required"),
    ("RCPT", "503 5.5.1 bad sequence"),
    ("DATA", "554 5.3.2 system not accepting messages"),
    ("DOT", "554 5.7.0 daily sending quota exceeded"),
    ("DOT", "454 4.7.0 temporary authentication failure"),
]


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each engine."""
    opened = chosen_store(request, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """Give an empty SQLite store, where the engine makes no difference."""
    opened = open_test_store(tmp_path)
    yield opened
    opened.close()


def rounds(store: Store, sink: SmtpSink, moments: list[datetime], **changes) -> SendCount:
    """Send at each of these moments; return what the last round did."""
    lease, count = held_lease(store), SendCount()
    for moment in moments:
        count = send_due(store, lease, [outlet(sink, **changes)], at(moment))
    return count


def every(minutes: int, number: int, first: datetime = MORNING) -> list[datetime]:
    """Return so many moments, so far apart."""
    return [first + timedelta(minutes=minutes * n) for n in range(number)]


def row_of(store: Store, key: str) -> OutgoingRow:
    """Return a row."""
    return next(row for row in Outgoing(store).list_rows() if row.key == key)


@pytest.mark.parametrize(("step", "answer"), OWN_REFUSALS)
def test_a_relay_that_refuses_all_costs_nothing(
    step: str, answer: str, lite: Store, smtp_sink: SmtpSink
) -> None:
    """For a day it refuses; then it is mended, and everything leaves, once."""
    kinds = ("acknowledgement", "newsletter")
    Outgoing(lite).enqueue([mail(n, kinds[n % 2]) for n in range(6)], MORNING)
    smtp_sink.always(step, answer)
    rounds(lite, smtp_sink, every(1, 10) + every(60, 24))
    assert set(states(lite).values()) == {"queued"}
    (away,) = Relays(lite).away()
    assert (away.name, away.said) == ("main", f"{step}: {answer}")
    smtp_sink.always(step, None)
    rounds(lite, smtp_sink, every(180, 4, MORNING + timedelta(days=1)))
    assert set(states(lite).values()) == {"sent"}
    assert sorted(m.recipients[0] for m in smtp_sink.mails) == [
        f"r{n}@desk.example" for n in range(6)
    ]
    assert Relays(lite).away() == ()


def test_a_relay_that_refuses_all_is_asked_seldom(
    store: Store, smtp_sink: SmtpSink, caplog: pytest.LogCaptureFixture
) -> None:
    """Twice, then after minutes, then each time later; the log and the table say what it says."""
    Outgoing(store).enqueue([mail(n) for n in range(100)], MORNING)
    smtp_sink.always("MAIL", "550 5.7.1 Client host blocked")
    assert rounds(store, smtp_sink, [MORNING]) == SendCount(deferred=2, left=98)
    assert rounds(store, smtp_sink, every(1, 3)).left == 98
    asked = [line for line in smtp_sink.commands if line.startswith("MAIL")]
    assert len(asked) == 2
    alarms = [one for one in caplog.records if getattr(one, "action", "") == "relay_away"]
    assert [(one.levelno, one.relay, one.code) for one in alarms] == [(logging.ERROR, "main", 550)]
    rounds(store, smtp_sink, every(4, 15 * 12, MORNING + timedelta(minutes=3)))
    asked = [line for line in smtp_sink.commands if line.startswith("MAIL")]
    assert len(asked) < 2 * 24
    (away,) = Relays(store).away()
    assert away.away_since == MORNING
    assert away.rest_until is not None
    assert away.failures > 5


@pytest.mark.parametrize(
    "answer",
    ["550 5.7.1 refused by policy", "554 no", "421 4.3.0 internal error", Fault.DROP],
)
def test_a_mail_that_is_always_refused_stops_no_other(
    answer: str | Fault, lite: Store, smtp_sink: SmtpSink
) -> None:
    """New mail passes before it, whenever it comes; what is refused for good is a person's soon."""
    rows = Outgoing(lite)
    rows.enqueue([mail(0, "answer")], MORNING)
    smtp_sink.refuse("r0@desk.example", answer)
    for number, moment in enumerate(every(30, 8), start=1):
        rows.enqueue([mail(number)], moment)
        later = moment + timedelta(minutes=2)
        rounds(lite, smtp_sink, [moment, later])
        assert states(lite)[f"digest:{number}"] == "sent"
    row = row_of(lite, "answer:0")
    if isinstance(answer, str) and answer.startswith("5"):
        assert row.state == "held"
        assert row.reply == f"it alone is refused, other mail passes; RCPT: {answer}"
        assert row.attempts == 4
        smtp_sink.refuse("r0@desk.example", "")
        assert rows.retry(row.id)
        assert rounds(lite, smtp_sink, [MORNING + timedelta(days=1)]).sent == 1
    else:
        assert row.state == "queued"


def test_ten_mails_that_are_always_refused_stop_no_other(lite: Store, smtp_sink: SmtpSink) -> None:
    """They stand first in the queue; the others are reached all the same, and they are held."""
    rows = Outgoing(lite)
    rows.enqueue([mail(n, "answer") for n in range(10)], MORNING)
    for number in range(10):
        smtp_sink.refuse(f"r{number}@desk.example", "550 5.7.1 refused by policy")
    rows.enqueue([mail(n) for n in range(10, 13)], MORNING)
    moments = every(5, 12 * 5)
    for number, moment in enumerate(moments[24:], start=13):
        rows.enqueue([mail(number, not_before=moment)], MORNING)
    rounds(lite, smtp_sink, moments)
    found = states(lite)
    assert {found[f"digest:{n}"] for n in range(10, 49)} == {"sent"}
    assert {found[f"answer:{n}"] for n in range(10)} == {"held"}


def test_a_mail_alone_is_neither_lost_nor_to_blame(lite: Store, smtp_sink: SmtpSink) -> None:
    """Nothing tells whose fault it is: it is tried for days, then a person is asked."""
    rows = Outgoing(lite)
    rows.enqueue([mail(0, "answer"), mail(1)], MORNING)
    smtp_sink.always("DOT", "554 5.7.1 spam")
    rounds(lite, smtp_sink, every(60, 24 * 4))
    assert states(lite) == {"answer:0": "queued", "digest:1": "failed"}
    rounds(lite, smtp_sink, every(60, 48, MORNING + timedelta(days=4)))
    row = row_of(lite, "answer:0")
    assert (row.state, row.reply) == ("held", "no relay takes it; DOT: 554 5.7.1 spam")


def test_a_relay_that_cannot_be_reached_for_a_week_costs_nothing(
    lite: Store, smtp_sink: SmtpSink
) -> None:
    """Only the daily report, which nobody wants to read a week later, is given up."""
    Outgoing(lite).enqueue([mail(0), mail(1, "acknowledgement"), mail(2, "answer")], MORNING)
    smtp_sink.always("CONNECT", "554 5.7.1 go away")
    rounds(lite, smtp_sink, every(240, 6 * 7))
    assert states(lite) == {
        "digest:0": "failed", "acknowledgement:1": "queued", "answer:2": "queued",
    }  # fmt: skip
    smtp_sink.always("CONNECT", None)
    rounds(lite, smtp_sink, every(120, 2, MORNING + timedelta(days=7)))
    assert set(states(lite).values()) == {"failed", "sent"}


def test_a_person_wakes_a_relay_that_rests(store: Store, smtp_sink: SmtpSink) -> None:
    """Whoever has mended it does not wait for its hour: `outbox retry` asks it at once."""
    rows = Outgoing(store)
    rows.enqueue([mail(n) for n in range(4)], MORNING)
    smtp_sink.always("CONNECT", "421 4.3.2 closing")
    rounds(store, smtp_sink, every(30, 8))
    smtp_sink.always("CONNECT", None)
    soon = MORNING + timedelta(minutes=211)
    assert rounds(store, smtp_sink, [soon]).sent == 0
    assert rows.retry(rows.list_rows()[-1].id)
    assert rounds(store, smtp_sink, [soon]).sent == 4


class TestAnswersInPieces:
    """TCP knows no messages: an answer may come in any number of packets."""

    @pytest.mark.parametrize("kind", ["acknowledgement", "newsletter"])
    def test_each_byte_alone(self, kind: str, lite: Store, smtp_sink: SmtpSink) -> None:
        """All answers, the many lines of EHLO among them, are understood as if they came whole."""
        Outgoing(lite).enqueue([mail(n, kind) for n in range(3)], MORNING)
        smtp_sink.drip(0.001)
        smtp_sink.refuse("r1@desk.example", "550-5.1.1 no\r\n550 5.1.1 such user")
        assert rounds(lite, smtp_sink, [MORNING]) == SendCount(sent=2, failed=1)
        assert [m.recipients[0] for m in smtp_sink.mails] == ["r0@desk.example", "r2@desk.example"]
        assert row_of(lite, f"{kind}:0").reply == "2.0.0 kept"
        assert row_of(lite, f"{kind}:1").reply == "RCPT: 550 5.1.1 no 5.1.1 such user"

    @pytest.mark.parametrize("step", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA"])
    def test_slower_than_the_deadline_before_the_dot(
        self, step: str, lite: Store, smtp_sink: SmtpSink
    ) -> None:
        """However steadily it drips: the relay has taken nothing, and the mail waits."""
        Outgoing(lite).enqueue([mail(1, "newsletter")], MORNING)
        smtp_sink.script(step, Drip(said="250 " + "x" * 400, gap_s=0.02))
        assert rounds(lite, smtp_sink, [MORNING], timeout_s=0.4) == SendCount(deferred=1)
        assert row_of(lite, "newsletter:1").state == "queued"
        assert smtp_sink.mails == ()
        later = MORNING + timedelta(minutes=2)
        assert rounds(lite, smtp_sink, [later]) == SendCount(sent=1)

    @pytest.mark.parametrize(("kind", "state"), [("digest", "queued"), ("newsletter", "held")])
    def test_slower_than_the_deadline_after_the_dot(
        self, kind: str, state: str, lite: Store, smtp_sink: SmtpSink
    ) -> None:
        """Half an answer is none: nobody knows, and the policy of the kind decides."""
        Outgoing(lite).enqueue([mail(1, kind)], MORNING)
        smtp_sink.script("DOT", Drip(said="250 2.0.0 " + "x" * 400, gap_s=0.02))
        rounds(lite, smtp_sink, [MORNING], dot_timeout_s=0.4)
        assert states(lite) == {f"{kind}:1": state}
        assert len(smtp_sink.mails) == 1

    @pytest.mark.parametrize("kind", ["acknowledgement", "newsletter"])
    def test_a_refusal_of_the_dot_that_comes_in_pieces(
        self, kind: str, lite: Store, smtp_sink: SmtpSink
    ) -> None:
        """454 is a clear answer, whatever the kind: the relay has nothing, and gets it later."""
        Outgoing(lite).enqueue([mail(1, kind)], MORNING)
        smtp_sink.drip(0.001)
        smtp_sink.script("DOT", "454-4.3.0 one moment\r\n454 4.3.0 please")
        assert rounds(lite, smtp_sink, [MORNING]) == SendCount(deferred=1)
        assert states(lite) == {f"{kind}:1": "queued"}
        assert smtp_sink.mails == ()
        assert rounds(lite, smtp_sink, [MORNING + timedelta(minutes=2)]) == SendCount(sent=1)
        assert len(smtp_sink.mails) == 1
