"""The service as systemd runs it: ready, watched, reloaded, stopped, and never disturbed."""

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select

from daemon.store.engine import open_store, sqlite_url
from daemon.store.tables import outgoing
from tests.servers.fake_imap import FakeImap, Fault, Kind
from tests.servers.loopback import free_port, open_directory
from tests.servers.smtp_sink import SmtpSink
from tests.services import RunningService, configuration, furnish, running, until

SOON_S = 10.0  # the bar for a mail in a quiet account
STOP_S = 20.0
pytestmark = pytest.mark.slow

CANARIES = ("quiet-harbour-7", "Zxqvsubject", "zxqv.sender", "Zxqvbody", "Zxqvname")
MISTAKES = """
[service]
timezone = "Europe/Nowhere"
language = "xx"
workers = -1
log = "loud"
colour = "blue"

[limits]
batch_mails = "many"
batch_bytes = "8 MegaBites"

[intake]
poll_s = -5
sweep_at = "25:00"

[accounts.info]
host = "mail server.example"
port = 99999
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Give an empty folder with a short name, for a socket stands in it."""
    with open_directory("service") as folder:
        yield folder


@pytest.fixture
def new_server() -> Iterator[Callable[[], FakeImap]]:
    """Give a function that starts one more IMAP server."""
    with ExitStack() as stack:

        def start() -> FakeImap:
            server = FakeImap("Queues/All", "Queues/Other")
            server.start()
            stack.callback(server.stop)
            return server

        yield start


def mail(number: int = 1) -> bytes:
    """Return a mail whose every part has a word that no log may show."""
    return (
        f"From: Zxqvname <zxqv.sender{number}@nord.example>\r\nTo: info@aurora.example\r\n"
        f"Subject: Zxqvsubject {number}\r\nMessage-ID: <{number}@nord.example>\r\n"
        "Date: Mon, 5 Jan 2026 10:00:00 +0100\r\n\r\n"
        f"Zxqvbody: please send us the offer number {number} that we spoke about yesterday.\r\n"
    ).encode()


def settled(server: FakeImap, folder: str = "Queues/All") -> int:
    """Return how many mails stand in a queue."""
    return len(server.store.raws(folder))


def feeds_stop(service: RunningService) -> Callable[[], bool]:
    """Return what tells that a second has passed since the watchdog was last fed."""

    def stopped() -> bool:
        last = [one.at for one in service.notify.notices if "WATCHDOG" in one.fields][-1]
        return monotonic() - last > 1.0

    return stopped


def test_a_mail_in_a_quiet_account_is_settled_within_seconds(
    home: Path, fake_imap: FakeImap
) -> None:
    """With an hour between polls, IDLE brings a new mail into its queue within seconds."""
    fake_imap.store.create("Queues/All")
    text = configuration({"info": fake_imap.port}, extra="")
    text = text.replace("[intake]", "[intake]\npoll_s = 3600")
    with running(home, text) as service:
        until(lambda: "IDLE" in fake_imap.texts, "the account waits in IDLE")
        fake_imap.store.add("INBOX", mail())
        assert until(lambda: settled(fake_imap) == 1, "settled") < SOON_S
        service.stop()
    assert service.notify.count("STOPPING") == 1


