"""The house's figures for Prometheus, read from the tables and the tally when asked."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import select

from daemon.intake.views import count_mails
from daemon.jobs import House
from daemon.sending.relays import Relays
from daemon.store.tables import accounts

if TYPE_CHECKING:
    from datetime import datetime

ENDS = ("fetched", "stored", "duplicate", "quarantined")


class HouseCollector(Collector):
    """Collects at each scrape; keeps nothing."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        """Yield mails by account and end, the backlog, and how fresh each account is."""
        house = self._house
        mails = CounterMetricFamily(
            "backdesk_mails", "Mails since the service started.", labels=["account", "end"]
        )
        sums: dict[tuple[str, str], int] = {}
        for count in house.tally.rounds():
            for end in ENDS:
                key = (count.account, end)
                sums[key] = sums.get(key, 0) + getattr(count, end)
        for (account, end), number in sums.items():
            mails.add_metric([account, end], number)
        yield mails
        held = GaugeMetricFamily("backdesk_held", "Mails in the ledger.", labels=["state"])
        for state, number in count_mails(house.store).items():
            held.add_metric([state], number)
        yield held
        yield GaugeMetricFamily(
            "backdesk_in_hand", "Mails being read or recorded.", value=len(house.pipeline.in_hand)
        )
        yield GaugeMetricFamily(
            "backdesk_pack_bytes", "Bytes of all packs.", value=house.packs.size()
        )
        yield from self._accounts()
        yield self._relays()

    def _accounts(self) -> Iterator[Metric]:
        fresh = GaugeMetricFamily(
            "backdesk_account_success_timestamp_seconds",
            "When the account's last round ended well.",
            labels=["account"],
        )
        failures = GaugeMetricFamily(
            "backdesk_account_failures", "Rounds that failed in a row.", labels=["account"]
        )
        with self._house.store.read() as connection:
            for row in connection.execute(select(accounts)):
                failures.add_metric([row.name], row.failures)
                fresh.add_metric([row.name], _seconds(row.last_success_at))
        yield fresh
        yield failures

    def _relays(self) -> Metric:
        failures = GaugeMetricFamily(
            "backdesk_relay_failures", "Times in a row a relay took no mail.", labels=["relay"]
        )
        away = {one.name: one.failures for one in Relays(self._house.store).away()}
        for name in self._house.settings.relays:
            failures.add_metric([name], away.get(name, 0))
        return failures


def _seconds(moment: "datetime | None") -> float:
    return moment.timestamp() if moment else 0.0


def serve(house: House, listen: str) -> Callable[[], None]:
    """Serve `/metrics` on `host:port` in a thread of its own; return what stops it."""
    host, _, port = listen.rpartition(":")
    registry = CollectorRegistry()
    registry.register(HouseCollector(house))
    server, thread = start_http_server(int(port), addr=host.strip("[]"), registry=registry)

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop
