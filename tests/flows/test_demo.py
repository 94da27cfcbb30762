"""`backdesk demo`: the sample mails go all the way, with servers of their own."""

import hashlib
import json
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from daemon import config
from daemon.demo.office import furnish
from daemon.demo.records import ACCOUNTS
from daemon.demo.samples import samples
from daemon.errors import ConfigError

ROOT = Path(__file__).parents[2]
LIMIT_S = 200
GO_LIVE = date(2026, 11, 1)


def demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "daemon", "demo", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )


@pytest.mark.slow
@pytest.mark.server
def test_every_sample_is_read_sorted_and_reported(tmp_path: Path) -> None:
    """All 60 are settled, customers and staff are told, and stdout is one JSON document."""
    done = demo("--once", "--json", "--dir", str(tmp_path / "demo"))
    assert (done.returncode, done.stderr) == (0, "")
    count = json.loads(done.stdout)
    assert (count["mails"], count["quarantined"]) == (60, 0)
    assert 20 < count["sent"] <= 3 + count["by_label"]["complaint"] + count["by_label"]["request"]
    assert sum(count["by_label"].values()) == sum(count["by_queue"].values()) == 60
    assert {"complaint", "request", "newsletter", "automatic"} <= set(count["by_label"])


@pytest.mark.slow
@pytest.mark.server
def test_without_a_terminal_the_demo_ends_and_shows_the_digest(tmp_path: Path) -> None:
    """Plain lines, the digest's subject, and commands for a closer look that work afterwards."""
    directory = tmp_path / "demo"
    done = demo("--mails", "9", "--dir", str(directory))
    assert (done.returncode, done.stderr) == (0, "")
    assert "9 of 9 delivered, 9 received" in done.stdout
    assert "customers who were answered by return" in done.stdout
    assert "Subject: Backdesk" in done.stdout
    assert "\x1b" not in done.stdout
    assert f"backdesk status --config {directory / 'backdesk.toml'}" in done.stdout
    assert config.load(directory / "backdesk.toml").accounts.keys() == set(ACCOUNTS)


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    """Nothing is overwritten; the exit code says wrong usage."""
    (tmp_path / "letter.txt").write_text("keep me")
    done = demo("--once", "--dir", str(tmp_path))
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_the_configuration_of_the_demo_has_no_mistakes(tmp_path: Path) -> None:
    """It loads, each account has its queues and rules, and its secret is nobody else's to read."""
    path = furnish(tmp_path / "demo", (10143, 10025), GO_LIVE)
    settings = config.load(path)
    queues = Counter(queue.account for queue in settings.queues.values())
    assert queues == dict.fromkeys(ACCOUNTS, 4)
    assert {rule.queue for rule in settings.rules if rule.queue} == set(settings.queues)
    assert {file.stat().st_mode & 0o077 for file in (path.parent / "secrets").iterdir()} == {0}


def test_a_furnished_folder_is_not_furnished_again(tmp_path: Path) -> None:
    """A second demo in the same folder would count the mails of the first."""
    furnish(tmp_path, (10143, 10025), GO_LIVE)
    with pytest.raises(ConfigError, match="not empty"):
        furnish(tmp_path, (10143, 10025), GO_LIVE)


@pytest.mark.parametrize("number", [1, 3, 30, 60, 61, 200])
def test_as_many_different_mails_come_as_were_asked_for(number: int) -> None:
    """Also when the samples come again: no two have the same bytes."""
    mails = [sample.raw for sample in samples(number)]
    assert len({hashlib.sha256(raw).digest() for raw in mails}) == len(mails) == number


def test_samples_that_come_again_have_message_ids_of_their_own() -> None:
    """Else their content digests would make copies of them."""
    assert b"\nMessage-ID: <again-2." in [*samples(121)][120].raw


def test_both_accounts_get_mail_early() -> None:
    """A short demo shows more than one mailbox."""
    assert {sample.account for sample in samples(12)} == set(ACCOUNTS)
