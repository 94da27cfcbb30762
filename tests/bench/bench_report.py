"""20,000 cases: both reports beside the bare SQL that reads the same rows.

python -m tests.bench.bench_report [--cases 20000]
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from time import process_time
from zoneinfo import ZoneInfo

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, the packages are not importable before this

# ruff: noqa: E402 - for the reason above
from sqlalchemy import insert, select

from daemon.config.loading import parse
from daemon.quality.period import period_of
from daemon.quality.reports import Reporter
from daemon.store.engine import Store, open_store, sqlite_url
from daemon.store.schema import upgrade
from daemon.store.tables import case_clocks, case_events, cases

NOW = datetime(2026, 12, 1, 7, tzinfo=UTC)
CONFIGURATION = """
[service]
timezone = "Europe/Rome"
[hours.house]
open = ["monday-friday 09:00-13:00 14:00-18:00"]
"""


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    number = parser.parse_args().cases
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(sqlite_url(Path(folder)))
        upgrade(store)
        fill(store, number)
        settings = parse(CONFIGURATION, Path(folder) / "backdesk.toml")
        reporter = Reporter(store=store, settings=settings)
        zone = ZoneInfo("Europe/Rome")
        year = period_of(datetime(2026, 1, 1).date(), datetime(2026, 11, 30).date(), zone, NOW)  # noqa: DTZ001 - dates
        bare = best(lambda: read(store))
        for name, make in (
            ("complaints", lambda: reporter.complaints(year)),
            ("service", lambda: reporter.service(year)),
            ("register", lambda: reporter.register(year)),
        ):
            took = best(make)
            print(f"{name:<12}{took:6.2f} s  {took / bare:5.1f} x the bare read of {bare:.2f} s")
        store.close()


def best(do: Callable[[], object], times: int = 3) -> float:
    """Return the shortest of some runs, in seconds."""
    lasted = []
    for _ in range(times):
        begin = process_time()
        do()
        lasted.append(process_time() - begin)
    return min(lasted)


def read(store: Store) -> None:
    """Fetch the rows that the reports are made of, and do nothing with them."""
    with store.read() as connection:
        for table in (cases, case_events, case_clocks):
            connection.execute(select(table)).all()


def fill(store: Store, number: int) -> None:
    """Enter cases of eleven months with their events and clocks."""
    random, begin = Random(20), datetime(2026, 1, 1, tzinfo=UTC)
    rows, events, clocks = [], [], []
    for case_id in range(1, number + 1):
        received = begin + timedelta(minutes=random.randrange(480_000))
        answered = received + timedelta(hours=random.randrange(1, 1_200))
        closed = answered + timedelta(hours=random.randrange(1, 400))
        is_closed = closed < NOW and random.random() < 0.9
        rows.append(
            {
                "id": case_id, "reference": f"2026-{case_id:05d}-00", "subject": "",
                "kind": random.choice(("complaint", "complaint", "request")),
                "state": "closed" if is_closed else "open", "channel": "mail",
                "queue": random.choice(("complaints", "bills", "meters")),
                "customer": f"c{random.randrange(number)}@client.example",
                "received_at": received, "opened_at": received, "profile": "it-energy",
                "closed_at": closed if is_closed else None,
                "cause": random.choice(("bill", "meter", "delay")) if is_closed else None,
            }
        )  # fmt: skip
        told = [("opened", received, {}), ("acknowledged", received + timedelta(hours=1), {})]
        told += [("answered", answered, {"to": "x"})] if answered < NOW else []
        told += [("closed", closed, {"cause": rows[-1]["cause"]})] if is_closed else []
        events += [
            {"case_id": case_id, "at": at, "actor": "x", "kind": kind, "detail": json.dumps(detail)}
            for kind, at, detail in told
        ]
        due = received + timedelta(days=30)
        met = answered if answered < NOW else None
        for name, only_if in (("reply", ""), ("billing-correction", "billing")):
            clocks.append(
                {
                    "case_id": case_id, "name": name, "term": "30 days", "only_if": only_if,
                    "met_by": "answer", "due_at": due, "met_at": met,
                }
            )  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(cases), rows)
        connection.execute(insert(case_events), events)
        connection.execute(insert(case_clocks), clocks)


if __name__ == "__main__":
    main()
