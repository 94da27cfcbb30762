"""A language -> its words for the digest: sentences with right plurals, names, dates.

The words stand in `templates/digest.<language>.toml`; a sentence that counts has one form for each
plural of its language.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from daemon.config.dates import day_in_words
from daemon.config.plurals import plural
from daemon.config.shipped import shipped
from daemon.sending.store import ALONE, NOWHERE, UNKNOWN

LANGUAGES = ("it", "pl", "en")

_SHARE = r"[01]\.\d\d"
_REASONS = (
    (
        "either",
        re.compile(rf"unsure: (?P<label>\S+) (?P<p>{_SHARE}) or (?P<other>\S+) (?P<q>{_SHARE})"),
    ),
    ("alone", re.compile(rf"unsure: (?P<label>\S+) (?P<p>{_SHARE})")),
    ("no_model", re.compile(r"no model")),
)
_UNSENT = (
    ("unknown", re.compile(re.escape(UNKNOWN))),
    ("alone", re.compile(rf"{re.escape(ALONE)}(?P<said>.*)")),
    ("nowhere", re.compile(rf"{re.escape(NOWHERE)}(?P<said>.*)")),
    ("per_day", re.compile(r"(?P<number>\d{1,6}) went to this address within 24 hours")),
    ("apart", re.compile(r"one went to this address within (?P<number>\d{1,6}) minutes")),
    (
        "open_case",
        re.compile(
            r"one went to this address within (?P<number>\d{1,6}) days, its case is open",
        ),
    ),
    ("per_domain", re.compile(r"(?P<number>\d{1,6}) went to this domain within an hour")),
    ("per_hour", re.compile(r"the limit of an hour is reached")),
    (
        "strangers",
        re.compile(r"the limit of an hour for senders whom nobody confirmed is reached"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language."""

    language: str
    table: Mapping[str, Any]

    def say(self, key: str, number: int | None = None, /, **values: object) -> str:
        """Return a sentence; with a number in the plural it asks for, the number as `{n}`.

        Raises:
            KeyError: the language lacks it.
        """
        sentence = self.table["say"][key]
        if number is not None:
            sentence = sentence[plural(self.language, number)]
        return str(sentence).format(n=number, **values)

    def name(self, kind: str, word: str) -> str:
        """Return the name of a label, an automatic kind or a reason; unknown ones as they are."""
        return str(self.table[kind].get(word, word))

    def why_unsure(self, reason: str) -> str:
        """Return a verdict's reason in this language; one that is not known as it is."""
        for key, pattern in _REASONS:
            if found := pattern.fullmatch(reason):
                values = found.groupdict()
                for word in values.keys() & {"label", "other"}:
                    values[word] = self.name("labels", values[word])
                return self.say(f"unsure_{key}", **{k: _percent(v) for k, v in values.items()})
        return reason.removeprefix("unsure: ")

    def why_unsent(self, why: str) -> str:
        """Return why a mail did not leave; a relay's own words as they are."""
        for key, pattern in _UNSENT:
            if found := pattern.fullmatch(why):
                values = found.groupdict()
                number = values.pop("number", None)
                return self.say(f"unsent_{key}", *((int(number),) if number else ()), **values)
        return why

    @staticmethod
    def likeliest(reason: str) -> str | None:
        """Return the label that an unsure verdict's reason names first."""
        found = next((p.fullmatch(reason) for _, p in _REASONS if p.fullmatch(reason)), None)
        return found.groupdict().get("label") if found else None

    def why_set_aside(self, reason: str) -> str:
        """Return a quarantine's reason in this language."""
        known = self.table["set_aside"]
        return str(known[reason]) if reason in known else self.say("over_limit", limit=reason)

    def day(self, day: date, form: str = "short") -> str:
        """Return a date: `short` is Mon 23 Nov, `long` is Monday 23 November 2026."""
        return day_in_words(day, self.language, form)

    def moment(self, moment: datetime, zone: ZoneInfo) -> str:
        """Return a moment in the house's time: Mon 23 Nov, 07:30."""
        local = moment.astimezone(zone)
        return f"{self.day(local.date())}, {local:%H:%M}"


@cache
def words(language: str) -> Words:
    """Return the words of it, pl or en."""
    path = shipped(f"templates/digest.{language}.toml")
    return Words(language=language, table=tomllib.loads(path.read_text(encoding="utf-8")))


def _percent(value: str) -> str:
    """0.35 is 35 %: people read it faster."""
    is_share: Callable[[str], object] = re.compile(_SHARE).fullmatch
    return f"{round(float(value) * 100)}%" if is_share(value) else value
