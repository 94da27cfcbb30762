"""A folder with a configuration -> the command line run on it, in this process."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from daemon.cli.app import run

PASSWORD = "quiet-harbour-7"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        """What it printed on stdout."""
        return self.out.decode()

    @property
    def document(self) -> Any:
        """The JSON document it printed, which must be all there is."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """The JSON lines it printed."""
        return [json.loads(line) for line in self.out.splitlines()]


class Office:
    """A data folder with a configuration.

    Args:
        folder: an empty folder.
        ports: account -> port of its IMAP server on loopback.
        extra: TOML that follows.
    """

    def __init__(
        self,
        folder: Path,
        capsys: pytest.CaptureFixture[bytes],
        ports: dict[str, int] | None = None,
        extra: str = "",
    ) -> None:
        self.folder, self._capsys = folder, capsys
        self.config = write_config(folder, ports or {}, extra)

    def run(self, *arguments: object) -> Ended:
        """Run one command on this configuration."""
        return ended(self._capsys, *arguments, "--config", self.config)

    def fill(self, name: str, mails: list[bytes]) -> Path:
        """Write mails into a folder, numbered from 1."""
        folder = self.folder / name
        folder.mkdir()
        for number, raw in enumerate(mails, start=1):
            (folder / f"{number:03d}").write_bytes(raw)
        return folder


def ended(capsys: pytest.CaptureFixture[bytes], *arguments: object) -> Ended:
    """Run one command line, and return how it ended."""
    capsys.readouterr()
    code = run([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return Ended(code=code, out=out, err=err.decode())


def write_config(folder: Path, ports: dict[str, int], extra: str) -> Path:
    """Write a configuration into a folder, and return its path."""
    (folder / "password").write_text(PASSWORD)
    (folder / "password").chmod(0o600)
    accounts = "".join(_account(name, port) for name, port in ports.items())
    config = folder / "backdesk.toml"
    config.write_text(
        '[service]\ntimezone = "Europe/Rome"\nworkers = 1\n[intake]\nfree_disk_bytes = 1\n'
        f"{accounts}{extra}"
    )
    return config


def _account(name: str, port: int) -> str:
    return (
        f'[accounts.{name}]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "plain"\n'
        'username = "desk"\npassword_file = "password"\ngo_live = 2020-01-01\n'
    )


def a_mail(
    number: int, subject: str = "Nota", body: str = "Vi ringrazio per la risposta."
) -> bytes:
    """Return a mail of a series, CRLF, with a Message-ID of its own."""
    return (
        f"From: Ada Neri <ada@nord.example>\r\nTo: info@aurora.example\r\n"
        f"Subject: {subject} {number}\r\nMessage-ID: <{number}@nord.example>\r\n"
        f"Date: Mon, 5 Jan 2026 10:00:{number % 60:02d} +0100\r\n\r\n{body}\r\n"
    ).encode()


def unreadable_mail() -> bytes:
    """Return a mail over the limit of encoded words."""
    words = " ".join(["=?utf-8?q?a?="] * 1_200)
    return f"From: ada@nord.example\r\nSubject: {words}\r\n\r\nx\r\n".encode()


QUEUES = """
[queues.notes]
account = "info"
folder = "Queues/Notes"
[[rules]]
name = "notes"
when = { subject = ["Nota"] }
queue = "notes"
"""
