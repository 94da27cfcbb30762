"""What people ask of rules that say more than a queue: simulate, explain, check, case, webhook."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon import clock
from daemon.bootstrap import open_data
from daemon.cli.app import run
from daemon.config.loading import load
from daemon.webhooks.deliver import send_due
from daemon.webhooks.records import Endpoint
from tests.builders import held_lease
from tests.contracts.register import Register
from tests.flows.cli_builders import QUEUES, Office, a_mail, write_config
from tests.servers.hook_server import SECRET, HookServer

pytestmark = pytest.mark.server

RELAY = """
[relays.main]
host = "127.0.0.1"
port = 9
security = "plain"
username = "o@x.example"
"""
SAYS = """
[[rules]]
name = "ada"
when = { sender = "ada@*" }
priority = "high"
owner = "Ada Bianchi"
tags = ["nord"]
deadline = "it-energy"
forward = ["bills@accounts.example", "ada@nord.example"]
"""


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with two mails taken in under rules that only route."""
    folder = tmp_path_factory.mktemp("filled")
    config, old = write_config(folder, {"info": 9}, QUEUES), folder / "old"
    old.mkdir()
    for number, raw in enumerate([a_mail(1), a_mail(2, "Altro")]):
        (old / str(number)).write_bytes(raw)
    assert run(["import", str(old), "--config", str(config)]) == 0
    return folder


