"""From the mailbox to the register: polled mail opens cases, people work on them."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from daemon.clock import now
from daemon.store.tables import cases
from tests.builders import raw_mail
from tests.flows.cli_builders import Office, ended
from tests.houses import on_fake, open_house, poll, settings_of
from tests.servers.fake_imap import FakeImap

EXTRA = """
[queues.complaints]
account = "info"
folder = "Queues/Complaints"
deadline = "it-energy"
[queues.requests]
account = "info"
folder = "Queues/Requests"
[[rules]]
name = "complaints"
when = { label = "complaint" }
queue = "complaints"
"""


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a house with two queues, one of them under deadlines."""
    return Office(tmp_path, capsysbinary, {"info": 9}, EXTRA)


def entered(office: Office, *more: object) -> dict:
    """Enter a letter of ten days ago, and return its case."""
    day = (now() - timedelta(days=10)).date()
    done = office.run(
        "case", "new", "--channel", "letter", "--received", day, "--subject", "Bolletta doppia",
        "--customer", "Ugo Verdi", "--queue", "complaints", "--by", "Ada", "--json", *more,
    )  # fmt: skip
    assert done.code == 0, done.err
    return done.document


def test_polled_mail_opens_cases_once(tmp_path: Path, fake_imap: FakeImap) -> None:
    """However often it is polled, and nothing where the account is only observed."""
    for n in range(4):
        fake_imap.store.add("INBOX", raw_mail(n, "alfa"))
    settings = settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})
    with open_house(settings) as house:
        poll(house)
        poll(house)
        with house.store.read() as connection:
            rows = connection.execute(select(cases)).all()
    assert [(row.kind, row.state, row.queue) for row in rows] == [("unsure", "open", "alfa")] * 4
    assert len({row.reference for row in rows}) == 4


