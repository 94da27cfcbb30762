"""10,000 open cases: what people ask of the register, beside a bare SQL read of a page of rows.

python -m tests.bench.bench_register [--cases 10000]
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))  # run as a file, the packages are not importable before this

# ruff: noqa: E402 - for the reason above
from sqlalchemy import insert, select

from daemon.cases.views import Wanted, case_file, count_cases, find_case, list_cases
from daemon.store.engine import Store, open_store, sqlite_url
from daemon.store.schema import upgrade
from daemon.store.tables import case_clocks, case_events, cases

NOW = datetime(2026, 12, 1, 7, tzinfo=UTC)
LIMIT_MS = 100.0
ROUNDS = 20


def main() -> None:
    """Measure, and print the table; the limit is a hundred milliseconds for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    number = parser.parse_args().cases
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(sqlite_url(Path(folder)))
        upgrade(store)
        fill(store, number)
        bare = best(store, lambda at: at.execute(select(cases).limit(200)).all())
        print(f"{number} open cases; a bare read of 200 rows takes {bare:.1f} ms")
        for name, ask in (
            ("case list", lambda at: page(at, Wanted())),
            ("case list --overdue", lambda at: page(at, Wanted(due_before=NOW))),
            ("case list --queue", lambda at: page(at, Wanted(queue="q3"))),
            ("case list --find", lambda at: page(at, Wanted(like="client77@"))),
            ("case show", lambda at: case_file(at, find_case(at, "77"))),
        ):
            took = best(store, ask)
            said = "" if took < LIMIT_MS else f"  OVER {LIMIT_MS:.0f} ms"
            print(f"{name:<22}{took:7.1f} ms  {took / bare:5.1f} x the bare read{said}")
        store.close()


def page(connection, wanted: Wanted) -> None:
    """Read what `case list` shows."""
    list_cases(connection, wanted)
    count_cases(connection, wanted)


def best(store: Store, ask: Callable[..., object]) -> float:
    """Return the best time of some rounds, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        with store.read() as connection:
            begin = perf_counter()
            ask(connection)
            times.append((perf_counter() - begin) * 1000)
    return min(times)


def fill(store: Store, number: int) -> None:
    """Enter open cases of the last months, each with two clocks and four events."""
    rows, clocks, events = [], [], []
    for n in range(1, number + 1):
        received = NOW - timedelta(hours=n % 2_000)
        due = received + timedelta(days=30)
        rows.append(
            {
                "id": n, "reference": f"2026-{n:05d}-00", "kind": "complaint", "state": "open",
                "queue": f"q{n % 7}", "subject": f"Bolletta {n}", "channel": "mail",
                "customer": f"client{n}@client.example", "mailbox": f"client{n}@client.example",
                "received_at": received, "opened_at": received, "due_at": due,
            }
        )  # fmt: skip
        for name in ("reply", "end"):
            clock = {"case_id": n, "name": name, "term": "30 days", "only_if": ""}
            clocks.append({**clock, "met_by": "answer", "due_at": due})
        for kind in ("opened", "acknowledging", "acknowledged", "noted"):
            event = {"case_id": n, "at": received, "actor": "backdesk", "kind": kind}
            events.append({**event, "detail": "{}"})
    with store.write() as connection:
        connection.execute(insert(cases), rows)
        connection.execute(insert(case_clocks), clocks)
        connection.execute(insert(case_events), events)


if __name__ == "__main__":
    main()
