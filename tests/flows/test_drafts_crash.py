"""A draft is laid down once, whatever ends in the middle."""

from hashlib import sha256
from pathlib import Path

import pytest

from daemon import clock
from daemon.intake.appends import Draft
from daemon.jobs import House
from daemon.store.append_table import appends
from daemon.store.tables import blobs
from tests.builders import raw_mail
from tests.flows.doomed_rounds import is_killed
from tests.flows.passing import Both, column, states
from tests.flows.test_passing_on import Site, dovecot_site, entered
from tests.houses import on_fake, open_house, poll, settings_of
from tests.servers.fake_imap import FakeImap, Fault, Kind

LAID = b"Subject: risposta\r\nMessage-ID: <c1.draft@desk.example>\r\n\r\nGrazie.\r\n"
POINTS = ("append.issued", "append.sent", "append.before_commit", "append.committed")


def lay_down(house: House, account: str) -> None:
    """Enter a draft in the first case."""
    digest = sha256(LAID).digest()
    (place,) = house.packs.append([(digest, LAID)])
    draft = Draft(
        key="draft:1", case_id=1, account=account, target="Drafts", digest=digest,
        size=len(LAID), message_id="<c1.draft@desk.example>",
    )  # fmt: skip
    row = {"digest": digest, "pack": place.pack, "offset": place.offset, "length": place.length}
    with house.store.write() as connection:
        house.store.insert_new(connection, blobs, [row])
        assert house.actions.appends.plan_draft(connection, draft, clock.now())


@pytest.fixture(params=["dovecot", "fake without APPENDUID"])
def site(request: pytest.FixtureRequest, new_user: str) -> Site:
    """Give the mailbox that has the drafts."""
    if request.param == "dovecot":
        return dovecot_site(request.getfixturevalue("dovecot"), new_user)
    fake: FakeImap = request.getfixturevalue("fake_imap")
    fake.gives_appenduid = False
    return Site(desk=on_fake(fake), client=lambda: entered(fake))


@pytest.mark.server
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_leaves_one_draft(tmp_path: Path, site: Site, point: str) -> None:
    """Before, in the middle of and after the command; the folder is searched by Message-ID."""
    site.put(raw_mail(1, "nota"))
    home = tmp_path / "house"
    settings = settings_of(home, {"info": site.desk})
    with open_house(settings) as house:
        poll(house)
        lay_down(house, "info")
    assert is_killed(home, point)
    with open_house(settings) as house:
        for _ in range(300):
            poll(house)
            if states(house, appends) == ["done"]:
                break
        assert states(house, appends) == ["done"]
    ((raw, flags, _),) = site.mails("Drafts")
    assert raw == LAID
    assert flags == {"\\Draft", "\\Seen"}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.CUT, command="LITERAL", size=20),
        Fault(kind=Kind.CUT, command="APPEND", size=0),
        Fault(kind=Kind.DROP, command="APPEND"),
        Fault(kind=Kind.NO, command="APPEND", text="[UNAVAILABLE] later"),
        Fault(
            kind=Kind.ACT, command="APPEND", act=lambda store: store.delete("Drafts")
        ),  # somebody takes the folder away
    ],
)
def test_a_broken_connection_leaves_one_draft(tmp_path: Path, both: Both, fault: Fault) -> None:
    """In the middle of it, after it without an answer, and where the folder is gone."""
    both.receive(raw_mail(1, "nota"))
    with both.house(tmp_path) as house:
        both.rounds(house, 1)
        lay_down(house, "desk")
        both.target.fault(fault)
        both.until(house, appends, "done")
        both.rounds(house)
        assert list(both.target.store.raws("Drafts").values()) == [LAID]


def test_a_draft_that_was_sent_before_we_knew_is_not_laid_down_again(
    tmp_path: Path, both: Both
) -> None:
    """The answer to the command is lost, and the clerk is quicker than our next look."""
    both.receive(raw_mail(1, "nota"))

    def send(store) -> None:
        for uid in list(store.raws("Drafts")):
            store.remove("Drafts", uid, "EXPUNGE")
        store.add("INBOX", LAID)  # where a copy of it is read

    with both.house(tmp_path) as house:
        both.rounds(house, 1)
        lay_down(house, "desk")
        both.target.fault(Fault(kind=Kind.CUT, command="APPEND", size=0))
        both.target.fault(Fault(kind=Kind.ACT, command="LOGIN", nth=2, act=send))
        both.until(house, appends, "superseded")
        assert column(house, appends.c.note) == ["a person has sent it already"]
        assert both.target.store.raws("Drafts") == {}
