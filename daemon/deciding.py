"""What a person says a case or a mail is -> done; one way, by whatever door the word came in."""

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection

from daemon.cases import acts
from daemon.cases.acts import KINDS
from daemon.cases.records import Act, CaseEvent, CaseLine
from daemon.cases.store import write_events
from daemon.cases.views import case_file, case_of_mail, find_case, opener_of
from daemon.intake.stories import original_of, reading_of
from daemon.jobs import House, acknowledge, stop_unapproved
from daemon.records import LABELS, Decision, Verdict
from daemon.triage.casework import UNSURE, clocks_for
from daemon.triage.deadlines import Course
from daemon.triage.route import RouteInput, route_under

_SAID = Verdict(label=None, confidence=1.0, abstained=False, reason="a person")
_GRAVEST = LABELS[0]
_WAITS = "its answer has not left and waits for approval: `case approve`"


class Outcome(StrEnum):
    """What came of a word about a mail."""

    DONE = "done"
    ALREADY = "already"  # it was so before; nothing has changed
    KEPT = "kept"  # a follow-up's case stays what it is; the word is among its events
    NO_CASE = "no case"  # the mail has none, for instance because it is only observed


class Word(NamedTuple):
    """What somebody says a mail is."""

    mail_id: int
    label: str
    actor: str
    now: datetime


def labels_of(house: House) -> tuple[str, ...]:
    """Return the labels that a person may give."""
    return (*LABELS, *house.settings.classifier.labels)


def label_case(
    house: House, connection: Connection, act: Act, kind: str, queue: str | None = None
) -> tuple[str, ...]:
    """Say what a case is, and answer its mail by return if nobody knew before.

    Args:
        house: the house.
        connection: a write transaction.
        act: who, which case, when.
        kind: the label; one that opens no case closes it.
        queue: under whose deadlines it runs from now on, counted from its receipt; None: as it is.

    Returns:
        What there is to say: no clock runs although the queue has deadlines, its answer waits.

    Raises:
        ActRefused: it was merged into another case.
    """
    before = _line(connection, act.case_id)
    why = "" if queue is None else route_case(house, connection, act, queue)
    acts.label(connection, act, kind)
    if before.kind == UNSURE:
        acknowledge(house, connection, act.case_id, act.now)
    stopped = stop_unapproved(house, connection, act)
    return (*([f"no clock runs: {why}"] if why else ()), *([_WAITS] if stopped else ()))


def route_case(
    house: House, connection: Connection, act: Act, queue: str, ordered: str | None = None
) -> str:
    """Put a case into a queue, under its deadlines from the receipt; return why no clock runs.

    `ordered` is the profile that a rule gives such mail in place of the queue's.
    """
    rules = house.pipeline.policy.cases
    received = Course(received=_line(connection, act.case_id).received_at)
    profile, clocks, why = clocks_for(rules, ordered or rules.profiles.get(queue), received)
    acts.run_under(connection, act, queue, profile, clocks)
    stop_unapproved(house, connection, act)
    return why


def label_mail(house: House, connection: Connection, word: Word) -> Outcome:
    """Say what a mail is, in the caller's transaction; said again, it changes nothing.

    The case that the mail opened is labelled, and runs under the deadlines of the queue to which
    the rules send such mail. A mail that only joined a case says less about it: it can make a
    complaint of it, or say what an undecided one is, but neither close it nor make it less.

    Raises:
        ActRefused: the case was merged into another at this moment.
    """
    mail_id = original_of(connection, word.mail_id)
    line = standing_case(connection, mail_id)
    if line is None:
        return Outcome.NO_CASE
    rules = house.pipeline.policy.cases
    act = Act(case_id=line.id, actor=word.actor, now=word.now, rules=rules)
    acts.lock(connection, act)
    line = _line(connection, line.id)  # as whoever held it has left it
    if line.kind == word.label:
        return Outcome.ALREADY
    is_confided = bool(rules.whistleblowing_queue) and line.queue == rules.whistleblowing_queue
    if is_confided or not _decides(connection, line, mail_id, word.label):
        return _keep(connection, line, act, word._replace(mail_id=mail_id))
    decision = _decision_on(house, connection, mail_id, word.label)
    if decision is not None and decision.queue not in (None, line.queue):
        route_case(house, connection, act, decision.queue, decision.orders.deadline)
    label_case(house, connection, act, word.label)
    return Outcome.DONE


def standing_case(connection: Connection, mail_id: int) -> CaseLine | None:
    """Return the case of a mail, or the one that answers for it since they were merged."""
    line = case_of_mail(connection, mail_id)
    while line is not None and line.merged_into is not None:
        line = _line(connection, line.merged_into)
    return line


def _decides(connection: Connection, line: CaseLine, mail_id: int, label: str) -> bool:
    """Tell whether a mail's label is its case's: it opened it, or it can only make it more."""
    if opener_of(connection, line) == mail_id:
        return True
    return label == _GRAVEST or (label in KINDS and line.kind not in KINDS)


def _keep(connection: Connection, line: CaseLine, act: Act, word: Word) -> Outcome:
    """Keep a word about a follow-up among the events of its case."""
    said = [one for one in case_file(connection, line).events if _is_about(one, word.mail_id)]
    if said and said[-1].detail.get("label") == word.label:
        return Outcome.ALREADY
    told = act.event("judged", mail=word.mail_id, label=word.label)
    write_events(connection, [(line.id, told)])
    return Outcome.KEPT


def _is_about(event: CaseEvent, mail_id: int) -> bool:
    return event.kind == "judged" and event.detail.get("mail") == mail_id


def _decision_on(house: House, connection: Connection, mail_id: int, label: str) -> Decision | None:
    """Return what the rules say of a mail with this label, for sure."""
    found = reading_of(connection, mail_id)
    if found is None or label not in KINDS:
        return None  # its case is closed, wherever it stands
    policy = house.pipeline.policy
    subject = RouteInput(
        account=found.account,
        size=found.size,
        reading=found.reading,
        verdict=replace(_SAID, label=label),
    )
    cases = policy.cases
    return route_under(subject, policy.rules, cases.profiles, cases.whistleblowing_queue)


def _line(connection: Connection, case_id: int) -> CaseLine:
    line = find_case(connection, str(case_id))
    if line is None:
        raise LookupError(f"case {case_id} is not there")
    return line
