"""A year of a complaints office at random: hundreds of cases, and all that people do with them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, Select, select

from daemon.cases import acts, describing, joining, running
from daemon.cases.acts import Given
from daemon.cases.news import note_news
from daemon.cases.pausing import Pause
from daemon.cases.records import Act, ActRefused, CaseFile, NewCase
from daemon.cases.running import Extension
from daemon.cases.views import Wanted, case_file, find_case, list_cases
from daemon.config.loading import parse
from daemon.config.settings import Settings
from daemon.records import CaseNews
from daemon.store.engine import Store
from daemon.store.tables import case_clocks, cases
from daemon.triage.casework import CaseRules, clocks_for
from daemon.triage.deadlines import Course
from daemon.triage.rulebook import Rulebook
from tests.contracts.register import Register

ROME = ZoneInfo("Europe/Rome")
BEGIN = datetime(2026, 2, 20, 7, tzinfo=UTC)
CONFIGURATION = """
[service]
timezone = "Europe/Rome"
[reports]
per_person = true
repeat_days = 90
[hours.house]
open = ["monday-thursday 09:00-13:00 14:00-18:00", "friday 09:00-13:00"]
[deadlines.phone]
title = "Ours"
source = "our terms"
calendar = "it"
pauses = ["asked"]
[deadlines.phone.clocks.first]
term = "2 working days"
met_by = "acknowledgement"
[deadlines.phone.clocks.reply]
term = "20 days"
extended = "35 days"
interim_reply = true
[deadlines.phone.compensation]
currency = "EUR"
source = "our terms"
per_day = 2.50
most = 40.00
"""
PROFILES = {"bills": "it-energy", "phone": "phone", "talk": None, None: None}
CAUSES = ("", "", "", "bill", "meter", "=cmd()", "delay", "rude")


def settings() -> Settings:
    """Return the configuration of the office."""
    return parse(CONFIGURATION, Path("backdesk.toml"))


class BusyYear:
    """Does things at random, in order of time; what the register refuses is not done.

    Args:
        store: empty.
        seed: of what is done.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.random, self.now = store, Random(seed), BEGIN
        self.cases = Register(store).cases
        self.rules = CaseRules(profiles={}, rulebook=Rulebook.of(settings()))
        self.ids: list[int] = []
        self.refused = 0
        once = (
            self.acknowledge, self.acknowledge_late, self.answer_late, self.reopen, self.resume,
            self.unmerge, self.describe, self.decide, self.label, self.assign, self.route,
            self.merge, self.say_cause, self.extend, self.extend, self.answer_for_now,
            self.answer_in_vain,
        )  # fmt: skip
        often = (self.answer, self.close, self.pause, self.resume, self.merge, self.unmerge)
        self._acts: tuple[Callable[[Connection, Act], None], ...] = (*once, *often, *often)

    def live(self, number: int, deeds: int) -> None:
        """Open so many cases and do so many things, mixed; some forty in one transaction."""
        steps = ["open"] * number + ["act"] * deeds
        self.random.shuffle(steps)
        steps.insert(0, "open")
        for start in range(0, len(steps), 40):
            with self.store.write() as connection:
                for step in steps[start : start + 40]:
                    self.now += timedelta(minutes=self.random.choice((1, 60, 400, 1500)))
                    self._step(connection, is_new=step == "open")
        self.now += timedelta(minutes=1)  # when all of it has happened

    def _step(self, connection: Connection, *, is_new: bool) -> None:
        if is_new:
            self.open(connection)
            if self.random.random() < 0.3:  # by return
                act = Act(case_id=self.ids[-1], actor="Ada", now=self.now, rules=self.rules)
                self.answer(connection, act)
            return
        act = Act(case_id=self.random.choice(self.ids), actor="Ada", now=self.now, rules=self.rules)
        try:
            with connection.begin_nested():
                self.random.choice(self._acts)(connection, act)
        except ActRefused:
            self.refused += 1

    def files(self) -> list[CaseFile]:
        """Return all there is of all cases, those merged as well."""
        with self.store.read() as connection:
            lines = list_cases(connection, Wanted(with_closed=True, limit=100_000))
            return [case_file(connection, line) for line in lines]

    def open(self, connection: Connection) -> None:
        """Enter a case, received up to three weeks ago."""
        queue = self.random.choice(tuple(PROFILES))
        received = self.now - timedelta(hours=self.random.choice((0, 1, 30, 500)))
        number = self.random.randrange(60)
        new = NewCase(
            kind=self.random.choice(("complaint", "complaint", "complaint", "request", "unsure")),
            channel=self.random.choice(("mail", "pec", "letter", "phone")),
            queue=queue,
            subject="x",
            customer=f"{'C' if number % 2 else 'c'}{number}@client.example" if number else None,
            customer_name="N",
            received_at=received,
            actor="Ada",
        )
        profile, clocks, _ = clocks_for(self.rules, PROFILES[queue], Course(received=received))
        self.ids.append(self.cases.open_by_hand(connection, new, profile, clocks, self.now))

    def acknowledge(self, connection: Connection, act: Act) -> None:
        self._news(connection, act, "acknowledged")

    def acknowledge_late(self, connection: Connection, act: Act) -> None:
        running.note_acknowledged(connection, act, "phone", self._before())

    def answer(self, connection: Connection, act: Act) -> None:
        self._news(connection, act, "answered")

    def answer_late(self, connection: Connection, act: Act) -> None:
        channel = self.random.choice(("post", "phone", "counter"))
        acts.answer(connection, act, Given(channel=channel, on=self._before()))

    def close(self, connection: Connection, act: Act) -> None:
        acts.close(connection, act, self.random.choice(CAUSES))

    def say_cause(self, connection: Connection, act: Act) -> None:
        silent = (cases.c.state == "closed") & (cases.c.cause == "")
        found = connection.scalar(select(cases.c.id).where(silent).order_by(cases.c.id))
        here = replace(act, case_id=found or act.case_id)
        acts.say_cause(connection, here, self.random.choice(CAUSES[3:]))

    def reopen(self, connection: Connection, act: Act) -> None:
        line = find_case(connection, str(act.case_id))
        assert line is not None
        _, clocks, _ = clocks_for(self.rules, PROFILES[line.queue], Course(received=act.now))
        acts.open_again(connection, act, clocks if self.random.random() < 0.7 else ())

    def pause(self, connection: Connection, act: Act) -> None:
        since = self._before().astimezone(ROME).date()
        running.pause(connection, act, Pause(since=since, why="asked"))

    def resume(self, connection: Connection, act: Act) -> None:
        held = cases.c.paused_since.is_not(None) & (cases.c.state == "open")
        found = connection.scalar(select(cases.c.id).where(held).order_by(cases.c.id))
        here = replace(act, case_id=found or act.case_id)
        running.resume(connection, here, "", act.now.astimezone(ROME).date())

    def extend(self, connection: Connection, act: Act) -> None:
        mine = (case_clocks.c.profile == "phone") & (case_clocks.c.name == "reply")
        waits = case_clocks.c.met_at.is_(None) & ~case_clocks.c.is_extended
        runs = mine & waits & (case_clocks.c.due_at > act.now)
        found = connection.scalar(_first(runs))
        here = replace(act, case_id=found or act.case_id)
        running.extend(connection, here, Extension(why="hard"))

    def answer_for_now(self, connection: Connection, act: Act) -> None:
        owed = (case_clocks.c.met_by == "interim") & case_clocks.c.met_at.is_(None)
        found = connection.scalar(_first(owed))
        given = Given(channel="phone", on=act.now, is_interim=True)
        acts.answer(connection, replace(act, case_id=found or act.case_id), given)

    def answer_in_vain(self, connection: Connection, act: Act) -> None:
        mail = f"answer:{act.now.isoformat()}"
        self._news(connection, act, "answered", mail)
        self._news(connection, act, "returned", mail)

    def merge(self, connection: Connection, act: Act) -> None:
        joining.merge(connection, act, self.random.choice(self.ids), across=True)

    def unmerge(self, connection: Connection, act: Act) -> None:
        joining.unmerge(connection, act)

    def describe(self, connection: Connection, act: Act) -> None:
        product = self.random.choice(("gas", "power", "<b>water</b>"))
        severity = self.random.choice(("low", "high", ""))
        describing.describe(connection, act, {"product": product, "severity": severity})

    def decide(self, connection: Connection, act: Act) -> None:
        decision = self.random.choice(("upheld", "partly", "rejected"))
        running.note_decision(connection, act, decision, act.now)

    def label(self, connection: Connection, act: Act) -> None:
        acts.label(connection, act, self.random.choice(("complaint", "request", "other")))

    def assign(self, connection: Connection, act: Act) -> None:
        acts.assign(connection, act, self.random.choice(("Ada", "Bruno", "")))

    def route(self, connection: Connection, act: Act) -> None:
        line = find_case(connection, str(act.case_id))
        assert line is not None
        received = line.received_at
        counted = Course(received=received)
        profile, clocks, _ = clocks_for(self.rules, PROFILES["phone"], counted)
        acts.run_under(connection, act, "phone", profile, clocks)

    def _news(self, connection: Connection, act: Act, kind: str, mail: str = "") -> None:
        told = {"to": "x@y.example"}
        news = CaseNews(case_id=act.case_id, kind=kind, at=act.now, detail=told, mail=mail)
        note_news(connection, [news], self.rules)

    def _before(self) -> datetime:
        """Return a moment of the last days."""
        return self.now - timedelta(hours=self.random.choice((0, 0, 20, 70)))


def _first(chosen: ColumnElement[bool]) -> Select[tuple[int]]:
    """Return what finds the first case with such a clock."""
    return select(case_clocks.c.case_id).where(chosen).order_by(case_clocks.c.case_id)


def midnight(day: object) -> datetime:
    """Return the beginning of a day in Rome."""
    return datetime.combine(day, time(), ROME)  # type: ignore[arg-type]  # a date
