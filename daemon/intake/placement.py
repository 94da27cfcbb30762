"""Says what a folder is to the house: an inbox, a queue, live or only observed; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from daemon.config.settings import Settings
from daemon.intake.plan import is_live


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPlace:
    """What the placement needs to know of one account."""

    inboxes: tuple[str, ...]
    go_live: date | None
    sent: str = ""  # folder of what people send; empty: it is not watched
    passed_on: str = ""  # folder of mail that was put into a queue of another account


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePlace:
    """The folder that is a queue."""

    account: str
    folder: str
    done: str = ""  # the whole name of the folder for what is done; empty: there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One delivery of a mail, as far as settling it needs."""

    delivery_id: int
    account: str
    folder: str
    received_at: datetime
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Accounts and queues of the configuration, by name."""

    accounts: Mapping[str, AccountPlace]
    queues: Mapping[str, QueuePlace]
    zone: ZoneInfo

    @classmethod
    def of(cls, settings: Settings) -> "Placement":
        """Return what each folder of the configuration is."""
        accounts = {
            name: AccountPlace(
                inboxes=one.folders, go_live=one.go_live, sent=one.sent, passed_on=one.passed_on
            )
            for name, one in settings.accounts.items()
        }
        queues = {
            name: QueuePlace(account=one.account, folder=one.folder, done=one.done_folder)
            for name, one in settings.queues.items()
        }
        return cls(accounts=accounts, queues=queues, zone=settings.service.zone)

    def watched(self, account: str) -> tuple[str, ...]:
        """Return the folders of an account that are read, the inboxes first."""
        queues = [queue for queue in self.queues.values() if queue.account == account]
        place = self.accounts[account]
        passes = any(queue.account != account for queue in self.queues.values())
        folders = [*place.inboxes, *(one.folder for one in queues), *(one.done for one in queues)]
        folders += [place.sent, place.passed_on if passes else ""]
        return tuple(dict.fromkeys(one for one in folders if one))

    def queue_of(self, account: str, folder: str) -> str | None:
        """Return the queue whose folder, or whose folder for what is done, this is.

        A folder listed as inbox is none.
        """
        if folder in self.accounts[account].inboxes if account in self.accounts else ():
            return None
        for name, queue in self.queues.items():
            if queue.account == account and folder in (queue.folder, queue.done):
                return name
        return None

    def is_done(self, account: str, folder: str) -> bool:
        """Tell whether a folder is a queue's for what is done."""
        name = self.queue_of(account, folder)
        return name is not None and self.queues[name].folder != folder

    def is_sent(self, account: str, folder: str) -> bool:
        """Tell whether a folder holds what people send; one listed as inbox does not."""
        place = self.accounts.get(account)
        return place is not None and folder == place.sent and folder not in place.inboxes

    def done_beside(self, account: str, folder: str) -> str:
        """Return the folder for what is done in the queue of this folder; empty: there is none."""
        name = self.queue_of(account, folder)
        return self.queues[name].done if name else ""

    def is_live(self, account: str, received_at: datetime) -> bool:
        """Tell whether a mail received then in this account may be acted on."""
        place = self.accounts.get(account)
        return place is not None and is_live(received_at, place.go_live, self.zone)

    def target(self, standing: Standing, queue: str | None) -> str | None:
        """Return the folder a delivery is to be moved to, None when it stays where it is.

        Only mail that arrived in an inbox is moved, and copies of it there once it is known
        that nobody moved them: a mail first seen in a queue stays.
        """
        place = self.queues.get(queue or "")
        if place is None or place.account != standing.account or not self._moves(standing):
            return None
        return place.folder if place.folder != standing.folder else None

    def elsewhere(self, standing: Standing, queue: str | None) -> QueuePlace | None:
        """Return the folder of another account a delivery is to be put into, None for none.

        Both accounts must be live: an observed one is neither taken from nor written to.
        """
        place = self.queues.get(queue or "")
        if place is None or place.account == standing.account or not self._moves(standing):
            return None
        return place if self.is_live(place.account, standing.received_at) else None

    def passed_on(self, account: str, folder: str, received_at: datetime) -> str | None:
        """Return where a mail goes that now lies in another account, None when it stays."""
        place = self.accounts.get(account)
        target = place.passed_on if place else ""
        moves = target and target != folder and self.is_live(account, received_at)
        return target if moves else None

    def _moves(self, standing: Standing) -> bool:
        """Tell whether a delivery is one that may be taken away from where it is."""
        account = self.accounts.get(standing.account)
        is_ours = account is not None and standing.folder in account.inboxes
        came = standing.origin in ("arrived", "rematched", "copy")
        return is_ours and came and self.is_live(standing.account, standing.received_at)
