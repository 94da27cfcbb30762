"""A mail that takes the whole service down is set aside at the third restart, and only that one."""

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from daemon.store.engine import open_store, sqlite_url
from daemon.store.tables import mails, quarantine
from tests.servers.fake_imap import FakeImap
from tests.servers.loopback import open_directory
from tests.services import RunningService, configuration, furnish, until

MAILS = 200
STARTS = 4  # one, and three restarts


@pytest.fixture
def home() -> Iterator[Path]:
    """Give an empty folder with a short name."""
    with open_directory("doom") as folder:
        yield folder


def mail(number: int, extra: str = "") -> bytes:
    """Return one of the mails."""
    return (
        f"From: Irene Moro <irene@vela.example>\r\nTo: info@porto.example\r\n"
        f"Subject: Posto barca {number}\r\nMessage-ID: <{number}@vela.example>\r\n{extra}\r\n"
        f"Buongiorno, vorrei sapere se il posto barca {number} è ancora libero.\r\n"
    ).encode()


def states(home: Path) -> Counter[str]:
    """Return how many mails of the ledger are in which state."""
    store = open_store(sqlite_url(home / "var"))
    with store.read() as connection:
        found = Counter(connection.scalars(select(mails.c.state)))
    store.close()
    return found


def reasons(home: Path) -> list[str]:
    """Return why mails were set aside."""
    store = open_store(sqlite_url(home / "var"))
    with store.read() as connection:
        found = list(connection.scalars(select(quarantine.c.reason)))
    store.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("place", [0, 100, 199])
def test_a_mail_that_takes_the_service_down_is_set_aside_at_the_third_restart(
    home: Path, fake_imap: FakeImap, place: int
) -> None:
    """The service dies three times over it; then 199 are stored, and only that one set aside."""
    fake_imap.store.create("Queues/All")
    for number in range(MAILS):
        fake_imap.store.add("INBOX", mail(number, "X-Doom: all\r\n" if number == place else ""))
    text = configuration({"info": fake_imap.port})
    furnish(home, text.replace("workers = 1", "workers = 2"))
    for _ in range(STARTS - 1):
        service = RunningService(home, {}, module="tests.faults.doomed_service")
        try:
            assert service.process.wait(120) == -signal.SIGKILL
        finally:
            service.close()
    service = RunningService(home, {}, module="tests.faults.doomed_service")
    try:
        until(lambda: len(fake_imap.store.raws("Queues/All")) == MAILS - 1, "the rest is settled")
        service.stop()
    finally:
        service.close()
    assert states(home) == {"read": MAILS - 1, "quarantined": 1}
    assert reasons(home) == ["interrupted"]
    assert list(fake_imap.store.raws("INBOX").values()) == [mail(place, "X-Doom: all\r\n")]
