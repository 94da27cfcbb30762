"""A port and a script of faults -> an IMAP4rev1 server that behaves, or misbehaves as told.

In a test use `FakeImap`. From a shell: `python -m tests.servers.fake_imap --port 0 --state DIR`
serves the `.eml` files of `DIR/<folder>/`, prints its port (also to `DIR/port`) when ready, writes
every command to `DIR/commands`, and lives until SIGTERM; its mails outlive every client.
"""

import argparse
import signal
import socket
import ssl
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from tests.servers.certs import Certificates
from tests.servers.imap_faults import Fault, Kind, Script
from tests.servers.imap_session import Session
from tests.servers.imap_store import MailStore, Removal
from tests.servers.imap_wire import Command
from tests.servers.loopback import HOST

__all__ = ["Command", "FakeImap", "Fault", "Kind", "MailStore", "Removal"]

# fmt: off
CAPABILITIES = (
    "IMAP4rev1", "SASL-IR", "LITERAL+", "ID", "ENABLE", "IDLE", "NAMESPACE", "UNSELECT",
    "UIDPLUS", "MOVE", "CONDSTORE", "AUTH=PLAIN", "AUTH=XOAUTH2",
)
# fmt: on
STOP_LIMIT_S = 10.0
Tls = Literal["none", "starttls", "implicit"]