@pytest.fixture
def office(filled: Path, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a copy of that folder, to be changed at will."""
    shutil.copytree(filled / "var", tmp_path / "var")
    return Office(tmp_path, capsysbinary, {"info": 9}, QUEUES)


def candidate(office: Office) -> Path:
    """Return another configuration of the same house."""
    other = office.folder / "other.toml"
    now = office.config.read_text()
    first = now.index("[[rules]]")
    other.write_text(now[:first] + SAYS + now[first:] + RELAY)
    return other


def test_simulate_shows_what_rules_would_add_and_why(office: Office) -> None:
    """For each mail from what to what, by which rules; what is the same is left out."""
    other = candidate(office)
    done = office.run("simulate", "--candidate", other, "--since", "9000d", "--json")
    assert done.code == 0
    first, second = done.document["changes"]
    assert (done.document["mails"], done.document["changed"]) == (2, 2)
    assert (first["queue_before"], first["queue_after"]) == ("notes", "notes")
    assert (first["priority_before"], first["priority_after"]) == (None, "high")
    assert (first["owner_after"], first["tags_after"]) == ("Ada Bianchi", "nord")
    assert first["deadline_after"] is not None
    assert first["forward_after"] == (
        "bills@accounts.example, ada@nord.example (not: the mail comes from there)"
    )
    assert (first["rule"], first["rules"]) == ("notes", ["ada"])
    assert (second["queue_after"], second["rule"]) == (None, None)
    table = office.run("simulate", "--candidate", other, "--since", "9000d").text
    head = table.splitlines()[0].split()
    assert "priority" in head
    assert "webhook" not in head, "no mail changes in it"
    assert "- > high" in table
    assert "ada, notes" in table
    same = office.run("simulate", "--candidate", office.config, "--since", "9000d", "--json")
    assert same.document["changed"] == 0


def test_explain_shows_which_rule_said_what(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Of a mail that is only observed, with what would have been done."""
    office = Office(tmp_path, capsysbinary, {"info": 9}, SAYS + QUEUES + RELAY)
    assert office.run("import", office.fill("old", [a_mail(1)])).code == 0
    told = office.run("explain", 1, "--json").document
    assert {one["rule"] for one in told["rules"]} == {"ada"}
    assert [one["says"] for one in told["rules"]] == [
        "priority", "owner", "deadline", "tags", "forward",
    ]  # fmt: skip
    assert told["forwards"] == [
        {"to": "bills@accounts.example", "state": "would be sent", "why": None},
        {"to": "ada@nord.example", "state": "none", "why": "the mail comes from there"},
    ]
    assert "Ada Bianchi" in office.run("explain", 1).text


def test_check_writes_each_letter_that_a_rule_names(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """In each language; the problem stands at the rule."""
    letters = '[acknowledgements]\ntemplates = "letters"\n'
    rule = '[[rules]]\nname = "v"\nwhen = {}\nacknowledgement = "vip"\n'
    office = Office(tmp_path, capsysbinary, {"info": 9}, rule + letters + RELAY)
    (tmp_path / "letters").mkdir()
    for language in ("it", "pl"):
        (tmp_path / "letters" / f"vip.{language}.txt.j2").write_text("Subject: x\n\ny\n")
    environ = "BACKDESK_RELAYS_MAIN_PASSWORD"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(environ, "x")
        wrong = office.run("check", "--json")
        (problem,) = wrong.document["problems"]
        assert (wrong.code, problem["key"]) == (2, "rules[0].acknowledgement")
        assert "vip.en.txt.j2" in problem["message"]
        (tmp_path / "letters" / "vip.en.txt.j2").write_text("Subject: x\n\ny\n")
        assert office.run("check").code == 0
        (tmp_path / "letters" / "forward.pl.txt.j2").write_text("{{ nothing }}")
        (problem,) = office.run("check", "--json").document["problems"]
        assert problem["key"] == "acknowledgements.templates"


def test_the_priority_of_a_case(office: Office) -> None:
    """Set by a person, shown and asked for in the list."""
    new = ("case", "new", "--channel", "phone", "--subject", "x", "--received", "2026-01-05")
    references = [office.run(*new, "--json").document["reference"] for _ in range(2)]
    assert office.run("case", "priority", references[1], "urgent", "--by", "Ada").code == 0
    listed = office.run("case", "list", "--json").document["cases"]
    assert [one["reference"] for one in listed] == references[::-1]
    urgent = office.run("case", "list", "--priority", "urgent", "--json").document
    assert [one["reference"] for one in urgent["cases"]] == references[1:]
    assert office.run("case", "priority", references[0], "hihg").code == 2
    shown = office.run("case", "show", references[1], "--json").document
    assert shown["priority"] == "urgent"
    assert shown["events"][-1]["kind"] == "prioritized"


@pytest.fixture
def server() -> Iterator[HookServer]:
    """Give a server that takes everything."""
    started = HookServer()
    yield started
    started.stop()


@pytest.fixture
def hooked(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], server: HookServer
) -> Office:
    """Give a house with a webhook and a case that it was not yet told of."""
    (tmp_path / "secret").write_text(SECRET)
    at = f'url = "{server.url}"\nsecret_file = "secret"\n'
    extra = f'[webhooks.erp]\n{at}events = ["case.opened"]\n'
    office = Office(tmp_path, capsysbinary, {}, extra)
    store = open_data(load(office.config))
    Register(store).take()
    store.close()
    return office


def test_a_webhook_is_tried_by_hand(hooked: Office, server: HookServer) -> None:
    """With an event that tells nothing; exit 3 where its server does not take it."""
    done = hooked.run("webhook", "test", "erp", "--json")
    assert (done.code, done.document["status"]) == (0, 204)
    (told,) = server.told
    assert (told.kind, told.document["data"]) == ("backdesk.test", {})
    assert told.is_signed_with(SECRET)
    server.script(404)
    assert hooked.run("webhook", "test", "erp").code == 3
    server.stop()
    away = hooked.run("webhook", "test", "erp")
    assert (away.code, away.out) == (3, b"")
    assert hooked.run("webhook", "test", "erb").code == 2


def test_webhooks_are_listed_and_called_again(hooked: Office, server: HookServer) -> None:
    """One that its server wants no more needs a person: in `list`, `status` and the digest."""
    server.always(410)
    hooked.run("poll", "--once")
    listed = hooked.run("webhook", "list", "--json")
    (state,) = listed.document["webhooks"]
    assert (listed.code, state["waiting"], bool(state["disabled_at"])) == (1, 1, True)
    assert "backdesk webhook retry erp" in hooked.run("status").err
    assert "webhook" in hooked.run("digest").text
    server.always(None)
    assert hooked.run("webhook", "retry", "erp", "--json").document == {"name": "erp", "waiting": 1}
    assert hooked.run("poll", "--once").code == 0
    rows = hooked.run("webhook", "list", "erp", "--json").document["deliveries"]
    assert [(row["kind"], row["state"], row["attempts"]) for row in rows] == [
        ("case.opened", "sent", 1)
    ]
    assert hooked.run("webhook", "list").code == 0
    assert SECRET not in json.dumps(rows)


def test_what_was_given_up_needs_a_person(hooked: Office) -> None:
    """And a webhook that is not configured any more is still shown."""
    store = open_data(load(hooked.config))

    class Gone:
        def call(self, message_id: str, body: bytes) -> object:
            raise AssertionError("nobody is called")

    hook = Endpoint(name="old", events=("case.opened",), give_up_after=None, caller=Gone())  # type: ignore[arg-type]
    with pytest.raises(AssertionError):
        send_due(store, held_lease(store, "webhooks"), [hook], clock.now)
    store.close()
    listed = hooked.run("webhook", "list")
    assert listed.code == 1
    assert "webhook old: not configured any more, 1 events wait" in listed.err
