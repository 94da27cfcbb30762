"""A reader of the digest says by a link what a mail is; on both engines."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from daemon import clock
from daemon.cases import acts
from daemon.cases.acts import Act
from daemon.cases.joining import merge
from daemon.digest.links import label_link
from daemon.jobs import write_digests
from daemon.mail.links import Link, Links, Purpose
from daemon.records import LABELS
from daemon.sending.store import Outgoing
from daemon.store.keys import LINKS, keys_of, renew_keys
from daemon.store.tables import outgoing
from tests.builders import ENGINES
from tests.flows.web_desk import READER, Desk, mail, open_desk
from tests.servers.fake_imap import FakeImap

Opening = Callable[..., AbstractContextManager[Desk]]


@pytest.fixture(params=ENGINES)
def opening(
    request: pytest.FixtureRequest, tmp_path: Path, fake_imap: FakeImap
) -> Callable[..., AbstractContextManager[Desk]]:
    """Give what opens a desk on each engine."""
    extra = ""
    if request.param == "postgresql":
        extra = f'[store]\nurl = "{request.getfixturevalue("postgres_url")}"\n'

    def open_one(*mails: bytes, **changes: object) -> AbstractContextManager[Desk]:
        return open_desk(tmp_path / "house", fake_imap, *mails, extra=extra, **changes)

    return open_one


@pytest.fixture
def desk(opening: Opening) -> Iterator[Desk]:
    """Give a desk with one unsure mail."""
    with opening(mail(1)) as one:
        yield one


def test_looking_changes_nothing(desk: Desk) -> None:
    """GET and HEAD, with whatever query: the mail and four buttons, and no row changes."""
    path = desk.label()
    before = desk.tables()
    page = desk.ask(path)
    for query in ("", "?label=complaint", "?label=other&confirm=1"):
        for method in ("GET", "HEAD"):
            assert desk.ask(path + query, method).status == 200
    assert desk.tables() == before
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "ugo@client.example" in page.text
    assert re.findall(r'name="label" value="(\w+)"', page.text) == list(LABELS)
    assert '<html lang="it">' in page.text


def test_a_button_labels_the_case(desk: Desk) -> None:
    """Under the deadlines of the queue for it, from the receipt; its customer is told by return."""
    done = desk.say(desk.label(), "complaint")
    file = desk.file()
    assert (done.status, "Annotato: è «reclamo»." in done.text) == (200, True)
    assert (file.line.kind, file.line.queue, file.line.profile) == (
        "complaint", "complaints", "it-energy",
    )  # fmt: skip
    assert file.line.due_at is not None
    assert file.line.due_at > file.line.received_at + timedelta(days=20)
    assert desk.events() == [("opened", "backdesk"), ("routed", READER), ("labelled", READER)]
    assert [one.kind for one in Outgoing(desk.house.store).list_rows()] == ["acknowledgement"]


def test_said_twice_is_said_once(desk: Desk) -> None:
    """The second time the page says so, and nothing changes any more."""
    path = desk.label()
    desk.say(path, "request")
    before = desk.tables()
    again = desk.say(path, "request")
    assert (again.status, "Era già «richiesta»" in again.text) == (200, True)
    assert desk.tables() == before


def test_the_last_word_counts(desk: Desk) -> None:
    """Another label later is taken, and both are among the events; no case closes for good."""
    path = desk.label()
    for label in ("other", "complaint"):
        assert desk.say(path, label).status == 200
    assert [kind for kind, _ in desk.events()] == [
        "opened", "labelled", "closed", "routed", "labelled", "reopened",
    ]  # fmt: skip
    line = desk.file().line
    assert (line.kind, line.state, line.due_at is None) == ("complaint", "open", False)


def test_many_at_once_are_one(desk: Desk) -> None:
    """Eight presses of one button at the same moment: one change, one acknowledgement."""
    path, answers = desk.label(), list[int]()
    gate = threading.Barrier(8)

    def press() -> None:
        gate.wait()
        answers.append(desk.say(path, "complaint").status)

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 8
    assert [kind for kind, _ in desk.events()].count("labelled") == 1
    assert len(Outgoing(desk.house.store).list_rows()) == 1


def test_each_reader_has_their_own_language_and_name(desk: Desk) -> None:
    """Whatever the browser asks for; the events say who it was."""
    path = desk.label(reader="bruno@aurora.example")
    page = desk.ask(path, headers={"Accept-Language": "en"})
    assert "Czym jest ta wiadomość?" in page.text
    assert "„reklamacja”" in desk.say(path, "complaint").text
    assert desk.events()[-1] == ("labelled", "bruno@aurora.example")


def test_a_follow_up_decides_little(opening: Opening) -> None:
    """It can make a complaint of its case, not close it or make it less; the word is kept."""
    reply = mail(2, extra="In-Reply-To: <1@client.example>\r\n")
    with opening(mail(1), reply) as desk:
        assert desk.file(1).line.id == desk.file(2).line.id
        first, second = desk.label(1), desk.label(2)
        desk.say(first, "request")
        assert "resta «richiesta»" in desk.say(second, "newsletter").text
        assert "Era già" in desk.say(second, "newsletter").text
        line = desk.file().line
        assert (line.kind, line.state) == ("request", "open")
        assert desk.events()[-1] == ("judged", READER)
        desk.say(second, "complaint")
        assert desk.file().line.kind == "complaint"


def test_an_unsure_follow_up_closes_nobodys_case(opening: Opening) -> None:
    """`other` said of the second mail leaves the first one's undecided case open."""
    reply = mail(2, extra="In-Reply-To: <1@client.example>\r\n")
    with opening(mail(1), reply) as desk:
        desk.say(desk.label(2), "other")
        line = desk.file().line
        assert (line.kind, line.state) == ("unsure", "open")


