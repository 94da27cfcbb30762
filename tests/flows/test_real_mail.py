"""Real mail of several folders goes through a Dovecot and the command line, byte for byte."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from backports import zstd
from sqlalchemy import select

from daemon.store.engine import open_store, sqlite_url
from daemon.store.packs import Location, Packs
from daemon.store.tables import blobs, deliveries, folders, mails
from tests.servers.dovecot import Dovecot

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data"
SETS = {
    "INBOX": "spamassassin",
    "Lists": "vger_lists",
    "News": "markup_newsletters",
    "Old": "enron_categories",
}
COUNT = 5363

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(900)]

if not REAL.is_dir():
    pytest.skip("the real mail is not part of the project", allow_module_level=True)


def real_mails(name: str) -> Iterator[bytes]:
    """Yield the mails of one set as published."""
    with (
        zstd.open(REAL / name / "mail.tar.zst", "rb") as packed,
        tarfile.open(fileobj=packed, mode="r|") as archive,
    ):
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)):
                yield file.read()


def backdesk(home: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command line in a house."""
    return subprocess.run(
        [sys.executable, "-m", "daemon", *arguments, "--config", "backdesk.toml"],
        cwd=home,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot, new_user: str) -> Path:
    """Give a house that observes an account with all the real mail."""
    for folder, name in SETS.items():
        dovecot.fill(new_user, folder, list(real_mails(name)))
    (tmp_path / "password").write_text(dovecot.password)
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "backdesk.toml").write_text(
        f"""
[service]
timezone = "Europe/Rome"
[accounts.info]
host = "{dovecot.host}"
port = {dovecot.port}
security = "plain"
username = "{new_user}"
password_file = "password"
folders = {json.dumps(list(SETS))}
"""
    )
    return tmp_path


def held(home: Path) -> dict[tuple[str, int], str]:
    """Return the digest of the bytes in the packs by folder and UID."""
    store, packs = open_store(sqlite_url(home / "var")), Packs(home / "var" / "packs")
    query = (
        select(folders.c.name, deliveries.c.uid, blobs)
        .join(folders, folders.c.id == deliveries.c.folder_id)
        .join(mails, mails.c.id == deliveries.c.mail_id)
        .join(blobs, blobs.c.digest == mails.c.digest)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    store.close()
    return {
        (row.name, row.uid): hashlib.sha256(
            packs.read(Location(pack=row.pack, offset=row.offset, length=row.length), row.digest)
        ).hexdigest()
        for row in rows
    }


def test_all_real_mail_is_taken_and_given_back_byte_for_byte(
    house: Path, dovecot: Dovecot, new_user: str
) -> None:
    """One round takes every mail, reconciliation misses none, the bytes are the server's."""
    polled = backdesk(house, "poll", "--once", "--json")
    assert polled.returncode == 0, polled.stderr[-2000:]
    assert b"Traceback" not in polled.stderr
    accounts = json.loads(polled.stdout)["accounts"]
    assert sum(line["fetched"] for line in accounts) == COUNT

    reconciled = backdesk(house, "reconcile", "--json")
    assert reconciled.returncode == 0
    lines = json.loads(reconciled.stdout)["folders"]
    assert {line["folder"]: line["missing"] for line in lines} == dict.fromkeys(SETS, 0)

    server = {
        (folder, uid): hashlib.sha256(raw).hexdigest()
        for folder in SETS
        for uid, raw in dovecot.raws(new_user, folder).items()
    }
    assert held(house) == server
    some = dovecot.raws(new_user, "News")
    for raw in list(some.values())[:3]:
        shown = backdesk(house, "show", hashlib.sha256(raw).hexdigest(), "--raw")
        assert shown.stdout == raw


def test_an_imported_file_is_given_back_as_it_was(tmp_path: Path) -> None:
    """`import` keeps the very bytes of the file, whatever its line ends."""
    (tmp_path / "backdesk.toml").write_text('[service]\ntimezone = "Europe/Warsaw"\n')
    old = tmp_path / "old"
    old.mkdir()
    raws = [raw for _, raw in zip(range(5), real_mails("vger_lists"), strict=False)]
    for number, raw in enumerate(raws):
        (old / f"{number}").write_bytes(raw)
    assert backdesk(tmp_path, "import", "old").returncode == 0
    for raw in raws:
        shown = backdesk(tmp_path, "show", hashlib.sha256(raw).hexdigest(), "--raw")
        assert shown.stdout == raw
