"""Mails put in by a test or an IMAP client -> folders with UIDs, as a server would number them."""

import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

FIRST_ARRIVAL = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FIRST_UIDVALIDITY = 1_000


class NoSuchFolder(LookupError):
    """The folder does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMail:
    """One mail in one folder."""

    raw: bytes
    flags: frozenset[str] = frozenset()
    internaldate: datetime = FIRST_ARRIVAL
    modseq: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A mail that left a folder; `how` is the command that did it."""

    folder: str
    uid: int
    raw: bytes
    how: str


@dataclass(slots=True, kw_only=True)
class Folder:
    """A folder as the server knows it; guarded by its store's lock."""

    uidvalidity: int
    uidnext: int = 1
    modseq: int = 1
    mails: dict[int, StoredMail] = field(default_factory=dict)

    def uids(self) -> tuple[int, ...]:
        """Return the UIDs present, ascending."""
        return tuple(sorted(self.mails))


class MailStore:
    """The folders of one mailbox, in memory; outlives every connection to the server."""

    def __init__(self, *folders: str) -> None:
        self.lock = threading.RLock()
        self.removals: list[Removal] = []
        self.version = 0
        self._validity = FIRST_UIDVALIDITY
        self._folders: dict[str, Folder] = {}
        for name in ("INBOX", *folders):
            self.create(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the folders' names, INBOX first."""
        with self.lock:
            return tuple(self._folders)

    def has(self, name: str) -> bool:
        """Return whether the folder exists."""
        with self.lock:
            return _key(name) in self._folders

    def folder(self, name: str) -> Folder:
        """Return a folder.

        Raises:
            NoSuchFolder: it does not exist.
        """
        with self.lock:
            try:
                return self._folders[_key(name)]
            except KeyError:
                raise NoSuchFolder(f"[NONEXISTENT] no folder {name}") from None

    def create(self, name: str) -> None:
        """Create a folder, empty, with a UIDVALIDITY never used before."""
        with self.lock:
            self._validity += 1
            self._folders.setdefault(_key(name), Folder(uidvalidity=self._validity))
            self.version += 1

    def delete(self, name: str) -> None:
        """Delete a folder and everything in it."""
        with self.lock:
            self.folder(name)
            del self._folders[_key(name)]
            self.version += 1

    def rename(self, old: str, new: str) -> None:
        """Rename a folder; its UIDs and UIDVALIDITY go with it."""
        with self.lock:
            self._folders[_key(new)] = self.folder(old)
            del self._folders[_key(old)]
            self.version += 1

    def add(
        self,
        name: str,
        raw: bytes,
        *,
        flags: frozenset[str] = frozenset(),
        internaldate: datetime | None = None,
        uid: int | None = None,
    ) -> int:
        """Put a mail into a folder and return its UID.

        Args:
            name: the folder.
            raw: the mail.
            flags: its flags and keywords.
            internaldate: by default one minute later per UID, from `FIRST_ARRIVAL`.
            uid: one kept back by `reserve`, so that the mail appears late.
        """
        with self.lock:
            folder = self.folder(name)
            number = self.reserve(name) if uid is None else uid
            folder.mails[number] = StoredMail(
                raw=raw,
                flags=flags,
                internaldate=internaldate or FIRST_ARRIVAL + timedelta(minutes=number),
                modseq=self._tick(folder),
            )
            return number

    def reserve(self, name: str) -> int:
        """Take the next UID without showing a mail yet (a delivery that commits late)."""
        with self.lock:
            folder = self.folder(name)
            folder.uidnext += 1
            return folder.uidnext - 1

    def set_flags(self, name: str, uid: int, flags: frozenset[str]) -> None:
        """Replace a mail's flags; nothing happens when the mail is gone."""
        with self.lock:
            folder = self.folder(name)
            if uid in folder.mails:
                modseq = self._tick(folder)
                folder.mails[uid] = replace(folder.mails[uid], flags=flags, modseq=modseq)

    def copy(self, source: str, uid: int, target: str) -> int:
        """Copy a mail with flags and INTERNALDATE and return the copy's UID."""
        with self.lock:
            mail = self.folder(source).mails[uid]
            return self.add(target, mail.raw, flags=mail.flags, internaldate=mail.internaldate)

    def remove(self, name: str, uid: int, how: str) -> None:
        """Take a mail out of a folder and remember that, and how."""
        with self.lock:
            folder = self.folder(name)
            mail = folder.mails.pop(uid)
            self._tick(folder)
            self.removals.append(Removal(folder=name, uid=uid, raw=mail.raw, how=how))

    def change_uidvalidity(self, name: str, *, first_uid: int = 1) -> int:
        """Number the folder's mails anew from `first_uid` under a new UIDVALIDITY; return that."""
        with self.lock:
            folder = self.folder(name)
            mails = [folder.mails[uid] for uid in folder.uids()]
            self._validity += 1
            folder.uidvalidity = self._validity
            folder.mails = dict(enumerate(mails, start=first_uid))
            folder.uidnext = first_uid + len(mails)
            self._tick(folder)
            return folder.uidvalidity

    def raws(self, name: str) -> dict[int, bytes]:
        """Return UID -> raw mail, ascending."""
        with self.lock:
            folder = self.folder(name)
            return {uid: folder.mails[uid].raw for uid in folder.uids()}

    def flags(self, name: str, uid: int) -> frozenset[str]:
        """Return one mail's flags."""
        with self.lock:
            return self.folder(name).mails[uid].flags

    def _tick(self, folder: Folder) -> int:
        self.version += 1
        folder.modseq += 1
        return folder.modseq


def _key(name: str) -> str:
    # RFC 3501 5.1: INBOX is the one name that ignores case.
    return "INBOX" if name.upper() == "INBOX" else name