def test_a_merged_case_is_labelled_where_it_stands(opening: Opening) -> None:
    """The link of a mail whose case was merged leads to the other case."""
    with opening(mail(1, "Prima"), mail(2, "Seconda")) as desk:
        into, part = desk.file(1).line, desk.file(2).line
        with desk.house.store.write() as connection:
            merge(connection, Act(case_id=part.id, actor="Ada", now=clock.now()), into.id)
        assert into.reference in desk.ask(desk.label(2)).text
        desk.say(desk.label(2), "complaint")
        assert desk.file(1).line.kind == "complaint"


def test_observed_mail_has_no_buttons(opening: Opening) -> None:
    """Before go-live a word changes nothing, and the page says so."""
    with opening(mail(1), live=False) as desk:
        path = desk.label()
        before = desk.tables()
        assert "soltanto osservata" in desk.ask(path).text
        assert "<button" not in desk.ask(path).text
        said = desk.say(path, "complaint")
        assert (said.status, "soltanto osservata" in said.text) == (409, True)
        assert desk.tables() == before


def test_a_copy_has_the_case_of_its_original(opening: Opening) -> None:
    """The same mail by another way: its link labels the one case."""
    copied = b"Received: from a by b; Mon, 5 Jan 2026 10:00:00 +0100\r\n" + mail(1)
    with opening(mail(1), copied) as desk:
        desk.say(desk.label(2), "complaint")
        assert desk.file(1).line.kind == "complaint"


@pytest.mark.parametrize("label", ["", "unsure", "nonsense", "complaint\r\nX-A: b", "x" * 9_000])
def test_only_labels_are_taken(desk: Desk, label: str) -> None:
    """Nothing changes for any other word, and it comes back nowhere."""
    path = desk.label()
    before = desk.tables()
    refused = desk.say(path, label)
    assert (refused.status, "x-a" in refused.headers) == (400, False)
    assert desk.tables() == before


def test_links_that_are_over_or_not_ours(desk: Desk) -> None:
    """Expired 410, forged or of another purpose 404: the same page, and nothing changes."""
    keys = keys_of(desk.house.store, LINKS)
    now = clock.now()
    over = label_link(desk.house.settings, keys, 1, READER, now - timedelta(days=31))
    other = Link(purpose=Purpose.DEADLINES, subjects=("1", READER), until=now + timedelta(days=1))
    forged = Links([b"x" * 32]).token(
        Link(purpose=Purpose.LABEL, subjects=("1", READER), until=now + timedelta(days=1))
    )
    before = desk.tables()
    answers = [
        desk.say(path, "complaint")
        for path in (
            f"/l/{(over or '').rpartition('/')[2]}",
            f"/l/{Links(keys).token(other)}",
            f"/l/{forged}",
            "/l/x",
            f"{desk.label()}/",
        )
    ]
    assert [one.status for one in answers] == [410, 404, 404, 404, 404]
    assert len({one.text for one in answers}) == 1
    assert desk.tables() == before


def test_links_can_be_taken_back(desk: Desk) -> None:
    """At once, without a restart; new ones work."""
    old = desk.label()
    renew_keys(desk.house.store, LINKS)
    assert desk.ask(old).status == 404
    assert desk.ask(desk.label()).status == 200


def test_a_case_merged_at_this_moment_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The register's refusal is a calm page."""

    def refuse(*_: object) -> None:
        raise acts.ActRefused("merged")

    monkeypatch.setattr(acts, "lock", refuse)
    path = desk.label()
    before = desk.tables()
    assert desk.say(path, "complaint").status == 409
    assert desk.tables() == before


def test_a_scanner_that_follows_a_digest_changes_nothing(desk: Desk) -> None:
    """GET and HEAD of each link of text and HTML; the pages themselves lead nowhere."""
    house = desk.house
    assert write_digests(house, early=True) == 2
    with house.store.read() as connection:
        messages = connection.scalars(select(outgoing.c.message)).all()
    links = {link for raw in messages for link in links_of(raw)}
    assert len(links) == 2  # one for each reader
    before = desk.tables()
    for link in links:
        page = desk.ask(urlsplit(link).path)
        assert page.status == desk.ask(urlsplit(link).path, "HEAD").status == 200
        assert not re.findall(r'(?:href|src|action)="', page.text)
    assert desk.tables() == before


def links_of(raw: bytes) -> list[str]:
    """Return the links of a mail's text and HTML."""
    message = message_from_bytes(raw, policy=default)
    parts = [part.get_content() for part in message.walk() if part.get_content_maintype() == "text"]
    return [link for part in parts for link in re.findall(r"http://127[^\s\"<]+", part)]
