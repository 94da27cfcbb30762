"""Remembers which mails broke the connection when they were fetched."""

from collections.abc import Sequence

from daemon.intake.records import Folder


class Suspects:
    """UIDs whose FETCH broke the connection: asked for alone, and given up after three times.

    A server that dies on one mail must not keep all the others from us.
    """

    GIVE_UP = 3

    def __init__(self) -> None:
        self._breaks: dict[tuple[int, int], int] = {}

    def blame(self, folder: Folder, uids: Sequence[int]) -> None:
        """Note that the connection broke while these were fetched."""
        for uid in uids:
            key = (folder.id, uid)
            self._breaks[key] = self._breaks.get(key, 0) + 1

    def clear(self, folder: Folder, uids: Sequence[int]) -> None:
        """Note that these have come."""
        for uid in uids:
            self._breaks.pop((folder.id, uid), None)

    def breaks(self, folder: Folder, uid: int) -> int:
        """Return how often the connection broke while this one was fetched."""
        return self._breaks.get((folder.id, uid), 0)

    def forget(self) -> None:
        """Give every mail another chance."""
        self._breaks.clear()

    def suspected(self, folder: Folder, uids: Sequence[int]) -> list[int]:
        """Return those that are to be asked for alone."""
        return [uid for uid in uids if (folder.id, uid) in self._breaks]

    def given_up(self, folder: Folder, uids: Sequence[int]) -> list[int]:
        """Return those that are not asked for again on this round."""
        return [uid for uid in uids if self.breaks(folder, uid) >= self.GIVE_UP]

    @property
    def total(self) -> int:
        """Breaks in all; a growing number is progress towards giving one up."""
        return sum(self._breaks.values())
