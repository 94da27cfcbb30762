"""A language -> its words for the reports, which stand in `templates/report.<language>.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from daemon.config.dates import day_in_words, moment_in_words
from daemon.config.plurals import plural
from daemon.config.shipped import shipped
from daemon.quality.statistics import Quantile, Share

LANGUAGES = ("it", "pl", "en")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


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
        """Return the name of a kind, channel and so on; the house's own words as they are."""
        known = self.table.get(kind, {})
        return str(known.get(word, word)) or self.say("none")

    def day(self, day: date) -> str:
        """Return a date: 1 March 2026."""
        return day_in_words(day, self.language, "date")

    def weekday(self, day: date) -> str:
        """Return a date in a list: Mon 2 Mar."""
        return day_in_words(day, self.language)

    def moment(self, moment: datetime, zone: ZoneInfo) -> str:
        """Return a moment in the house's time."""
        return moment_in_words(moment, zone, self.language)

    def share(self, share: Share) -> str:
        """Return a share in whole per cent; nothing of nothing."""
        return "" if share.share is None else percent(share.share)

    def interval(self, share: Share) -> str:
        """Return the interval of a share; nothing of nothing."""
        if share.low is None or share.high is None:
            return ""
        return self.say("interval", low=percent(share.low), high=percent(share.high))

    def amount(self, amount: Decimal, currency: str) -> str:
        """Return a sum of money: 1250.00 EUR, with a comma where that is written."""
        text = f"{amount:.2f}"
        return f"{text if self.language == 'en' else text.replace('.', ',')} {currency}"

    def time(self, quantile: Quantile, *, in_days: bool = True) -> str:
        """Return a time in days and hours, or in hours only; "at least" where no more is known."""
        if quantile.seconds is None:
            return ""
        text = self._lasting(int(quantile.seconds), in_days=in_days)
        return self.say("at_least", time=text) if quantile.at_least else text

    def _lasting(self, seconds: int, *, in_days: bool) -> str:
        if in_days and seconds >= _DAY:
            return self.say("days", days=seconds // _DAY, hours=seconds % _DAY // _HOUR)
        minutes = seconds % _HOUR // _MINUTE
        if seconds >= _HOUR:
            return self.say("hours", hours=seconds // _HOUR, minutes=minutes)
        return self.say("minutes", minutes=minutes)


def percent(share: float) -> str:
    """Return 0.853 as 85%; what is not all and not nothing never looks like it."""
    whole = round(share * 100)
    if share < 1:
        whole = min(whole, 99)
    return f"{max(whole, 1) if share > 0 else 0}%"


@cache
def words(language: str) -> Words:
    """Return the words of it, pl or en."""
    path = shipped(f"templates/report.{language}.toml")
    return Words(language=language, table=tomllib.loads(path.read_text(encoding="utf-8")))
