"""A number of mails -> Backdesk at work on them: real servers, the real service, the digest."""

import imaplib
import logging
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from daemon import clock, config, jobs, log
from daemon.demo.office import PASSWORD, furnish
from daemon.demo.records import ACCOUNTS, DemoCount, Progress, Sample
from daemon.demo.samples import samples
from daemon.demo.screen import Screen
from daemon.demo.store import progress
from daemon.errors import BackdeskError, ConfigError
from daemon.jobs import House
from daemon.service import running

if TYPE_CHECKING:
    from daemon.demo.servers import Servers

LOOK_EVERY_S = 0.25
_ANSWERED = b"\r\nAuto-Submitted: auto-replied\r\n"
SETTLE_LIMIT_S = 120.0
PER_MAIL_S = 0.5  # beyond the limit, for each mail
PROGRAM, LOG = "backdesk", "backdesk.log"
_ToStream = logging.StreamHandler


def run(directory: Path | None, mails: int, *, once: bool, json: bool) -> DemoCount:
    """Run the demo and return what came of it.

    Args:
        directory: empty or new folder for configuration, log and store, which stays afterwards;
            None makes one among the temporary files.
        mails: how many of the samples are delivered; beyond their number they come again.
        once: end when all is settled; without a terminal it ends anyway. Else it stays until
            Ctrl-C.
        json: show nothing.

    Raises:
        ConfigError: the folder is in use, or the servers of the demo are not installed.
        BackdeskError: it does not come to an end.
    """
    if mails < 1:
        raise ConfigError(f"{mails} mails make no demo; give 1 or more")
    servers = _servers()
    chosen = directory or Path(tempfile.mkdtemp(prefix="backdesk-demo-"))
    servers.start()
    try:
        return _show(chosen.absolute(), servers, _screen(mails, json=json), once=once or json)
    finally:
        servers.stop()


def _servers() -> "Servers":
    try:
        from daemon.demo.servers import Servers  # noqa: PLC0415 - needs the extra `demo`
    except ImportError as error:
        raise ConfigError(
            f"the demo needs its servers ({error.name} is missing): pip install 'backdesk[demo]'"
        ) from error
    return Servers(ACCOUNTS, PASSWORD)


def _screen(mails: int, *, json: bool) -> Screen:
    return Screen(None if json else Console(), mails)


def _show(directory: Path, servers: "Servers", screen: Screen, *, once: bool) -> DemoCount:
    path = _furnished(directory, servers)
    screen.say(f"Starting the service with {path}")
    with _log_to(directory / LOG), running(config.load(path)) as engine:
        house = engine.house
        end = _watched(house, servers, screen)
        screen.end(end)
        _digest(house, servers, screen)
        screen.say(*_further(path))
        if not once and sys.stdout.isatty():
            _stay(screen)
        return _count(directory, end, len(servers.received))


def _furnished(directory: Path, servers: "Servers") -> Path:
    yesterday = clock.now().date() - timedelta(days=1)
    return furnish(directory, (servers.imap_port, servers.smtp_port), yesterday)


@contextmanager
def _log_to(file: Path) -> Iterator[None]:
    """Send the service's log into a file, since the screen belongs to the table."""
    with file.open("a", encoding="utf-8") as stream:
        log.set_up("json")
        handlers = [each for each in logging.getLogger().handlers if isinstance(each, _ToStream)]
        before = [handler.setStream(stream) for handler in handlers]
        try:
            yield
        finally:
            for handler, old in zip(handlers, before, strict=True):
                handler.setStream(old or sys.stderr)


def _watched(house: House, servers: "Servers", screen: Screen) -> Progress:
    """Deliver the mails and show how they are settled; return how things are at the end."""
    delivery = _Delivery(servers, screen.mails)
    limit = clock.monotonic() + SETTLE_LIMIT_S + PER_MAIL_S * screen.mails
    with screen:
        delivery.start()
        while True:
            now = progress(house.store)
            screen.show(now, delivery.delivered)
            if delivery.error:
                raise BackdeskError(f"the samples are not delivered: {delivery.error}")
            if now.is_settled(screen.mails):
                return now
            if clock.monotonic() > limit:
                raise BackdeskError(f"the demo does not settle; see {LOG} in its folder")
            delivery.join(LOOK_EVERY_S)


class _Delivery:
    """Delivers the samples on a thread of its own, so that the table can fill meanwhile."""

    def __init__(self, servers: "Servers", mails: int) -> None:
        self.delivered = 0
        self.error: Exception | None = None
        self._servers, self._mails = servers, mails
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def join(self, timeout_s: float) -> None:
        """Wait a while, whether or not it has ended."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        else:
            threading.Event().wait(timeout_s)

    def _run(self) -> None:
        try:
            self._servers.deliver(self._counted(), clock.now())
        except (BackdeskError, OSError, imaplib.IMAP4.error) as error:
            self.error = error

    def _counted(self) -> Iterator[Sample]:
        for sample in samples(self._mails):
            yield sample
            self.delivered += 1


def _digest(house: House, servers: "Servers", screen: Screen) -> None:
    """Write the day's digest now instead of at its hour, send it, and show it as it arrived."""
    jobs.write_digests(house, early=True)
    jobs.send_due(house)
    answered = [mail for mail in servers.received if _ANSWERED in mail]
    digests = [mail for mail in servers.received if _ANSWERED not in mail]
    if answered:
        screen.say("", f"One of {len(answered)} customers who were answered by return:")
        screen.mail(answered[0])
    if digests:
        screen.say("", f"The digest, as it reached {len(digests)} people:")
        screen.mail(digests[0])


def _stay(screen: Screen) -> None:
    """Stay until Ctrl-C."""
    screen.say("", "The service goes on. Ctrl-C ends it.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        screen.say("Ending.")


def _further(path: Path) -> Sequence[str]:
    """Return the commands that show more, with the program as it was called."""
    program = sys.argv[0] if Path(sys.argv[0]).name == PROGRAM else PROGRAM
    asked = ("status", "queue list", "explain 1", "show 1", "reconcile")
    return (
        "",
        "To look further, in another terminal (reconcile needs the servers, the others do not):",
        *(f"  {program} {command} --config {path}" for command in asked),
        f"  less {path.parent / LOG}",
    )


def _count(directory: Path, end: Progress, sent: int) -> DemoCount:
    by_label, by_queue = Counter[str](), Counter[str]()
    for row in end.rows:
        by_label[row.label] += row.number
        by_queue[row.queue or "inbox"] += row.number
    return DemoCount(
        mails=end.received,
        by_label=dict(by_label),
        by_queue=dict(by_queue),
        quarantined=end.quarantined,
        sent=sent,
        directory=str(directory),
    )
