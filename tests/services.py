"""A configuration -> the real service in a process of its own, watched as systemd would."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from tests.servers.notify import NotifySocket

ROOT = Path(__file__).parents[1]
PASSWORD = "quiet-harbour-7"
PATIENCE_S = 180.0  # for what takes seconds on a machine with nothing else to do
LOOK_S = 0.05


class RunningService:
    """`backdesk run` on the configuration in a folder.

    Attributes:
        notify: what it tells systemd.
        process: the service.
    """

    def __init__(self, home: Path, environment: Mapping[str, str], module: str = "daemon") -> None:
        self.home = home
        (home / "notify").unlink(missing_ok=True)
        self.notify = NotifySocket(home)
        self.notify.start()
        self._stderr = home / "stderr.txt"
        with self._stderr.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, "run", "--config", "backdesk.toml"],
                cwd=home,
                env=os.environ
                | {"PYTHONPATH": str(ROOT), "NOTIFY_SOCKET": str(self.notify.path)}
                | environment,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every line it has logged, over all starts in this folder; all of them JSON."""
        text = self._stderr.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def logged(self, action: str) -> list[dict[str, Any]]:
        """Return the log lines of one kind."""
        return [line for line in self.log if line.get("action") == action]

    def ready(self, count: int = 1) -> None:
        """Wait until it has said so often that it is ready."""
        until = monotonic() + PATIENCE_S
        while self.notify.count("READY") < count:
            if self.process.poll() is not None or monotonic() > until:
                raise AssertionError(self._stderr.read_text(encoding="utf-8")[-3000:])
            threading.Event().wait(LOOK_S)

    def reload(self, text: str) -> None:
        """Write a new configuration and send SIGHUP."""
        (self.home / "backdesk.toml").write_text(text)
        self.process.send_signal(signal.SIGHUP)

    def stop(self) -> float:
        """Send SIGTERM, and return the seconds until it ended, which it did well."""
        begun = monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_S)
        assert code == 0, f"exit status {code}: {self._stderr.read_text()[-2000:]}"
        return monotonic() - begun

    def close(self) -> None:
        """Leave nothing behind."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.notify.stop()


@contextmanager
def running(home: Path, text: str, environment: Mapping[str, str] = {}) -> Iterator[RunningService]:
    """Run the service with a configuration; it is ready in the block, and gone after it."""
    furnish(home, text)
    service = RunningService(home, environment)
    try:
        service.ready()
        yield service
    finally:
        service.close()


def furnish(home: Path, text: str) -> None:
    """Write a configuration and the password of its accounts."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "password").write_text(PASSWORD)
    (home / "password").chmod(0o600)
    (home / "backdesk.toml").write_text(text)


def until(is_so: Callable[[], object], what: str, timeout_s: float = PATIENCE_S) -> float:
    """Wait until something is so; return the seconds it took."""
    begun = monotonic()
    while not is_so():
        if monotonic() - begun > timeout_s:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        threading.Event().wait(LOOK_S)
    return monotonic() - begun


def configuration(accounts: Mapping[str, int], *, service: str = "", extra: str = "") -> str:
    """Return a configuration in which every mail of the first account goes to a queue.

    Args:
        accounts: name -> port of its server on loopback, user `desk`.
        service: more lines of `[service]`.
        extra: more tables.
    """
    first = next(iter(accounts))
    return f"""
[service]
data_dir = "var"
timezone = "Europe/Rome"
log = "json"
workers = 1
{service}

[intake]
free_disk_bytes = 1000000
backoff_first_s = 0.2
backoff_max_s = 0.5

{"".join(account(name, port) for name, port in accounts.items())}
[queues.all]
account = "{first}"
folder = "Queues/All"

[queues.other]
account = "{first}"
folder = "Queues/Other"

[[rules]]
name = "everything"
when = {{}}
queue = "all"
{extra}
"""


def account(name: str, port: int, *, username: str = "desk") -> str:
    """Return the table of one account."""
    return f"""
[accounts.{name}]
host = "127.0.0.1"
port = {port}
security = "plain"
username = "{username}"
password_file = "password"
folders = ["INBOX"]
go_live = 2020-01-01
"""
