"""Decides what to fetch and how long to wait: listings in, batches out; pure."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """UIDs that one FETCH asks for."""

    uids: tuple[int, ...]
    size: int  # bytes, as announced


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The difference between a folder on the server and the ledger."""

    new: tuple[int, ...]  # on the server, without a row; oldest first
    gone: tuple[int, ...]  # with a row that said present, no longer on the server
    back: tuple[int, ...]  # with a row that said gone, on the server after all


def compare(server: Iterable[int], held: Iterable[int], present: Iterable[int]) -> Listing:
    """Compare a folder with the ledger, whatever the cursor says.

    Args:
        server: every UID on the server now.
        held: every UID of this folder and UIDVALIDITY that has a row.
        present: those of `held` that the ledger believes are still there.
    """
    on_server = set(server)
    rows, there = set(held), set(present)
    return Listing(
        new=tuple(sorted(on_server - rows)),
        gone=tuple(sorted(there - on_server)),
        back=tuple(sorted((rows - there) & on_server)),
    )


def batches(sizes: Mapping[int, int], mails: int, size: int) -> Iterator[Batch]:
    """Cut UIDs into batches of at most `mails` mails and `size` bytes (one mail may exceed it)."""
    uids: list[int] = []
    total = 0
    for uid in sorted(sizes):
        expected = max(sizes[uid], 0)
        if uids and (len(uids) >= mails or total + expected > size):
            yield Batch(uids=tuple(uids), size=total)
            uids, total = [], 0
        uids.append(uid)
        total += expected
    if uids:
        yield Batch(uids=tuple(uids), size=total)


def cursor(held: Iterable[int], server: Iterable[int]) -> int:
    """Return the UID up to which every mail on the server has a row."""
    rows = set(held)
    last = 0
    for uid in sorted(server):
        if uid not in rows:
            return last
        last = uid
    return last


def is_live(received_at: datetime, go_live: date | None, zone: ZoneInfo) -> bool:
    """Tell whether a mail may be acted on: received since the account's go-live date began."""
    if go_live is None:
        return False
    return received_at >= datetime.combine(go_live, time(), tzinfo=zone)


def back_off_s(failures: int, first_s: float, most_s: float) -> float:
    """Return how long to wait after so many failures in a row: doubling, with jitter.

    The jitter takes up to half away, so that accounts of one dead server come back spread out.
    """
    if failures <= 0:
        return 0.0
    full = min(most_s, first_s * 2.0 ** min(failures - 1, 30))
    return full * (1 - random.random() / 2)  # noqa: S311 - spreads load, keeps no secret
