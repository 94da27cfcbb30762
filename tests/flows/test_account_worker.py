"""An account's thread outlives what goes wrong in it, and says so."""

import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import select

from daemon.engine.worker import AccountWorker
from daemon.errors import StoreBusy
from daemon.jobs import House
from daemon.store.leases import Lease, Leases
from daemon.store.tables import accounts, mails
from tests.builders import raw_mail
from tests.houses import on_fake, open_house, settings_of
from tests.servers.fake_imap import FakeImap

ENDED_S = 20.0


class StumblingLeases:
    """Leases whose first taking fails as told; notes when the next one has been given back."""

    def __init__(self, leases: Leases, first: Exception) -> None:
        self.returned = threading.Event()
        self._leases, self._first = leases, [first]

    def take(self, name: str, wait: timedelta = timedelta()) -> Lease:
        """Fail once, then take it."""
        if self._first:
            raise self._first.pop()
        return self._leases.take(name, wait)

    def release(self, lease: Lease) -> None:
        """Give it back."""
        self._leases.release(lease)
        self.returned.set()


@pytest.fixture
def house(tmp_path: Path, fake_imap: FakeImap) -> Iterator[House]:
    """Give a house with one mail waiting."""
    fake_imap.store.add("INBOX", raw_mail(1, "alfa"))
    with open_house(settings_of(tmp_path / "house", {"info": on_fake(fake_imap)})) as opened:
        yield opened


def run(house: House, first: Exception) -> AccountWorker:
    """Run the account's thread until the mail was read, and stop it."""
    stumbling = StumblingLeases(house.leases, first)
    worker = AccountWorker(replace(house, leases=cast("Leases", stumbling)), "info")
    worker.start()
    assert read_at_last(house)
    worker.stop()
    assert worker.join(ENDED_S)
    assert stumbling.returned.is_set()
    return worker


def read_at_last(house: House) -> bool:
    """Wait until the mail has been read."""
    waiting = threading.Event()
    for _ in range(int(ENDED_S / 0.05)):
        with house.store.read() as connection:
            if connection.scalars(select(mails.c.state)).all() == ["read"]:
                return True
        waiting.wait(0.05)
    return False


def test_an_unexpected_error_outside_a_round_is_an_alarm_and_not_the_end(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """The thread waits, goes on, and reads the mail; the log has it with its traceback."""
    with caplog.at_level(logging.ERROR):
        run(house, RuntimeError("the driver has lost its mind"))
    (alarm,) = (record for record in caplog.records if record.levelno == logging.ERROR)
    assert alarm.__dict__["action"] == "account_failed"
    assert alarm.__dict__["account"] == "info"
    assert alarm.exc_info


def test_a_store_that_is_busy_at_the_start_is_tried_again(house: House) -> None:
    """The failure is noted for `status`, and the next round clears it."""
    run(house, StoreBusy("database is locked"))
    with house.store.read() as connection:
        row = connection.execute(select(accounts)).one()
    assert row.last_error == "database is locked"
    assert row.failures == 0
    assert row.last_success_at > row.last_error_at
