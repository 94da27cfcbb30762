"""Killed at any moment, with or without the power going, the house loses and doubles nothing."""

import os
from pathlib import Path

import pytest

from tests.faults.kills import (
    KilledHouse,
    Layer,
    failpoints,
    invented_mails,
    kill_through,
    portions,
)
from tests.faults.undo import undo
from tests.servers.dovecot import Dovecot
from tests.servers.loopback import open_directory

KILLS = int(os.environ.get("KILLS", "20"))
MUTANT_KILLS = int(os.environ.get("MUTANT_KILLS", "8"))

pytestmark = [pytest.mark.server, pytest.mark.faults, pytest.mark.timeout(7200)]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Give the compiled power-loss layer."""
    return undo.build(tmp_path)


def furnished(dovecot: Dovecot, user: str, home: Path, layer: Layer | None = None) -> KilledHouse:
    """Return a house with its configuration written."""
    house = KilledHouse(dovecot=dovecot, user=user, home=home, layer=layer)
    house.furnish()
    return house


def test_no_kill_loses_or_doubles_a_mail(dovecot: Dovecot, new_user: str) -> None:
    """After kills at failpoints and random moments, server and ledger agree on every mail."""
    with open_directory("kills") as home:
        house = furnished(dovecot, new_user, home / "house")
        mails = invented_mails(max(KILLS * 25, 400))
        kill_through(house, portions(mails, KILLS), KILLS, seed=1)
        assert house.verdict() == []
        if 4 * len(failpoints()) <= KILLS:
            assert set(failpoints()) - set(house.kills) <= RARE


RARE = {
    "settle.copied",  # only where the server has UIDPLUS and no MOVE
    "settle.removed",
    "read.begun",  # only after a kill that left mails unread
}


def on_layer(home: Path, library: Path, ignore: str = "") -> Layer:
    """Return the layer round the data folder of the house below `home`."""
    return Layer(
        library=library, root=home / "house" / "var", journal=home / "journal", ignore=ignore
    )


def test_no_power_cut_loses_or_doubles_a_mail(
    dovecot: Dovecot, new_user: str, library: Path
) -> None:
    """The same, with every unsynced write taken away at each kill."""
    with open_directory("power") as home:
        house = furnished(dovecot, new_user, home / "house", on_layer(home, library))
        mails = invented_mails(max(KILLS * 20, 300), seed=8)
        kill_through(house, portions(mails, KILLS), KILLS, seed=2)
        assert house.verdict() == []


MOMENTS = ("settle.moved", "receive.committed", "settle.committed", "record.committed")
"""When the power goes with a promise just made: a mail moved, or a batch that is ours."""


@pytest.mark.parametrize("ignore", [r"\.pack$", r"^packs/$", r"-wal$", r"^/$"])
def test_a_deleted_fsync_is_noticed(
    dovecot: Dovecot, new_user: str, library: Path, ignore: str
) -> None:
    """Without the fsync of packs, their folder, the WAL or the data folder, mail is lost.

    Which shows that the test above can fail, and that each of these fsyncs is needed.
    """
    with open_directory("mutant") as home:
        house = furnished(dovecot, new_user, home / "house", on_layer(home, library, ignore))
        mails = invented_mails(MUTANT_KILLS * 20, seed=9)
        try:
            kill_through(house, portions(mails, MUTANT_KILLS), MUTANT_KILLS, 3, MOMENTS)
        except AssertionError:
            return
        assert house.verdict() != []
