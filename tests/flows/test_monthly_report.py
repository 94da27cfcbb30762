"""The reports of a month leave once, on their day or after it, over restarts and failures."""

import email
import email.policy
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select

from daemon.cases import acts
from daemon.cases.acts import Act
from daemon.cases.records import NewCase
from daemon.quality.monthly import write_monthly
from daemon.sending.deliver import send_due
from daemon.sending.policy import policy_for
from daemon.store.engine import Store, open_store, sqlite_url
from daemon.store.tables import outgoing
from tests.builders import ENGINES, chosen_store, held_lease
from tests.contracts.register import Register
from tests.flows.sending_builders import at, outlet, states
from tests.servers.fake_imap import FakeImap
from tests.servers.loopback import open_directory
from tests.servers.smtp_sink import SmtpSink
from tests.services import configuration, running, until
from tests.stages.digest_builders import settings

REPORTS = """
[reports]
to = ["Direzione@desk.example", "biuro@desk.example"]
languages = { "biuro@desk.example" = "pl" }
monthly_day = 2
"""
OFFICE = settings(REPORTS)
SECOND = datetime(2026, 4, 2, 6, tzinfo=UTC)
KEYS = {"report:2026-03:direzione@desk.example", "report:2026-03:biuro@desk.example"}


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path):
    """Give a store of each engine, with a complaint of March that was closed."""
    opened = chosen_store(request, tmp_path)
    received = datetime(2026, 3, 10, 9, tzinfo=UTC)
    new = NewCase(
        kind="complaint", channel="letter", queue="unsure", subject="Geheim",
        customer="a@b.example", customer_name="Anna", received_at=received, actor="Ada",
    )  # fmt: skip
    with opened.write() as connection:
        case_id = Register(opened).cases.open_by_hand(connection, new, None, (), received)
        act = Act(case_id=case_id, actor="Ada", now=received + timedelta(days=3))
        acts.close(connection, act, "<b>bolletta</b>")
    yield opened
    opened.close()


def sent(sink: SmtpSink) -> dict[str, EmailMessage]:
    """Return what has left, by recipient."""
    return {
        one.recipients[0]: email.message_from_bytes(one.raw, policy=email.policy.default)
        for one in sink.mails
    }


def test_each_recipient_gets_the_month_once(store: Store, smtp_sink: SmtpSink) -> None:
    """In his language, as text and HTML, however often and on how many days it is made."""
    day = SECOND.date()
    assert write_monthly(store, OFFICE, day - timedelta(days=1), SECOND) == 0
    assert write_monthly(store, OFFICE, day, SECOND) == 2
    lease = held_lease(store)
    assert send_due(store, lease, [outlet(smtp_sink)], at(SECOND)).sent == 2
    for later in range(29):
        now = SECOND + timedelta(days=later)
        assert write_monthly(store, OFFICE, now.date(), now) == 0
    assert set(states(store)) == KEYS
    mails = sent(smtp_sink)
    italian, polish = mails["Direzione@desk.example"], mails["biuro@desk.example"]
    assert "1 reclamo ricevuto, 1 pratica chiusa" in italian["Subject"]
    assert "1 otrzymana reklamacja, 1 zamknięta" in polish["Subject"]
    assert italian["From"] == "Backdesk <info@desk.example>"
    assert italian["Auto-Submitted"] == "auto-generated"
    text, page = (italian.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert "<b>bolletta</b>" in text
    assert "&lt;b&gt;bolletta&lt;/b&gt;" in page
    for title in ("Reclami: 1 marzo 2026", "Servizio: 1 marzo 2026"):
        assert title in text
    for each in (text, page):
        assert "Geheim" not in each
        assert "Anna" not in each
        assert "a@b.example" not in each


def test_where_nobody_ran_on_the_day_it_is_made_up_for(store: Store) -> None:
    """On the first day on which somebody does; and the next month has its own."""
    assert write_monthly(store, OFFICE, date(2026, 4, 1), SECOND) == 0
    assert write_monthly(store, OFFICE, date(2026, 4, 17), SECOND + timedelta(days=15)) == 2
    assert write_monthly(store, OFFICE, date(2026, 5, 1), SECOND + timedelta(days=29)) == 0
    assert write_monthly(store, OFFICE, date(2026, 5, 2), SECOND + timedelta(days=30)) == 2
    assert set(states(store)) == KEYS | {one.replace("03", "04") for one in KEYS}


def test_whoever_is_new_gets_it_and_the_others_not_again(store: Store) -> None:
    """An address that cannot be written is passed over."""
    write_monthly(store, OFFICE, SECOND.date(), SECOND)
    more = REPORTS.replace(", ", ', "nuova@desk.example", "żółw@desk.example", ', 1)
    assert write_monthly(store, settings(more), SECOND.date(), SECOND) == 1
    assert set(states(store)) == KEYS | {"report:2026-03:nuova@desk.example"}


def test_an_unknown_outcome_is_sent_again() -> None:
    """Under the same Message-ID: a report twice is better than none."""
    assert policy_for("report").resend_unknown


@pytest.mark.slow
def test_the_service_writes_it_once_over_restarts(fake_imap: FakeImap, smtp_sink: SmtpSink) -> None:
    """Three starts on one date: one row, one mail."""
    text = configuration(
        {"info": fake_imap.port},
        extra=f"""
[relays.main]
host = "127.0.0.1"
port = {smtp_sink.port}
security = "plain"
[digest]
to = []
sender = "desk@aurora.example"
[reports]
to = ["team@aurora.example"]
at = "00:00"
""",
    )
    with open_directory("service") as home:
        for _ in range(3):
            with running(home, text, {"WATCHDOG_USEC": "600000"}) as service:
                until(lambda: reports(home) == 1, "the report is written")
                until(lambda: smtp_sink.mails, "the report is sent")
                service.notify.wait("WATCHDOG", count=10)
                service.stop()
        assert reports(home) == 1
    assert len(smtp_sink.mails) == 1


def reports(home: Path) -> int:
    """Return how many outgoing mails there are."""
    store = open_store(sqlite_url(home / "var"))
    with store.read() as connection:
        number = connection.scalar(select(func.count()).select_from(outgoing)) or 0
    store.close()
    return number
