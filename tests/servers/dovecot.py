"""A work directory -> a private Dovecot on loopback: a real IMAP server with a Maildir per user."""

import getpass
import grp
import imaplib
import os
import pwd
import select
import signal
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from imapclient import imap_utf7

from tests.servers import apt, certs
from tests.servers.dovecot_conf import POST_LOGIN_CAPABILITIES, configuration
from tests.servers.loopback import HOST, free_port

FIRST_ARRIVAL = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
STOP_LIMIT_S = 20.0
_FIRST_NAME_S = 1_700_000_000
_serial = count(1)


class Dovecot:
    """One Dovecot with ports, certificates and mails of its own below `workdir`.

    `workdir` must be traversable by everybody (`loopback.open_directory`). Any user name may log
    in with `password`, unless `users` names them (user -> password). `hide` takes capabilities
    out of the advertised list; the commands themselves go on working, which only a client that
    ignores the list would notice.

    Attributes:
        host, port: plain and STARTTLS; tls_port: implicit TLS; ca: PEM file to trust.
    """

    def __init__(
        self,
        workdir: Path,
        *,
        password: str = "quiet-harbour-7",
        users: Mapping[str, str] | None = None,
        hide: tuple[str, ...] = (),
    ) -> None:
        self.workdir, self.password, self.users, self.hide = workdir, password, users, hide
        self.host, self.port, self.tls_port = HOST, free_port(), free_port()
        self.certificates = certs.issue(workdir / "tls")
        self.ca = self.certificates.ca
        self._uid, self._gid = _mail_owner()

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the server advertises after login."""
        hidden = {name.upper() for name in self.hide}
        return tuple(name for name in POST_LOGIN_CAPABILITIES if name not in hidden)

    @property
    def log(self) -> str:
        """Everything the server has logged so far."""
        path = self.workdir / "dovecot.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start the server; it accepts connections when this returns.

        Raises:
            ServerUnavailable: Dovecot is missing or refuses its configuration.
        """
        apt.program("dovecot", "dovecot-imapd")
        self._conf.write_text(self._configuration())
        self._own(self.workdir / "mail")
        done = self._run("dovecot")
        if done.returncode:
            raise apt.ServerUnavailable(f"dovecot: {done.stderr.strip()} {self.log[-500:]}")

    def stop(self) -> None:
        """Stop the server and every connection; does nothing when it is not running."""
        pid_file = self.workdir / "run" / "master.pid"
        if pid_file.exists():
            _end(int(pid_file.read_text()))

    def restart(self) -> None:
        """Stop and start on the same ports, as an upgrade would."""
        self.stop()
        self.start()

    def drop_connections(self) -> None:
        """Cut every IMAP session from the server's side; new ones are accepted at once."""
        for pid in self._session_pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def imaplib_client(self, user: str) -> imaplib.IMAP4:
        """Return a logged in stdlib client over the plain port."""
        client = imaplib.IMAP4(self.host, self.port, timeout=30)
        client.login(user, (self.users or {}).get(user, self.password))
        return client

    def append(
        self, user: str, folder: str, raw: bytes, internaldate: datetime = FIRST_ARRIVAL
    ) -> int:
        """Append one mail over IMAP, creating the folder, and return its UID."""
        with self.imaplib_client(user) as client:
            name = _quoted(folder)
            client.create(name)
            arrival = imaplib.Time2Internaldate(internaldate)
            status, answer = client.append(name, "", arrival, raw)
        if status != "OK":
            raise AssertionError(f"APPEND to {folder}: {answer!r}")
        # OK [APPENDUID <uidvalidity> <uid>] (RFC 4315 3)
        return int(answer[0].split(b"]")[0].split()[-1])

    def fill(
        self,
        user: str,
        folder: str,
        mails: Iterable[bytes],
        first_arrival: datetime = FIRST_ARRIVAL,
    ) -> int:
        """Write mails straight into the Maildir, one second apart, and return how many.

        The first becomes the lowest UID. Line ends should be CRLF: Dovecot sends bare LF as CRLF.
        """
        directory = self.maildir(user, folder)
        for part in ("cur", "new", "tmp"):
            (directory / part).mkdir(parents=True, exist_ok=True)
        written = 0
        for written, raw in enumerate(mails, start=1):
            self._write_mail(directory, raw, first_arrival + timedelta(seconds=written - 1))
        self._own(self.workdir / "mail" / user)
        return written

    def maildir(self, user: str, folder: str) -> Path:
        """Return where a folder's mails lie (Maildir++: `A/B` is `.A.B`)."""
        root = self.workdir / "mail" / user / "Maildir"
        if folder.upper() == "INBOX":
            return root
        return root / ("." + _encoded(folder).replace("/", "."))

    def raws(self, user: str, folder: str) -> dict[int, bytes]:
        """Return UID -> raw mail as the server gives it; empty when the folder is not there."""
        with self.imaplib_client(user) as client:
            if client.select(_quoted(folder), readonly=True)[0] != "OK":
                return {}
            parts = client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")[1]
        return {_uid_of(part[0]): part[1] for part in parts if isinstance(part, tuple)}

    def uidvalidity(self, user: str, folder: str) -> int:
        """Return the folder's UIDVALIDITY."""
        with self.imaplib_client(user) as client:
            answer = client.status(_quoted(folder), "(UIDVALIDITY)")[1][0]
        return int(answer.rpartition(b"UIDVALIDITY ")[2].rstrip(b")"))

    def change_uidvalidity(self, user: str, folder: str) -> int:
        """Number the folder's mails anew from 1 under a new UIDVALIDITY, and return that.

        This is what a server does after a lost index or a restored backup.
        """
        old = self.uidvalidity(user, folder)
        for path in self.maildir(user, folder).glob("dovecot*"):
            path.unlink()
        self._doveadm_update(user, folder, old + 7)
        return self.uidvalidity(user, folder)

    @property
    def _conf(self) -> Path:
        return self.workdir / "dovecot.conf"

    def _configuration(self) -> str:
        return configuration(
            workdir=self.workdir,
            ports=(self.port, self.tls_port),
            owner=(self._uid, self._gid),
            passwords=self.users if self.users is not None else self.password,
            capabilities=self.capabilities if self.hide else (),
        )

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        binary = apt.program(name, "dovecot-imapd")
        command = [str(binary), "-c", str(self._conf), *arguments]
        # A file, not a pipe: the daemon keeps it open and a reader of a pipe would wait for ever.
        with (self.workdir / "console").open("w+") as console:
            done = subprocess.run(command, stdout=console, stderr=console, timeout=60, check=False)
            console.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, stderr=console.read())

    def _doveadm_update(self, user: str, folder: str, uidvalidity: int) -> None:
        change = ("--uid-validity", str(uidvalidity))
        done = self._run("doveadm", "mailbox", "update", "-u", user, *change, folder)
        if done.returncode:
            raise AssertionError(f"doveadm mailbox update {folder}: {done.stderr}")

    def _session_pids(self) -> tuple[int, ...]:
        master = (self.workdir / "run" / "master.pid").read_text().strip()
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return tuple(int(pid) for pid in children if _is_session(pid))

    def _write_mail(self, directory: Path, raw: bytes, arrival: datetime) -> None:
        # Dovecot numbers new files in the order of the seconds that begin their names.
        name = f"{_FIRST_NAME_S + next(_serial)}.M0P{os.getpid()}.host,S={len(raw)}"
        path = directory / "cur" / f"{name}:2,"
        path.write_bytes(raw)
        os.utime(path, (arrival.timestamp(), arrival.timestamp()))  # INTERNALDATE is the mtime

    def _own(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for path in (directory, *directory.rglob("*")):
                os.chown(path, self._uid, self._gid)


def _end(pid: int) -> None:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        os.kill(pid, signal.SIGTERM)
        if not select.select([handle], [], [], STOP_LIMIT_S)[0]:
            os.kill(pid, signal.SIGKILL)
    finally:
        os.close(handle)


def _mail_owner() -> tuple[int, int]:
    if os.geteuid() == 0:
        return pwd.getpwnam("nobody").pw_uid, grp.getgrnam("nogroup").gr_gid
    me = pwd.getpwnam(getpass.getuser())
    return me.pw_uid, me.pw_gid


def _encoded(folder: str) -> str:
    name: bytes = imap_utf7.encode(folder)
    return name.decode("ascii")


def _quoted(folder: str) -> str:
    name = _encoded(folder)
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _uid_of(fetch_line: bytes) -> int:
    words = fetch_line.replace(b"(", b" ").split()
    return int(words[words.index(b"UID") + 1])


def _is_session(pid: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:  # gone meanwhile
        return False
    return command.startswith(b"dovecot/imap\0")
