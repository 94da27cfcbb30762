"""Two accounts, twenty mails waiting in the one on the faulty server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.pair import TWENTY, Pair
from tests.servers.fake_imap import FakeImap


@pytest.fixture
def quiet() -> Iterator[FakeImap]:
    """Give the server of the account that must not notice anything."""
    server = FakeImap()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def pair(tmp_path: Path, fake_imap: FakeImap, quiet: FakeImap) -> Iterator[Pair]:
    """Give the house, and twenty mails waiting in the faulty account."""
    pair = Pair(tmp_path / "house", fake_imap, quiet)
    pair.add(*TWENTY)
    with pair.opened():
        yield pair
