"""The real program is killed while mail is put into another account's queue: once, all the same."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from daemon.store.append_table import appends
from daemon.store.engine import Store
from daemon.store.tables import actions, cases, sightings
from tests.builders import raw_mail
from tests.flows.doomed_rounds import is_killed
from tests.flows.test_passing_on import Site, dovecot_site, entered
from tests.houses import on_fake, open_house, poll, settings_of
from tests.servers.dovecot import Dovecot
from tests.servers.fake_imap import FakeImap

POINTS = (
    "append.issued:2", "append.sent", "append.sent:3", "append.before_commit", "append.committed:2",
    "settle.moved",
)  # fmt: skip
RAWS = sorted(raw_mail(n, "alfa", size=3_000 * n) for n in range(4))

pytestmark = pytest.mark.server


@pytest.fixture(params=["dovecot", "fake without APPENDUID"])
def target(request: pytest.FixtureRequest, new_user: str) -> Site:
    """Give the mailbox with the queues."""
    if request.param == "dovecot":
        return dovecot_site(request.getfixturevalue("dovecot"), new_user)
    fake: FakeImap = request.getfixturevalue("fake_imap")
    fake.gives_appenduid = False
    return Site(desk=on_fake(fake), client=lambda: entered(fake))


def is_settled(store: Store) -> bool:
    """Tell whether everything was put there and passed on."""
    with store.read() as connection:
        found = [
            connection.execute(select(table.c.state, func.count()).group_by(table.c.state)).all()
            for table in (appends, actions)
        ]
    return found == [[("done", len(RAWS))]] * 2


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_leaves_one_copy_and_one_case(
    tmp_path: Path, dovecot: Dovecot, new_user: str, target: Site, point: str
) -> None:
    """Exactly one copy in the queue, the source passed on, nothing lost, no second case."""
    source = dovecot_site(dovecot, f"source-{new_user}")
    for raw in RAWS:
        source.put(raw, "(\\Flagged)")
    home = tmp_path / "house"
    settings = settings_of(home, {"desk": target.desk, "info": source.desk})
    assert is_killed(home, point)
    with open_house(settings) as house:
        for _ in range(300):
            poll(house, "info")
            poll(house, "desk")
            if is_settled(house.store):
                break
        assert is_settled(house.store)
        with house.store.read() as connection:
            outcomes = set(connection.scalars(select(sightings.c.outcome)))
            assert outcomes <= {"own"}
            assert connection.scalar(select(func.count()).select_from(cases)) == len(RAWS)
    assert sorted(target.raws("Queues/Alfa")) == sorted(source.raws("Passed on")) == RAWS
    assert {flags for _, flags, _ in target.mails("Queues/Alfa")} == {frozenset({"\\Flagged"})}
    assert source.raws("INBOX") == []
