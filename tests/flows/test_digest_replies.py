"""A reader answers the digest by mail: it is done once, and what is not done is told."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, true

from daemon import clock
from daemon.digest.answers import list_undone
from daemon.digest.records import Period
from daemon.jobs import send_due, write_digests
from daemon.replies import heed
from daemon.store.tables import case_events, digest_answers
from tests.flows.front_desk import FrontDesk, front_desk, parsed, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server

ANNA = "anna@desk.example"
MORE = f"""
[queues.unsure]
account = "info"
folder = "Queues/Unsure"
[[rules]]
name = "unsure"
when = {{ label = "unsure" }}
queue = "unsure"
[acknowledgements]
kinds = []
[digest]
to = ["team@desk.example"]
sender = "Backdesk <info@desk.example>"
[people.anna]
address = "{ANNA}"
aliases = ["a.nowak@desk.example"]
"""


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink) -> Iterator[FrontDesk]:
    """Give a house whose model is never sure, and which has sent a digest about two mails."""
    opening = front_desk(tmp_path / "house", fake_imap, smtp_sink, more=MORE, always="unsure")
    with opening as opened:
        opened.receive(
            written("Bolletta", "uno@client.example", number=1),
            written("Lampada", "due@client.example", number=2),
        )
        assert write_digests(opened.house, early=True) == 2
        send_due(opened.house)
        yield opened


def digest_to(desk: FrontDesk, recipient: str):
    """Return the last digest that somebody got."""
    return [parsed(one) for one in desk.sink.mails if one.recipients == (recipient,)][-1]


def words_of(digest) -> str:
    """Return the text of a digest, its lines joined."""
    return " ".join(digest.get_body(("plain",)).get_content().split())


def answer(  # noqa: PLR0913 - a mail has many parts
    desk: FrontDesk,
    text: str,
    *,
    sender: str = ANNA,
    to: str = ANNA,
    number: int = 50,
    message_id: str = "",
    headers: Sequence[tuple[str, str]] = (),
) -> bytes:
    """Return an answer to the digest of `to`."""
    digest = digest_to(desk, to)
    named = message_id or str(digest["Message-ID"])
    quoted = "\n".join(
        f"> {line}" for line in digest.get_body(("plain",)).get_content().split("\n")
    )
    return written(
        f"Re: {digest['Subject']}",
        sender,
        f"{text}\n\nIl giorno lun 23 nov 2026 Backdesk ha scritto:\n{quoted}\n",
        number=number,
        headers=[("In-Reply-To", named), *headers],
    )


def undone(desk: FrontDesk, actor: str | None = None) -> list[tuple[str, str]]:
    """Return what the next digest tells of answers that were not done."""
    now = clock.now()
    period = Period(since=now - timedelta(hours=1), until=now + timedelta(hours=1))
    with desk.house.store.read() as connection:
        return [
            line for one in list_undone(connection, period, true(), actor) for line in one.lines
        ]


def acts_of(desk: FrontDesk) -> list[tuple[str, str]]:
    """Return what people did in the cases."""
    with desk.house.store.read() as connection:
        rows = connection.execute(select(case_events).order_by(case_events.c.id)).all()
    return [(row.actor, row.kind) for row in rows if row.actor != "backdesk"]


def test_the_digest_can_be_answered(desk: FrontDesk) -> None:
    """It says how, from an address that the house reads, under an id that only readers know."""
    digest = digest_to(desk, ANNA)
    assert "«1 reclamo»" in words_of(digest)
    assert str(digest["Message-ID"]).startswith("<d.")
    assert digest["Message-ID"] != digest_to(desk, "team@desk.example")["Message-ID"]


def test_each_number_is_labelled_once(desk: FrontDesk) -> None:
    """By the person, in the cases of the two mails; the answer itself opens none."""
    desk.receive(answer(desk, "Buongiorno,\n1 reclamo\n2: richiesta\nAnna"))
    first, second = desk.cases()
    assert (first.line.kind, second.line.kind) == ("complaint", "request")
    assert first.line.queue == "complaints"
    assert first.line.due_at is not None
    assert {actor for actor, _ in acts_of(desk)} == {"anna"}
    assert undone(desk) == []
    before = acts_of(desk)
    heed(desk.house)
    desk.receive(answer(desk, "1 reclamo\n2 richiesta", number=51))  # the same words again
    assert acts_of(desk) == before
    assert len(desk.cases()) == 2


def test_from_another_address_of_the_same_person(desk: FrontDesk) -> None:
    """An alias is the person; the address of a team speaks for itself."""
    desk.receive(answer(desk, "1 altro", sender="A.Nowak@desk.example"))
    team = "team@desk.example"
    desk.receive(answer(desk, "2 altro", sender=team, to=team, number=51))
    assert {actor for actor, _ in acts_of(desk)} == {"anna", team}
    assert [one.line.state for one in desk.cases()] == ["closed", "closed"]


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"message_id": "<d.aaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbb@desk.example>"}, "forged"),
        ({"message_id": "<1@elsewhere.example>"}, "forged"),
        ({"sender": "eve@elsewhere.example"}, "forged"),
        ({"sender": "team@desk.example"}, "sender"),
    ],
)
def test_a_forged_answer_changes_nothing_and_is_told(
    desk: FrontDesk, changes: dict[str, str], trouble: str
) -> None:
    """The right subject with the wrong sign, or from the wrong sender."""
    desk.receive(answer(desk, "1 reclamo", **changes))
    assert acts_of(desk) == []
    assert [one.line.kind for one in desk.cases()[:2]] == ["unsure", "unsure"]
    assert undone(desk) == [("", trouble)]


def test_what_our_server_found_forged_is_nobodys_word(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink
) -> None:
    """Also with the right sign: somebody may have read the digest over a shoulder."""
    more = f'authserv_id = "mx.desk.example"\n{MORE}'
    opening = front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more, always="unsure")
    with opening as desk:
        desk.receive(written("Bolletta", "uno@client.example"))
        write_digests(desk.house, early=True)
        send_due(desk.house)
        verdict = "mx.desk.example; dmarc=fail header.from=desk.example"
        desk.receive(answer(desk, "1 reclamo", headers=[("Authentication-Results", verdict)]))
        assert acts_of(desk) == []
        assert undone(desk) == [("", "forged")]


def test_what_is_not_understood_is_told(desk: FrontDesk) -> None:
    """Each line by itself; the others are done."""
    desk.receive(answer(desk, "1 reclamo\n2 reclmo\n9 altro\naltro"))
    assert desk.cases()[0].line.kind == "complaint"
    assert undone(desk, "anna") == [
        ("2 reclmo", "word"),
        ("9 altro", "number"),
        ("altro", "number"),
    ]
    assert undone(desk, "bruno") == []
    desk.receive(answer(desk, "Grazie!", number=51))
    assert undone(desk, "anna")[0] == ("", "nothing")


def test_an_automatic_answer_is_no_word(desk: FrontDesk) -> None:
    """Somebody is out of the office: nothing is done, and nobody is bothered."""
    away = answer(desk, "1 reclamo", headers=[("Auto-Submitted", "auto-replied")])
    desk.receive(away)
    with desk.house.store.read() as connection:
        assert connection.execute(select(digest_answers)).all() == []
    assert acts_of(desk) == []


def test_the_cause_of_a_closed_case_is_said(desk: FrontDesk) -> None:
    """Closed in the mail program; the next digest asks why, and is answered."""
    store = desk.imap.store
    uid = store.folder("Queues/Unsure").uids()[0]
    store.copy("Queues/Unsure", uid, "Queues/Unsure/Done")
    store.remove("Queues/Unsure", uid, "MOVE")
    desk.work()
    desk.work()
    closed = next(one for one in desk.cases() if one.line.state == "closed")
    assert closed.line.cause == ""
    with desk.house.store.write() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
        connection.exec_driver_sql("DELETE FROM digest_items")
        connection.exec_driver_sql("DELETE FROM outgoing")
    write_digests(desk.house, early=True)
    send_due(desk.house)
    assert "«2 causa consegna»" in words_of(digest_to(desk, ANNA))
    desk.receive(answer(desk, "2 causa consegna in ritardo"))
    (case,) = [one for one in desk.cases() if one.line.state == "closed"]
    assert (case.line.cause, case.events[-1].actor) == ("consegna in ritardo", "anna")
