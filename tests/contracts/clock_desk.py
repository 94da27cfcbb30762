"""A case with clocks of a configuration, and somebody who works on it."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from daemon import config
from daemon.cases.acts import Given
from daemon.cases.news import note_news
from daemon.cases.records import Act, CaseClock, CaseLine
from daemon.fitting import case_rules
from daemon.records import CaseNews
from daemon.triage.casework import clocks_for, clocks_of_matters
from daemon.triage.deadlines import Course
from tests.contracts.register import Register, ask, reply, wish
from tests.stages.test_config_problems import FILE, SMALL

OURS = """
[deadlines.ours]
title = "What we promise"
source = "our website"
pauses = ["proof of identity"]
silence = "accepted"
[deadlines.ours.clocks.acknowledge]
term = "3 days"
met_by = "acknowledgement"
[deadlines.ours.clocks.reply]
term = "30 days"
extended = "60 days"
interim_reply = true
[deadlines.ours.clocks.follow-up]
term = "10 days"
starts = "acknowledge"
met_by = "decision"
"""
RULES = case_rules(config.parse(SMALL + OURS, FILE))
ROME = ZoneInfo("Europe/Rome")
RECEIVED = datetime(2026, 11, 2, 9, tzinfo=UTC)  # a Monday
WHY = "proof of identity"


class Desk:
    """A case with clocks of the configuration, and somebody who works on it."""

    def __init__(self, register: Register, profile: str | None, *matters: str) -> None:
        self.register, self._number = register, 1
        self.line = self._opened(profile, matters)

    def _opened(self, profile: str | None, matters: tuple[str, ...]) -> CaseLine:
        mail_id = self.register.mail()
        asking = ask(mail_id, asked(profile, RECEIVED, *matters))
        with self.register.store.write() as connection:
            self.register.cases.take(connection, [asking], RECEIVED)
        return self.register.case(mail_id)

    def write(self, at: datetime, profile: str | None, *matters: str, kind="complaint") -> None:
        """Let the customer write again."""
        self._number += 1
        wanted = asked(profile, at, *matters, kind=kind)
        asking = ask(self.register.mail(), wanted, **reply("<1@client.example>", self._number))
        with self.register.store.write() as connection:
            self.register.cases.take(connection, [asking], at)

    def act(self, at: datetime, do, *arguments: object) -> str | None:
        """Do something at a moment; return the day on which the case is due then."""
        act = Act(case_id=self.line.id, actor="Ada", now=at, rules=RULES)
        with self.register.store.write() as connection:
            do(connection, act, *arguments)
        return self.due

    def hear(self, at: datetime, kind: str, mail: str) -> str | None:
        """Be told what became of a mail of ours; return the day on which the case is due then."""
        news = CaseNews(case_id=self.line.id, kind=kind, at=at, detail={}, mail=mail)
        with self.register.store.write() as connection:
            note_news(connection, [news], RULES)
        return self.due

    @property
    def due(self) -> str | None:
        """The day on which the case is due."""
        due = self.register.file(self.line).line.due_at
        return due and f"{due.astimezone(ROME):%m-%d}"

    def __getitem__(self, name: str) -> CaseClock:
        """Return a clock."""
        return {one.name: one for one in self.register.file(self.line).clocks}[name]

    def day(self, name: str) -> str:
        """Return the day on which a clock ends."""
        return f"{self[name].due_at.astimezone(ROME):%m-%d}"

    def unmet(self) -> set[str]:
        """Return the clocks that nobody has met."""
        clocks = self.register.file(self.line).clocks
        return {one.name for one in clocks if one.met_at is None and not one.only_if}


def asked(profile: str | None, at: datetime, *matters: str, kind: str = "complaint"):
    """Return what a mail asks for, with the clocks of the configuration."""
    name, clocks, _ = clocks_for(RULES, profile, Course(received=at))
    mine = (*clocks, *clocks_of_matters(RULES, matters, at))
    return replace(wish(kind, at), profile=name, clocks=mine)


def on(day: int, month: int = 11) -> datetime:
    """Return a morning of 2026."""
    return datetime(2026, month, day, 9, tzinfo=UTC)


def post(day: datetime, **more: object) -> Given:
    """Return a letter that was sent."""
    return Given(channel="post", on=day, **more)
