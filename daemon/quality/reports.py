"""The store and a period -> the reports; each from one picture of the register."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from daemon.config.settings import Settings
from daemon.quality.complaints import complaints_of
from daemon.quality.records import Complaints, Entry, Period, Service
from daemon.quality.register import entries_of
from daemon.quality.service import service_of
from daemon.quality.store import list_known
from daemon.store.engine import Store
from daemon.triage.rulebook import Rulebook

_NOTHING = timedelta()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Makes the reports of one house."""

    store: Store
    settings: Settings

    def complaints(self, period: Period, queue: str | None = None) -> Complaints:
        """Return the report on complaints, of one queue or of all."""
        with self.store.read() as connection:
            return self._complaints(connection, period, queue)

    def service(self, period: Period, queue: str | None = None) -> Service:
        """Return the report on service, of one queue or of all."""
        with self.store.read() as connection:
            return self._service(connection, period, queue)

    def both(self, period: Period) -> tuple[Complaints, Service]:
        """Return both reports, from one picture."""
        with self.store.read() as connection:
            return self._complaints(connection, period, None), self._service(
                connection, period, None
            )

    def register(self, period: Period, queue: str | None = None) -> tuple[Entry, ...]:
        """Return the register of complaints, of one queue or of all."""
        with self.store.read() as connection:
            known = list_known(connection, period, before=_NOTHING, queue=queue)
        return entries_of(known, period)

    def _complaints(self, connection: Connection, period: Period, queue: str | None) -> Complaints:
        days = self.settings.reports.repeat_days
        known = list_known(connection, period, before=timedelta(days=days), queue=queue)
        book = Rulebook.of(self.settings)
        return complaints_of(known, period, book, repeat_days=days, queue=queue)

    def _service(self, connection: Connection, period: Period, queue: str | None) -> Service:
        known = list_known(connection, period, before=_NOTHING, queue=queue)
        per_person = self.settings.reports.per_person
        book = Rulebook.of(self.settings)
        return service_of(known, period, book, per_person=per_person, queue=queue)
