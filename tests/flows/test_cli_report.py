"""`backdesk report` on a small register: every form, every period, and what is refused."""

import csv
import io
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from daemon import clock
from daemon.cli import report as report_command
from tests.flows.cli_builders import Ended, Office

ROME = ZoneInfo("Europe/Rome")
EXTRA = """
[queues.complaints]
account = "info"
folder = "Queues/Complaints"
deadline = "it-energy"
[queues.talk]
account = "info"
folder = "Queues/Talk"
[hours.house]
open = ["monday-friday 09:00-17:00"]
"""
PERIOD = ("--since", "2020-01-01")


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a house with three complaints: one closed in time, one late, one without clock."""
    made = Office(tmp_path, capsysbinary, {"info": 9}, EXTRA)
    first = entered(made, 10, "complaints")
    second = entered(made, 100, "complaints")
    entered(made, 5, "talk")
    today = f"{clock.now().astimezone(ROME):%Y-%m-%d}"
    for case, cause in ((first, "=bolletta"), (second, "ritardo")):
        answered = ("--channel", "post", "--on", today)
        assert made.run("case", "answer", case, *answered).code == 0
        assert made.run("case", "close", case, "--cause", cause).code == 0
    return made


def entered(office: Office, age: int, queue: str) -> str:
    """Enter a letter of some days ago; return its reference."""
    day = (clock.now().astimezone(ROME) - timedelta(days=age)).date()
    done = office.run(
        "case", "new", "--channel", "letter", "--received", day, "--subject", "Segreto",
        "--customer", "Ugo Verdi", "--address", "ugo@client.example", "--queue", queue, "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    return done.document["reference"]


def rows(ended: Ended) -> list[dict[str, str]]:
    """Return the rows of a sheet."""
    assert b"\r\n" in ended.out
    return list(csv.DictReader(io.StringIO(ended.out.decode(), newline="")))


def test_complaints_in_every_form(office: Office, tmp_path: Path) -> None:
    """The same figures as text, JSON, CSV and HTML."""
    document = office.run("report", "complaints", *PERIOD, "--json").document
    assert document["total"]["received"] == 3
    assert document["total"]["kept"] | {"low": 0, "high": 0} == {
        "hits": 1, "of": 2, "share": 0.5, "low": 0, "high": 0,
    }  # fmt: skip
    assert {one["name"] for one in document["causes"]} == {"=bolletta", "ritardo"}
    (cost,) = document["costs"]
    assert (cost["profile"], cost["amount"], cost["growing"]) == ("it-energy", "75.00", 0)
    assert document["repeats"]["customers"]["hits"] == 1
    text = office.run("report", "complaints", *PERIOD).text
    assert "3 complaints received, 2 closed, 1 open at the end" in text
    assert "75.00 EUR" in text
    assert "####" in text
    sheet = rows(office.run("report", "complaints", *PERIOD, "--format", "csv"))
    causes = {one["name"] for one in sheet if one["section"] == "causes"}
    assert causes == {"'=bolletta", "ritardo"}
    page = tmp_path / "report.html"
    done = office.run("report", "complaints", *PERIOD, "--format", "html", "--to", page)
    assert (done.code, done.out) == (0, b"")
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert list(tmp_path.glob(".*.new")) == []


def test_service_says_at_least_where_a_case_is_open(office: Office) -> None:
    """With business hours, as there are some."""
    document = office.run("report", "service", *PERIOD, "--json").document
    answer = document["total"]["timings"][1]
    assert (answer["done"], answer["waiting"], answer["left"]) == (2, 1, 0)
    assert answer["business"]["median"]["seconds"] > 0
    talk = next(one for one in document["queues"] if one["name"] == "talk")
    assert talk["timings"][1]["wall"]["median"]["at_least"] is True
    assert document["persons"] == []
    assert document["is_weekly"] is True
    text = office.run("report", "service", *PERIOD, "--language", "pl").text
    assert "co najmniej" in text
    assert "3 otrzymane sprawy, 1 jeszcze bez odpowiedzi" in text


def test_one_queue_alone(office: Office) -> None:
    """And one that there is not."""
    told = office.run("report", "complaints", *PERIOD, "--queue", "talk")
    assert "1 complaint received" in told.text
    assert "Queue: talk" in told.text
    wrong = office.run("report", "service", "--queue", "talks")
    assert (wrong.code, "allowed: complaints, talk" in wrong.err) == (2, True)


def test_people_are_told_apart_only_where_it_is_switched_on(office: Office) -> None:
    """By the configuration."""
    office.config.write_text(office.config.read_text() + "\n[reports]\nper_person = true\n")
    document = office.run("report", "service", *PERIOD, "--json").document
    assert [(one["name"], one["received"]) for one in document["persons"]] == [("", 3)]
    assert "By person" in office.run("report", "service", *PERIOD).text


def test_the_register_for_a_regulator(office: Office, tmp_path: Path) -> None:
    """As CSV and as JSON, to a file or not; no word of a letter, no name, no address."""
    done = office.run("report", "register", *PERIOD)
    sheet = rows(done)
    assert [one["on_time"] for one in sheet] == ["no", "yes", ""]
    assert [one["cause"] for one in sheet] == ["ritardo", "'=bolletta", ""]
    for secret in ("Segreto", "Ugo", "client.example"):
        assert secret not in done.text
    as_json = office.run("report", "register", *PERIOD, "--format", "json").document
    assert [one["cause"] for one in as_json] == ["ritardo", "=bolletta", ""]
    assert office.run("report", "register", *PERIOD, "--json").document == as_json
    file = tmp_path / "register.json"
    assert office.run("report", "register", *PERIOD, "--json", "--to", file).code == 0
    assert json.loads(file.read_text()) == as_json
    nobody = office.run("report", "register", "--month", "2021-02")
    assert len(nobody.text.splitlines()) == 1


def test_the_month_before_is_meant_unless_another_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on the last day of a month, and in January."""
    monkeypatch.setattr(clock, "now", lambda: datetime(2027, 1, 31, 22, 59, tzinfo=ROME))
    document = office.run("report", "complaints", "--json").document
    assert (document["since"], document["until"]) == ("2026-12-01", "2026-12-31")
    document = office.run("report", "service", "--json", "--month", "2026-02").document
    assert (document["since"], document["until"]) == ("2026-02-01", "2026-02-28")
    span = ("--since", "2026-03-02", "--until", "2026-03-03")
    document = office.run("report", "service", "--json", *span).document
    assert (document["since"], document["until"]) == ("2026-03-02", "2026-03-03")
    assert len(document["volume"]) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--month", "2026-13"), "--month: '2026-13' is not a month; write it as 2026-03"),
        (("--month", "march"), "is not a month"),
        (("--month", "2999-01"), "2999-01-01 is still to come"),
        (("--month", "2026-01", "--since", "2026-01-01"), "cannot be given together"),
        (("--until", "2026-01-01"), "--until needs --since"),
        (("--since", "yesterday"), "--since: 'yesterday' is not a date"),
        (("--since", "2026-03-02", "--until", "2026-03-01"), "is before --since"),
        (("--since", "2026-03-02", "--until", "9999-12-31"), "is not a date"),
        (("--to", "/nowhere/at/all/report.txt"), "cannot be written: No such file or directory"),
    ],
)
def test_what_is_no_period_is_refused(
    office: Office, arguments: tuple[str, ...], says: str
) -> None:
    """With what is allowed; nothing is printed."""
    done = office.run("report", "complaints", *arguments)
    assert (done.code, done.out) == (2, b"")
    assert says in done.err


def test_on_a_terminal_there_are_tables_and_bars(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn, with what steers terminals taken out of people's words."""
    monkeypatch.setattr(report_command.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    done = office.run("report", "complaints", *PERIOD)
    assert "█" in done.text
    assert "│" in done.text
    assert "ritardo" in done.text
