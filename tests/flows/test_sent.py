"""People answer from their mail program: the answer joins its case, and the clock has ended."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from daemon import clock
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server

CUSTOMER = "anna@client.example"
MORE = """
[acknowledgements]
kinds = []
[people.ada]
address = "ada@desk.example"
digest = false
"""


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink) -> Iterator[FrontDesk]:
    """Give a house that has received a complaint."""
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=MORE) as opened:
        fake_imap.store.create("Sent")
        opened.receive(written("Reclamo"))
        yield opened


def answer(  # noqa: PLR0913 - a mail has many parts
    *,
    to: str = CUSTOMER,
    sender: str = "info@desk.example",
    names: str = "<1@client.example>",
    number: int = 70,
    subject: str = "Re: Reclamo",
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return what a clerk writes."""
    thread = [("In-Reply-To", names), ("References", names)]
    text = "Gentile signora, abbiamo stornato l'addebito. Ada"
    return written(subject, sender, text, number=number, to=to, headers=[*thread, *headers])


def send(desk: FrontDesk, raw: bytes) -> None:
    """Put a mail where mail programs keep what was sent."""
    desk.imap.store.add("Sent", raw, internaldate=clock.now())
    desk.work()


def kinds(desk: FrontDesk) -> list[str]:
    """Return the events of the first case."""
    return [event.kind for event in desk.cases()[0].events]


def test_an_answer_that_was_sent_ends_the_clock(desk: FrontDesk) -> None:
    """It is of the case, by whose address it bears; and it is counted as no received mail."""
    assert desk.cases()[0].line.due_at is not None
    send(desk, answer())
    (case,) = desk.cases()
    assert case.line.due_at is None
    assert [one.kind for one in case.events] == ["opened", "joined", "answered"]
    assert case.events[-1].actor == "info@desk.example"
    assert len(case.mails) == 2
    desk.work()
    assert kinds(desk) == ["opened", "joined", "answered"]


def test_the_customer_s_answer_to_it_comes_home(desk: FrontDesk) -> None:
    """Also where the mail program names only the clerk's mail."""
    send(desk, answer())
    desk.receive(written("Ancora", number=3, headers=[("In-Reply-To", "<70@client.example>")]))
    assert len(desk.cases()) == 1
    assert len(desk.cases()[0].mails) == 3


def test_a_colleague_who_answers_with_us_in_copy(desk: FrontDesk) -> None:
    """By name; it opens no case of its own, whatever it says."""
    desk.receive(answer(sender="Ada <ada@desk.example>", subject="Re: Reclamo complaint"))
    (case,) = desk.cases()
    assert case.line.due_at is None
    assert case.events[-1].actor == "ada"


@pytest.mark.parametrize(
    "changes",
    [
        {"to": "bruno@desk.example"},
        {"to": "eve@elsewhere.example"},
        {"names": "<other@client.example>"},
        {"headers": [("Auto-Submitted", "auto-replied")]},
        {"headers": [("X-Auto-Response-Suppress", "All"), ("Precedence", "bulk")]},
    ],
)
def test_what_is_no_answer_to_the_customer_ends_nothing(
    desk: FrontDesk, changes: dict[str, object]
) -> None:
    """A forward to a colleague, another thread, a machine's word."""
    send(desk, answer(**changes))  # type: ignore[arg-type]
    (case,) = desk.cases()
    assert case.line.due_at is not None
    assert "answered" not in kinds(desk)


def test_a_note_to_the_colleague_who_passed_it_on_answers_nobody(desk: FrontDesk) -> None:
    """It names his mail and goes to him; the customer got nothing."""
    passed = written(
        "I: reclamo",
        "ada@desk.example",
        "Per voi.\n\nDa: Ugo Verdi <ugo@client.example>\nInviato: lunedi 23 novembre 2026\n"
        "A: Ada\nOggetto: reclamo\n\nLa lampada si accende e si spegne da sola, aiuto. Ugo",
        number=30,
    )
    desk.receive(passed)
    desk.receive(answer(to="ada@desk.example", names="<30@client.example>", number=31))
    send(desk, answer(to="ada@desk.example", names="<30@client.example>", number=32))
    assert all("answered" not in [e.kind for e in one.events] for one in desk.cases())


def test_a_stranger_answers_for_nobody(desk: FrontDesk) -> None:
    """Who writes to the customer with us in copy is no colleague by that."""
    desk.receive(answer(sender="eve@elsewhere.example"))
    assert "answered" not in kinds(desk)
    assert desk.cases()[0].line.due_at is not None


def test_a_colleague_whom_our_server_found_forged_is_none(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """The clock runs on."""
    more = f'authserv_id = "mx.desk.example"\n{MORE}'
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more) as desk:
        desk.receive(written("Reclamo"))
        verdict = "mx.desk.example; dmarc=fail header.from=desk.example"
        forged = [("Authentication-Results", verdict)]
        desk.receive(answer(sender="ada@desk.example", headers=forged))
        assert desk.cases()[0].line.due_at is not None


def test_what_was_sent_before_the_case_was_opened_again_answers_what_was_asked_before(
    desk: FrontDesk,
) -> None:
    """It is found late, and joins; the clock of the new complaint runs on."""
    send(desk, answer())
    desk.receive(written("Reclamo", number=4, headers=[("In-Reply-To", "<1@client.example>")]))
    late = clock.now() - timedelta(days=2)
    desk.imap.store.add("Sent", answer(number=71), internaldate=late)
    desk.work()
    assert kinds(desk)[-1] == "joined"


def test_without_a_case_it_is_only_kept(desk: FrontDesk) -> None:
    """Whatever people send opens nothing, and is moved nowhere."""
    raw = answer(to="other@client.example", names="<none@client.example>", subject="Reclamo")
    send(desk, raw)
    assert len(desk.cases()) == 1
    assert len(desk.imap.store.folder("Sent").uids()) == 1