class FakeImap:
    r"""A scripted IMAP server on a port of its own.

    Args:
        folders: exist besides INBOX; names as people write them, `/` between levels.
        users: user -> password; by default `desk` with `quiet-harbour-7`.
        tokens: user -> OAuth2 access token for XOAUTH2.
        hide: capabilities neither advertised nor obeyed (`MOVE`, `UIDPLUS`, `IDLE`, ...).
        certificates: needed unless `tls` is `none`.

    Attributes:
        store: the mails; a test may change it at any time, clients are told as servers do.
        hidden: capabilities taken away; may change while running.
        gives_copyuid, gives_appenduid: whether COPYUID and APPENDUID come with UIDPLUS.
        normalises: whether APPEND writes line ends of its own, as some servers do.
        append_limit: advertised as APPENDLIMIT (RFC 7889), in bytes; not enforced.
        keeps_keywords: whether flags without a backslash are kept (PERMANENTFLAGS has `\*`).
        login_disabled: advertise LOGINDISABLED and refuse to log in before TLS.
        special_use: folder -> attribute shown by LIST (`\Sent`).
    """

    def __init__(
        self,
        *folders: str,
        users: Mapping[str, str] | None = None,
        tokens: Mapping[str, str] | None = None,
        hide: tuple[str, ...] = (),
        tls: Tls = "none",
        certificates: Certificates | None = None,
    ) -> None:
        self.host, self.port, self.tls, self.certificates = HOST, 0, tls, certificates
        self.users = dict(users or {"desk": "quiet-harbour-7"})
        self.tokens = dict(tokens or {})
        self.store, self.script = MailStore(*folders), Script()
        self.hidden = {name.upper() for name in hide}
        self.gives_copyuid = self.gives_appenduid = self.keeps_keywords = True
        self.login_disabled = self.normalises = False
        self.append_limit: int | None = None
        self.special_use: dict[str, str] = {}
        self.stopped = threading.Event()
        self._lock = threading.Lock()
        self._commands: list[Command] = []
        self._connections = 0
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command received so far, over all connections."""
        with self._lock:
            return tuple(self._commands)

    @property
    def texts(self) -> tuple[str, ...]:
        """Every command's text: no passwords, no appended mails."""
        return tuple(command.text for command in self.commands)

    @property
    def expunges(self) -> tuple[Command, ...]:
        """Every EXPUNGE, UID EXPUNGE and CLOSE received: most clients of ours must send none."""
        names = {"EXPUNGE", "UID EXPUNGE", "CLOSE"}
        return tuple(command for command in self.commands if command.name in names)

    @property
    def removals(self) -> tuple[Removal, ...]:
        """Every mail that left a folder, by MOVE or EXPUNGE."""
        with self.store.lock:
            return tuple(self.store.removals)

    @property
    def connections(self) -> int:
        """How many connections were accepted so far."""
        with self._lock:
            return self._connections

    def capabilities(self, *, encrypted: bool) -> tuple[str, ...]:
        """Return what is advertised on a connection that is or is not encrypted."""
        names = list(CAPABILITIES)
        if self.tls == "starttls" and not encrypted:
            names.append("STARTTLS")
        if self.login_disabled and not encrypted:
            names.append("LOGINDISABLED")
        if self.append_limit is not None:
            names.append(f"APPENDLIMIT={self.append_limit}")
        return tuple(name for name in names if name.upper() not in self.hidden)

    def fault(self, *faults: Fault) -> None:
        """Put faults in force; their counting starts now."""
        self.script.add(*faults)

    def start(self, port: int = 0) -> None:
        """Start listening; connections are accepted when this returns."""
        self.stopped.clear()
        self._listener = socket.create_server((self.host, port or self.port))
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def stop(self) -> None:
        """Stop listening and cut every connection; mails, commands and script stay.

        `start` afterwards listens on the same port: the server was away.
        """
        self.stopped.set()
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
            self._listener.close()
            self._listener = None
        self.drop_connections()
        for thread in self._threads:
            thread.join(STOP_LIMIT_S)
        self._threads.clear()

    def drop_connections(self) -> None:
        """Cut every connection from the server's side."""
        with self._lock:
            for connection in self._sockets:
                _shut(connection)

    def note(self, command: Command) -> None:
        """Remember a command (called by sessions)."""
        with self._lock:
            self._commands.append(command)

    def pause(self, seconds: float) -> bool:
        """Wait, and return whether the server is to stop (called by sessions)."""
        return self.stopped.wait(seconds)

    def secured(self, old: socket.socket) -> socket.socket:
        """Return the connection wrapped in TLS (called by sessions).

        Raises:
            OSError: the handshake failed.
        """
        assert self.certificates is not None, "TLS needs certificates"
        wrapped = self.certificates.server_context().wrap_socket(old, server_side=True)
        with self._lock:
            self._sockets.discard(old)
            self._sockets.add(wrapped)
        return wrapped

    def _accept(self, listener: socket.socket) -> None:
        while not self.stopped.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:  # closed by stop()
                return
            with self._lock:
                self._connections += 1
                self._sockets.add(connection)
                number = self._connections
            self._run(self._serve, connection, number)

    def _serve(self, connection: socket.socket, number: int) -> None:
        session = None
        try:
            if self.tls == "implicit":
                connection = self.secured(connection)
            session = Session(self, connection, number)
            session.run()
        except (OSError, ssl.SSLError):  # the client, or stop(), ended it
            pass
        finally:
            last = connection if session is None else session.socket
            with self._lock:
                self._sockets.discard(last)
            _shut(last)
            last.close()

    def _run(self, target: object, *arguments: object) -> None:
        assert callable(target)
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:  # already gone
        return


class _LoggingImap(FakeImap):
    """Writes every command to a file as well."""

    log: Path

    def note(self, command: Command) -> None:
        super().note(command)
        with self.log.open("a") as log:
            log.write(f"{command.connection} {command.text}\n")


def main() -> None:
    """Serve a directory of mails until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--user", default="desk")
    parser.add_argument("--password", default="quiet-harbour-7")
    parser.add_argument("--hide", action="append", default=[])
    options = parser.parse_args()
    server = _LoggingImap(users={options.user: options.password}, hide=tuple(options.hide))
    server.log = options.state / "commands"
    options.state.mkdir(parents=True, exist_ok=True)
    _load(server.store, options.state)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    server.start(options.port)
    (options.state / "port").write_text(str(server.port))
    print(server.port, flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


def _load(store: MailStore, state: Path) -> None:
    for mail in sorted(state.rglob("*.eml")):
        folder = mail.parent.relative_to(state).as_posix()
        if not store.has(folder):
            store.create(folder)
        store.add(folder, mail.read_bytes())


if __name__ == "__main__":
    main()
