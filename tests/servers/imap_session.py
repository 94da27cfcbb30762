"""One IMAP connection: commands come in, the script is asked, answers or faults go out."""

import json
import socket
from base64 import b64decode, b64encode
from collections.abc import Callable

from tests.servers.imap_commands import COMMANDS
from tests.servers.imap_faults import Fault, Kind
from tests.servers.imap_state import Answer, Refusal, Server, State, word
from tests.servers.imap_store import NoSuchFolder
from tests.servers.imap_wire import Command, Gone, Line, read_command

Due = tuple[Fault, ...]
IDLE_LOOK_S = 0.02
# RFC 3501 7.4.1: no EXPUNGE may come while these run, since they count in sequence numbers.
_QUIET = {"FETCH", "STORE", "SEARCH", "LOGOUT"}


class LiteralRefused(Exception):
    """The client was told NO in place of being asked for a literal."""


class Session:
    """One connection of a `FakeImap`."""

    def __init__(self, server: Server, connection: socket.socket, number: int) -> None:
        self.socket, self._server, self._number = connection, server, number
        self._line = Line(connection)
        encrypted = hasattr(connection, "cipher")
        self._state = State(server=server, send=self._send, encrypted=encrypted)
        self._over = False
        self._interactive: dict[str, tuple[Callable[[Command, Due], None], str]] = {
            "STARTTLS": (self._starttls, "STARTTLS"),
            "AUTHENTICATE": (self._authenticate, ""),
            "IDLE": (self._idle, "IDLE"),
        }

    def run(self) -> None:
        """Serve until one side ends the connection.

        Raises:
            OSError: the connection is gone.
        """
        self._greet()
        while not self._over:
            try:
                command = read_command(self._line, self._go_on, self._number)
            except LiteralRefused:
                continue
            self._server.note(command)
            self._obey(command, self._server.script.due(command.name, command.text, self._number))

    def _go_on(self) -> None:
        """Ask for a literal, or not, as the script says."""
        due = self._server.script.due("LITERAL", "LITERAL", self._number)
        tag = self._line.last.split()[0].decode("ascii", "replace")
        for fault in due:
            if fault.kind is Kind.NO:
                self._send(f"{tag} NO {fault.text}\r\n".encode())
                raise LiteralRefused
            if fault.kind is Kind.CUT:
                self._send(b"+ go on\r\n")
                self._line.read_exactly(fault.size)
                raise Gone
        self._send(b"+ go on\r\n")

    def _greet(self) -> None:
        due = self._server.script.due("GREETING", "GREETING", self._number)
        self._before(due)
        said = [fault.text for fault in due if fault.kind is Kind.GREETING]
        self._send((said[0] if said else "* OK ready").encode() + b"\r\n")
        if said and said[0].startswith("* PREAUTH"):
            self._state.user = next(iter(self._server.users))
        self._over = bool(said) and said[0].startswith("* BYE")

    def _obey(self, command: Command, due: Due) -> None:
        self._before(due)
        refused = [fault for fault in due if fault.kind in {Kind.NO, Kind.BAD}]
        if refused:
            status = f"{refused[0].kind.name} {refused[0].text}"
            self._answer(command, Answer(status=status), due)
        elif command.name in self._interactive and self._allowed(command):
            self._interactive[command.name][0](command, due)
        else:
            self._answer(command, self._executed(command, due), due)
        self._over = self._over or command.name == "LOGOUT"

    def _before(self, due: Due) -> None:
        for fault in due:
            if fault.kind is Kind.ACT:
                fault.act(self._server.store)
            if fault.kind is Kind.SILENCE:
                self._wait_for_the_end()
            if fault.kind is Kind.BYE:
                self._send(f"* BYE {fault.text}\r\n".encode())
            if fault.kind in {Kind.BYE, Kind.DROP}:
                raise Gone

    def _wait_for_the_end(self) -> None:
        while True:
            self._line.read_exactly(1)

    def _allowed(self, command: Command) -> bool:
        logged_in = self._state.user is not None
        return self._state.has(self._interactive[command.name][1]) and (
            logged_in or command.name != "IDLE"
        )

    def _executed(self, command: Command, due: Due) -> Answer:
        handler, needs, capability = COMMANDS.get(command.name, (None, "any", ""))
        if handler is None or not self._state.has(capability):
            return Answer(status="BAD unknown command")
        if not self._is_ready(needs):
            return Answer(status=f"BAD {command.name} needs a {needs} first")
        try:
            return handler(self._state, command, due)
        except (Refusal, NoSuchFolder) as refusal:
            return Answer(status=f"NO {refusal}")
        except (ValueError, KeyError, IndexError) as error:
            return Answer(status=f"BAD {command.name}: {error!r}")

    def _is_ready(self, needs: str) -> bool:
        return {
            "any": True,
            "user": self._state.user is not None,
            "folder": self._state.folder is not None,
        }[needs]

    def _answer(self, command: Command, answer: Answer, due: Due) -> None:
        untagged = list(answer.untagged)
        if command.name not in _QUIET:
            untagged += self._state.refresh()
        if any(fault.kind is Kind.REVERSED for fault in due):
            untagged.reverse()
        unasked = [fault.text.encode() for fault in due if fault.kind is Kind.UNTAGGED]
        wrong = any(fault.kind is Kind.WRONG_TAG for fault in due)
        status = f"{'XX9' if wrong else command.tag} {answer.status}".encode("utf-8", "replace")
        self._deliver(b"".join(line + b"\r\n" for line in (*unasked, *untagged, status)), due)

    def _deliver(self, answer: bytes, due: Due) -> None:
        for fault in due:
            if fault.kind is Kind.CUT:
                self._send(answer[: fault.size])
                raise Gone
            if fault.kind is Kind.BYE_IN_LITERAL:
                self._send(_half_of_literal(answer) + f"\r\n* BYE {fault.text}\r\n".encode())
                raise Gone
            if fault.kind is Kind.DRIP:
                self._drip(answer, fault.interval_s)
                return
        self._send(answer)

    def _drip(self, answer: bytes, interval_s: float) -> None:
        for position in range(len(answer)):
            self._send(answer[position : position + 1])
            if self._server.pause(interval_s):
                raise Gone

    def _starttls(self, command: Command, due: Due) -> None:
        injected = b"".join(fault.text.encode() for fault in due if fault.kind is Kind.BEFORE_TLS)
        self._send(command.tag.encode() + b" OK begin\r\n" + injected)
        self.socket = self._server.secured(self.socket)
        self._line = Line(self.socket)
        self._state.encrypted, self._state.user = True, None

    def _authenticate(self, command: Command, due: Due) -> None:
        try:
            self._state.user = self._proven_user(command)
        except (ValueError, IndexError):  # not base64, or not what the mechanism says
            self._state.user = None
        failed = "NO [AUTHENTICATIONFAILED] not accepted"
        self._answer(command, Answer(status="OK logged in" if self._state.user else failed), due)

    def _proven_user(self, command: Command) -> str | None:
        mechanism = word(command.arguments[0]).decode("ascii").upper()
        check = {"PLAIN": self._plain, "XOAUTH2": self._xoauth2}.get(mechanism)
        if check is None or not self._state.has(f"AUTH={mechanism}"):
            return None
        initial = [word(argument) for argument in command.arguments[1:2]]
        return check(b64decode(initial[0] if initial else self._challenge(b"")))

    def _plain(self, said: bytes) -> str | None:
        _, user, password = said.decode("utf-8").split("\0")
        return user if self._server.users.get(user) == password else None

    def _xoauth2(self, said: bytes) -> str | None:
        fields = dict(part.split("=", 1) for part in said.decode("utf-8").split("\1") if part)
        user, token = fields.get("user", ""), fields.get("auth", "").removeprefix("Bearer ")
        if token and self._server.tokens.get(user) == token:
            return user
        # The server says why as a challenge; the client must answer it with an empty line.
        why = {"status": "400", "schemes": "Bearer", "scope": "https://mail.nord.example/"}
        self._challenge(json.dumps(why).encode("ascii"))
        return None

    def _challenge(self, content: bytes) -> bytes:
        self._send(b"+ " + b64encode(content) + b"\r\n")
        return self._line.read_line().strip()

    def _idle(self, command: Command, due: Due) -> None:
        self._send(b"+ idling\r\n")
        told = -1
        while not self._line.has_input(IDLE_LOOK_S):
            if self._server.pause(0):
                raise Gone
            if told != self._server.store.version:
                told = self._server.store.version
                self._send(b"".join(line + b"\r\n" for line in self._state.refresh()))
        self._line.read_line()
        self._answer(command, Answer(status="OK awake"), due)

    def _send(self, content: bytes) -> None:
        if content:
            self.socket.sendall(content)


def _half_of_literal(answer: bytes) -> bytes:
    start = answer.find(b"}\r\n") + 3
    size = int(answer[answer.rfind(b"{", 0, start) + 1 : start - 3])
    return answer[: start + size // 2]
