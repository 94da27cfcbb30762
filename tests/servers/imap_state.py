"""What one IMAP connection knows: who logged in, which folder is open, what the client was told."""

import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from tests.servers.imap_answers import Found
from tests.servers.imap_faults import Fault, Script
from tests.servers.imap_store import Folder, MailStore
from tests.servers.imap_wire import Command, Token, decode_name, numbers


class Server(Protocol):
    """What a connection asks of its server; see `FakeImap`."""

    store: MailStore
    script: Script
    users: dict[str, str]
    tokens: dict[str, str]
    gives_copyuid: bool
    gives_appenduid: bool
    normalises: bool
    keeps_keywords: bool
    login_disabled: bool
    special_use: dict[str, str]

    def capabilities(self, *, encrypted: bool) -> tuple[str, ...]:
        """Return what is advertised."""

    def note(self, command: Command) -> None:
        """Remember a command."""

    def secured(self, old: socket.socket) -> socket.socket:
        """Return the connection wrapped in TLS."""

    def pause(self, seconds: float) -> bool:
        """Wait, and return whether the server is to stop."""


class Refusal(Exception):
    """The answer is NO; the message is its text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Untagged lines without line ends, then the tagged status without its tag."""

    untagged: tuple[bytes, ...] = ()
    status: str = "OK done"


@dataclass(slots=True, kw_only=True)
class State:
    """One connection's state.

    Attributes:
        server: whose connection it is.
        send: sends bytes at once.
        encrypted: whether TLS is on.
        user: who logged in.
        folder: the selected folder's name, with `readonly`.
        view: UIDs in the order of the sequence numbers the client was told.
    """

    server: Server
    send: Callable[[bytes], None]
    encrypted: bool = False
    user: str | None = None
    folder: str | None = None
    readonly: bool = False
    view: list[int] = field(default_factory=list)

    def has(self, capability: str) -> bool:
        """Return whether a capability is in force."""
        names = self.server.capabilities(encrypted=self.encrypted)
        return not capability or capability in names

    def selected(self) -> tuple[str, Folder]:
        """Return the selected folder's name and the folder.

        Raises:
            NoSuchFolder: it was deleted or renamed meanwhile.
        """
        assert self.folder is not None
        return self.folder, self.server.store.folder(self.folder)

    def found(self, uids: Iterable[int]) -> list[Found]:
        """Return the mails still there, with their sequence numbers, in the view's order."""
        mails, wanted = self.selected()[1].mails, set(uids)
        return [
            Found(number=number, uid=uid, mail=mails[uid])
            for number, uid in enumerate(self.view, start=1)
            if uid in wanted and uid in mails
        ]

    def choose(self, command: Command) -> list[int]:
        """Return the UIDs that a command's first argument names, by UID or sequence number."""
        spec = word(command.arguments[0])
        if command.name.startswith("UID "):
            chosen = numbers(spec, max(self.view, default=0))
            return [uid for uid in self.view if chosen(uid)]
        chosen = numbers(spec, len(self.view))
        return [uid for number, uid in enumerate(self.view, start=1) if chosen(number)]

    def refresh(self) -> tuple[bytes, ...]:
        """Bring the client's view up to date and return the lines that tell it."""
        if self.folder is None or not self.server.store.has(self.folder):
            return ()
        with self.server.store.lock:
            present = self.selected()[1].uids()
        lines = self._forget(set(self.view) - set(present))
        known = set(self.view)
        fresh = [uid for uid in present if uid not in known]
        self.view += fresh
        # A late UID would need a new place in the middle: real servers renumber at the next
        # SELECT; here the view is sorted, which a client that works by UID cannot tell apart.
        self.view.sort()
        return (*lines, b"* %d EXISTS" % len(self.view)) if fresh else lines

    def _forget(self, gone: set[int]) -> tuple[bytes, ...]:
        lines = []
        for uid in sorted(gone):
            lines.append(b"* %d EXPUNGE" % (self.view.index(uid) + 1))
            self.view.remove(uid)
        return tuple(lines)


Handler = Callable[[State, Command, tuple[Fault, ...]], Answer]


def word(token: Token) -> bytes:
    """Return a token that must be a word.

    Raises:
        ValueError: it is a list.
    """
    if not isinstance(token, bytes):
        raise ValueError("a word was expected")  # noqa: TRY004 - the client's mistake
    return token


def words(token: Token) -> list[bytes]:
    """Return the words of a list, or the one word."""
    return [word(inner) for inner in token] if isinstance(token, list) else [token]


def folder_name(token: Token) -> str:
    """Return a folder's name as people write it."""
    return decode_name(word(token))
