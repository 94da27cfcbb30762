"""Two scripted mailboxes, for the flows that have a queue in another account."""

from collections.abc import Iterator

import pytest

from tests.flows.passing import Both
from tests.servers.fake_imap import FakeImap


@pytest.fixture
def both(fake_imap: FakeImap) -> Iterator[Both]:
    """Give the mailbox that mail comes to, and the one with the queues."""
    source = FakeImap()
    source.start()
    yield Both(source=source, target=fake_imap)
    source.stop()
