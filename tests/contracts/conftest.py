"""A store of each engine, and the rooms' tables on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.store.engine import Store
from tests.builders import ENGINES, chosen_store
from tests.contracts.books import Books
from tests.contracts.register import Register


@pytest.fixture(params=ENGINES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Give an empty store of each engine."""
    opened = chosen_store(request, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def books(store: Store) -> Books:
    """Give ledger, results and actions of an empty store, under the lease of account `info`."""
    return Books(store)


@pytest.fixture
def register(store: Store) -> Register:
    """Give an empty register."""
    return Register(store)