def test_the_watchdog_is_fed_until_a_worker_hangs(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """One account's thread hangs while another's mail goes on: systemd hears nothing any more."""
    hanging, busy = new_server(), new_server()
    text = configuration({"info": hanging.port, "busy": busy.port}, service="stall_s = 2")
    hang = {
        "WATCHDOG_USEC": "600000",
        "BACKDESK_FAILPOINT": "receive.packed",
        "BACKDESK_FAILPOINT_ACTION": "hang",
    }
    with running(home, text, hang) as service:
        service.notify.wait("WATCHDOG", count=5)
        hanging.store.add("INBOX", mail())
        until(lambda: any("BODY.PEEK" in each for each in hanging.texts), "the mail is fetched")
        number = 1

        def stalled() -> bool:
            nonlocal number
            number += 1
            busy.store.add("INBOX", mail(number))
            return bool(service.logged("stalled"))

        until(stalled, "the stall is noticed")
        until(feeds_stop(service), "the watchdog is not fed")
        assert settled(hanging) == 0


def test_a_good_configuration_takes_effect_at_sighup(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """SIGHUP: systemd is told, the new rule decides, and mail goes on being settled."""
    server = new_server()
    text = configuration({"info": server.port})
    with running(home, text) as service:
        service.reload(text.replace('queue = "all"', 'queue = "other"'))
        service.ready(2)
        server.store.add("INBOX", mail())
        until(lambda: settled(server, "Queues/Other") == 1, "settled by the new rule")
        told = [one.fields for one in service.notify.notices]
        reloading = next(place for place, one in enumerate(told) if "RELOADING" in one)
        assert int(told[reloading]["MONOTONIC_USEC"]) > 0
        assert any("READY" in one for one in told[reloading + 1 :])
        service.stop()


def test_a_configuration_with_ten_mistakes_changes_nothing(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """SIGHUP with mistakes: each is logged with file and line, the old rules go on."""
    server = new_server()
    with running(home, configuration({"info": server.port})) as service:
        service.reload(MISTAKES)
        until(lambda: len(service.logged("reload_refused")) >= 10, "ten mistakes are logged")
        assert all("backdesk.toml:" in one["problem"] for one in service.logged("reload_refused"))
        server.store.add("INBOX", mail())
        until(lambda: settled(server) == 1, "settled by the old rule")
        assert service.notify.count("READY") == 1
        service.stop()


def test_a_configuration_that_cannot_be_put_to_work_is_undone(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """A port that somebody else holds: the service returns to what worked, and goes on."""
    server = new_server()
    text = configuration({"info": server.port})
    with running(home, text) as service:
        service.reload(f'{text}\n[metrics]\nlisten = "127.0.0.1:{server.port}"\n')
        service.ready(2)
        assert service.logged("reload_undone")
        server.store.add("INBOX", mail())
        until(lambda: settled(server) == 1, "settled")
        service.stop()


def test_broken_accounts_disturb_nobody_and_the_stop_is_quick(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """Three silent servers and a wrong password: the good account settles, SIGTERM takes < 20 s."""
    good, refused = new_server(), new_server()
    refused.users = {"desk": "another-word"}
    accounts = {"info": good.port, "refused": refused.port}
    for number in range(3):
        silent = new_server()
        silent.fault(Fault(kind=Kind.SILENCE, times=0))
        accounts[f"silent{number}"] = silent.port
    with running(home, configuration(accounts)) as service:
        until(lambda: "IDLE" in good.texts, "the good account waits in IDLE")
        good.store.add("INBOX", mail())
        assert until(lambda: settled(good) == 1, "settled") < SOON_S
        until(lambda: service.logged("backed_off"), "the refused login backs off")
        assert {one["account"] for one in service.logged("backed_off")} == {"refused"}
        assert service.stop() < STOP_S


def test_what_is_in_hand_is_finished_at_sigterm(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """A stop in the middle of a full mailbox: exit 0; the next start settles every mail once."""
    server = new_server()
    for number in range(300):
        server.store.add("INBOX", mail(number))
    text = configuration({"info": server.port}, extra="\n[limits]\nbatch_mails = 25\n")
    with running(home, text) as service:
        until(lambda: any("BODY.PEEK" in each for each in server.texts), "fetching has begun")
        assert service.stop() < STOP_S
    with running(home, text) as service:
        until(lambda: settled(server) == 300, "all are settled")
        service.stop()
    assert len(set(server.store.raws("Queues/All").values())) == 300
    assert not service.logged("quarantined")


def test_the_figures_are_served_and_the_log_tells_no_secret(
    home: Path, new_server: Callable[[], FakeImap]
) -> None:
    """Prometheus gets counts; no log line, each one JSON, holds a password or a word of a mail."""
    server, refused, port = new_server(), new_server(), free_port()
    refused.users = {"desk": "another-word"}
    text = configuration(
        {"info": server.port, "refused": refused.port},
        service='log_level = "debug"',
        extra=f'\n[metrics]\nlisten = "127.0.0.1:{port}"\n',
    )
    with running(home, text) as service:
        server.store.add("INBOX", mail())
        server.store.add("INBOX", b"Content-Type: multipart/mixed; boundary=Zxqvbody\r\n\r\n" * 2)
        until(lambda: settled(server) == 2, "settled")
        until(lambda: service.logged("backed_off"), "the refused login is logged")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
            figures = answer.read().decode()
        service.stop()
    assert 'backdesk_mails_total{account="info",end="stored"} 2.0' in figures
    assert 'backdesk_account_failures{account="refused"}' in figures
    for line in service.log:
        assert not [word for word in CANARIES if word in str(line)], line


def test_the_digest_is_written_once_a_day_over_restarts(
    home: Path, new_server: Callable[[], FakeImap], smtp_sink: SmtpSink
) -> None:
    """Three starts on one date: one row, one mail per recipient."""
    server = new_server()
    text = configuration(
        {"info": server.port},
        extra=f"""
[relays.main]
host = "127.0.0.1"
port = {smtp_sink.port}
security = "plain"

[digest]
at = "00:00"
to = ["team@aurora.example"]
sender = "desk@aurora.example"
""",
    )
    for _ in range(3):
        with running(home, text, {"WATCHDOG_USEC": "600000"}) as service:
            until(lambda: digests(home) == 1, "the digest is written")
            until(lambda: smtp_sink.mails, "the digest is sent")
            service.notify.wait("WATCHDOG", count=10)
            service.stop()
    assert digests(home) == 1
    assert len(smtp_sink.mails) == 1


def digests(home: Path) -> int:
    """Return how many outgoing mails there are."""
    store = open_store(sqlite_url(home / "var"))
    with store.read() as connection:
        number = connection.scalar(select(func.count()).select_from(outgoing)) or 0
    store.close()
    return number


def test_a_broken_configuration_is_refused_at_the_start(home: Path) -> None:
    """Ten mistakes at the start: exit status 2, and never ready."""
    furnish(home, MISTAKES)
    service = RunningService(home, {})
    try:
        assert service.process.wait(60) == 2
        assert service.notify.count("READY") == 0
    finally:
        service.close()
