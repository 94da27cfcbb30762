"""Subject and newest text of a mail -> the matters that start a legal clock of their own, by rule.

A matter stands beside the label: a complaint can ask for the erasure of data, a request can be a
withdrawal. A needless clock is worse than a missing one, which people can set by hand: a rule asks
for the first person or a demand, and for a second sign where one word is too common.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from classifiers.folding import fold
from daemon.mail import alarm_phrases as alarms
from daemon.mail import matter_phrases as phrases

DATA_SUBJECT = "data-subject"
"""A right of a data subject is exercised: GDPR art. 7(3) and 15 to 22; term in art. 12(3)."""

WITHDRAWAL = "withdrawal"
"""A consumer withdraws from a contract: Directive 2011/83/EU art. 9 to 11, refund in art. 13."""

DATA_BREACH = "data-breach"
"""A personal data breach is reported: GDPR art. 33, 72 hours from becoming aware of it."""

WHISTLEBLOWING = "whistleblowing"
"""Wrongdoing is reported: Directive (EU) 2019/1937 art. 9 and 11, seven days and three months."""

MATTERS = (DATA_SUBJECT, WITHDRAWAL, DATA_BREACH, WHISTLEBLOWING)
"""All of them, in the order in which they are given."""

_TEXT_CHARS = 6_000  # of the text that are looked at
_SUBJECT_CHARS = 500
_MOST_FINDS = 20  # of one rule that are weighed
_BEFORE = 90  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """Words that tell a matter where the other signs stand near them."""

    stems: tuple[str, ...]  # one of them is in every text that `says` can match; saves time
    says: re.Pattern[str]
    near: tuple[re.Pattern[str], ...] = ()  # all of them within `reach`
    unless: re.Pattern[str] | None = None  # within `reach`
    reach: int = 0  # characters before and after what `says` found
    before: re.Pattern[str] | None = None  # must not end where `says` begins


def matters_of(subject: str, text: str) -> tuple[str, ...]:
    """Return which of `MATTERS` a mail is about, in their order; most mails are about none.

    Args:
        subject: of the mail.
        text: the newest text in it, as a person wrote it; what comes after its first 6,000
            characters is not looked at.
    """
    said = _plain(subject, text)
    return tuple(name for name in MATTERS if any(_applies(rule, said) for rule in _RULES[name]))


def _plain(subject: str, text: str) -> str:
    """Return subject and text folded, with single blanks and a bar where a paragraph ends."""
    lines = text[:_TEXT_CHARS].replace("\r\n", "\n").replace("\r", "\n")
    paragraphs = [fold(subject[:_SUBJECT_CHARS])[:_SUBJECT_CHARS]]
    paragraphs += fold(lines)[:_TEXT_CHARS].split("\n\n")
    return " | ".join(["", *(" ".join(one.split()) for one in paragraphs), ""])


def _applies(rule: _Rule, said: str) -> bool:
    """Say whether one of the places where the rule's words stand has the other signs too."""
    if not any(stem in said for stem in rule.stems):
        return False
    return any(_holds(rule, said, found) for found in islice(rule.says.finditer(said), _MOST_FINDS))


def _holds(rule: _Rule, said: str, found: re.Match[str]) -> bool:
    start, end = found.span()
    if rule.before and rule.before.search(said[max(0, start - _BEFORE) : start]):
        return False
    around = said[max(0, start - rule.reach) : end + rule.reach]
    if rule.unless and rule.unless.search(around):
        return False
    return all(sign.search(around) for sign in rule.near)


_RIGHTS = (
    *(
        _Rule(stems=stems, says=right, unless=phrases.ENTITLED, reach=40)
        for stems, right in (
            (phrases.RIGHTS_STEMS_IT, phrases.RIGHTS_IT),
            (phrases.RIGHTS_STEMS_PL, phrases.RIGHTS_PL),
            (phrases.RIGHTS_STEMS_EN, phrases.RIGHTS_EN),
        )
    ),
    _Rule(
        stems=phrases.LAW_STEMS,
        says=phrases.LAW_ARTICLE,
        near=(phrases.DEMAND, phrases.ACT),
        unless=phrases.NOT_OURS,
        reach=200,
    ),
    _Rule(
        stems=phrases.LAW_STEMS,
        says=phrases.LAW_ONLY,
        near=(phrases.DEMAND, phrases.ACT_ON_MINE),
        unless=phrases.NOT_OURS,
        reach=150,
    ),
)
_WITHDRAWALS = tuple(
    _Rule(stems=stems, says=says, near=(sign,), unless=cause, reach=250, before=phrases.SUPPOSING)
    for stems, says, sign, cause in (
        (
            ("reced", "recess", "ripensament", "avval"),
            phrases.WITHDRAWS_IT,
            phrases.CONSUMER_IT,
            phrases.CAUSE_IT,
        ),
        (("odst",), phrases.WITHDRAWS_PL, phrases.CONSUMER_PL, phrases.CAUSE_PL),
        (
            ("withdraw", "cancel", "rescind", "cooling"),
            phrases.WITHDRAWS_EN,
            phrases.CONSUMER_EN,
            phrases.CAUSE_EN,
        ),
    )
)
_BREACHES = (
    *(
        _Rule(stems=stems, says=papers, near=(came,), unless=alarms.HEARSAY, reach=100)
        for stems, papers, came in (
            (("altr", "sconosciut", "estrane"), alarms.WRONG_PAPERS_IT, alarms.CAME_IT),
            ((" inn", " obc", "kogos", "cudz"), alarms.WRONG_PAPERS_PL, alarms.CAME_PL),
            (
                ("other", "different", "someone else", "somebody else", "stranger"),
                alarms.WRONG_PAPERS_EN,
                alarms.CAME_EN,
            ),
        )
    ),
    _Rule(
        stems=alarms.ADDRESS_STEMS,
        says=alarms.ALL_ADDRESSES,
        unless=alarms.HEARSAY,
        reach=100,
    ),
    _Rule(
        stems=alarms.STOLEN_STEMS,
        says=alarms.STOLEN,
        near=(alarms.DEVICE, alarms.OF_PEOPLE),
        unless=alarms.HEARSAY,
        reach=120,
    ),
    _Rule(stems=alarms.LET_OUT_STEMS, says=alarms.LET_OUT, unless=alarms.HEARSAY, reach=80),
    _Rule(
        stems=("breach", "leak", "violazion", "fuga", "narusz", "wyciek", "incydent"),
        says=alarms.BREACH,
        near=(alarms.NOTIFIES,),
        unless=alarms.NEWS,
        reach=150,
    ),
)
_REPORTS = (
    _Rule(
        stems=("whistle", "sygnalis", "/1937", "24/2023", "disclosure", "segnalazion", "zgloszen"),
        says=alarms.WHISTLE,
        near=(alarms.REPORTING, alarms.WRONG),
        unless=alarms.HEARSAY,
        reach=400,
    ),
    _Rule(
        stems=("segnal", "denunci", "zgl", "report", "disclos"),
        says=alarms.REPORTS_WRONG,
        near=(alarms.PROTECTED, alarms.INSIDE),
        unless=alarms.HEARSAY,
        reach=400,
    ),
)
_RULES: Mapping[str, Sequence[_Rule]] = {
    DATA_SUBJECT: _RIGHTS,
    WITHDRAWAL: _WITHDRAWALS,
    DATA_BREACH: _BREACHES,
    WHISTLEBLOWING: _REPORTS,
}