def test_observed_mail_opens_none_and_explain_says_what_it_would(
    tmp_path: Path, fake_imap: FakeImap, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Before go-live the register stays empty."""
    fake_imap.store.add("INBOX", raw_mail(1, "alfa"))
    home = tmp_path / "house"
    with open_house(settings_of(home, {"info": on_fake(fake_imap, go_live="")})) as house:
        poll(house)
        with house.store.read() as connection:
            assert connection.execute(select(cases)).all() == []
    told = ended(capsysbinary, "explain", "1", "--json", "--config", home / "backdesk.toml")
    assert told.document["case"]["would_open"] == "unsure"


def test_a_letter_is_a_case_with_its_clocks(office: Office, tmp_path: Path) -> None:
    """With the scan, from the day of receipt; shown with all that happened."""
    scan = tmp_path / "letter.pdf"
    scan.write_bytes(b"%PDF-1.4 una lettera")
    case = entered(office, "--scan", scan)
    assert (case["kind"], case["channel"], case["profile"]) == ("complaint", "letter", "it-energy")
    assert case["overdue"] is False
    shown = office.run("case", "show", case["reference"], "--json").document
    assert [one["name"] for one in shown["clocks"]][:1] == ["double-billing"]
    assert [(one["kind"], one["actor"]) for one in shown["events"]] == [
        ("opened", "Ada"),
        ("attached", "Ada"),
    ]
    assert shown["events"][1]["detail"]["name"] == "letter.pdf"
    assert "Bolletta doppia" in office.run("case", "show", case["id"]).text


def test_a_case_from_its_opening_to_its_end(office: Office) -> None:
    """Assigned, noted, answered by post, closed, opened again; each with who did it."""
    reference = entered(office)["reference"]
    today = now().date()
    assert office.run("case", "assign", reference, "Bruno", "--json").document["owner"] == "Bruno"
    assert office.run("case", "note", reference, "ha richiamato").code == 0
    answered = office.run(
        "case", "answer", reference, "--channel", "post", "--on", today, "--by", "Bruno", "--json"
    )
    assert answered.document["due_at"] is None
    closed = office.run("case", "close", reference, "--cause", "bill-corrected", "--json").document
    assert (closed["state"], closed["cause"]) == ("closed", "bill-corrected")
    assert office.run("case", "list", "--json").document == {"total": 0, "cases": []}
    assert len(office.run("case", "list", "--closed", "--json").document["cases"]) == 1
    opened = office.run("case", "reopen", reference, "--json").document
    assert opened["state"] == "open"
    assert opened["due_at"] > str(now() + timedelta(days=28))
    events = office.run("case", "show", reference, "--json").document["events"]
    assert [one["kind"] for one in events] == [
        "opened", "assigned", "noted", "answered", "closed", "reopened",
    ]  # fmt: skip


def test_a_label_by_hand(office: Office) -> None:
    """With another queue its deadlines count, from the receipt; a newsletter is no case."""
    reference = entered(office)["reference"]
    moved = office.run("case", "label", reference, "request", "--queue", "requests", "--json")
    assert (moved.document["queue"], moved.document["due_at"]) == ("requests", None)
    back = office.run("case", "label", reference, "complaint", "--queue", "complaints", "--json")
    assert back.document["due_at"] is not None
    ended = office.run("case", "label", reference, "newsletter", "--json").document
    assert (ended["state"], ended["cause"]) == ("closed", "no case")


def test_overdue_cases_are_told_apart(office: Office) -> None:
    """By --overdue, and in each document."""
    old = (now() - timedelta(days=200)).date()
    entered(office)
    late = office.run(
        "case", "new", "--channel", "phone", "--received", old, "--subject", "Ritardo",
        "--queue", "complaints", "--json",
    ).document  # fmt: skip
    assert late["overdue"] is True
    listed = office.run("case", "list", "--overdue", "--json").document["cases"]
    assert [one["reference"] for one in listed] == [late["reference"]]
    first, *_ = office.run("case", "list", "--queue", "complaints", "--json").document["cases"]
    assert first["reference"] == late["reference"]
    assert late["reference"] in office.run("case", "list").text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "2026-00001-99"), "no case '2026-00001-99'"),
        (("close", "77", "--cause", "x"), "no case '77'"),
        (("list", "--queue", "nowhere"), "no queue 'nowhere'; allowed: complaints, requests"),
        (("label", "1", "spam"), "'spam' is not a label; allowed: complaint, request"),
        (("answer", "1", "--channel", "post", "--on", "soon"), "--on: 'soon' is not a date"),
        (("answer", "1", "--channel", "post", "--on", "2999-01-01"), "is still to come"),
        (("answer", "1", "--channel", "post", "--on", "2020-01-01"), "was not yet received then"),
        (("reopen", "1"), "is open"),
        (("answer", "1", "--channel", "post", "--on", "0001-01-01"), "is not a date"),
    ],
)
def test_what_cannot_be_done_is_refused(
    office: Office, arguments: tuple[str, ...], message: str
) -> None:
    """With exit code 2, and nothing is written."""
    entered(office)
    done = office.run("case", *arguments)
    assert (done.code, done.out) == (2, b""), done.err
    assert message in done.err
    assert len(office.run("case", "show", "1", "--json").document["events"]) == 1


def test_a_scan_over_the_limit_is_refused(office: Office, tmp_path: Path) -> None:
    """Before anything is entered."""
    big = tmp_path / "big"
    big.write_bytes(b"")
    os.truncate(big, 200 << 20)
    done = office.run(
        "case", "new", "--channel", "letter", "--received", "2026-01-05", "--subject", "x",
        "--scan", big,
    )  # fmt: skip
    assert (done.code, "larger than limits.mail_bytes" in done.err) == (2, True)
    assert office.run("case", "list", "--json").document == {"total": 0, "cases": []}


def test_a_complaint_without_a_clock_is_told(office: Office) -> None:
    """A case in no queue: done, and somebody must say where it belongs."""
    case = office.run(
        "case", "new", "--channel", "phone", "--received", "2026-01-05", "--subject", "x",
        "--kind", "request", "--json",
    ).document  # fmt: skip
    done = office.run("case", "label", case["reference"], "complaint")
    assert (done.code, "no clock runs" in done.err) == (1, True)
    placed = office.run("case", "label", case["reference"], "complaint", "--queue", "complaints")
    assert placed.code == 0


def test_a_list_that_is_cut_says_so(office: Office) -> None:
    """In numbers, and for people."""
    for _ in range(3):
        entered(office)
    listed = office.run("case", "list", "--limit", 2, "--json")
    assert (listed.document["total"], len(listed.document["cases"])) == (3, 2)
    assert "1 more" in office.run("case", "list", "--limit", 2).err
