"""What people do with answers that leave by mail: one writes, another may have to approve."""

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, select

from daemon.cases import ending
from daemon.cases.acts import Given, rules_against
from daemon.cases.clocks import clocks_of
from daemon.cases.holding import same_person
from daemon.cases.records import Act, ActRefused, CaseEvent, CaseLine
from daemon.cases.store import write_events
from daemon.store.tables import case_events, cases

_WRITTEN, _APPROVED, _REJECTED = "replying", "approved", "rejected"
_REQUEST = "request"
"""The kind whose answers nobody need approve; an unsure one may be a complaint."""


def note_reply(
    connection: Connection, act: Act, key: str, given: Given, **said: object
) -> tuple[str, ...]:
    """Keep who wrote an answer, and for which clocks; that it has left is told when it has.

    Args:
        connection: a write transaction.
        act: who, and when.
        key: of the mail.
        given: how it goes out, and for which clocks.
        said: whether it awaits approval, and as whom the machine knows its writer.

    Returns:
        The rules on the channel of an answer that it does not keep, in words.

    Raises:
        ActRefused: a clock that is named waits for something else, or no interim reply is owed.
    """
    came_by = connection.scalar(select(cases.c.channel).where(cases.c.id == act.case_id)) or ""
    own = clocks_of(connection, act.case_id)
    by = ending.INTERIM_REPLY if given.is_interim else ending.ANSWER
    names = ending.concerned(own, by, given.named)
    if given.is_interim and not names:
        raise ActRefused("no interim reply is owed")
    against = rules_against(act, came_by, [own[name] for name in names], given)
    is_chosen = given.is_interim or given.named.clocks or given.named.matters
    chosen = {"ends": names} if is_chosen else {}
    about = {"interim": given.is_interim, "against": list(against), **chosen}
    told = act.event(_WRITTEN, mail=key, **said, **about)
    write_events(connection, [(act.case_id, told)])
    return against


def needs_approval(
    connection: Connection, line: CaseLine, queues: Collection[str], profiles: Collection[str]
) -> bool:
    """Tell whether a second person must approve what is answered in a case.

    What it ever was counts, and where it ever stood: else a label or a queue that is taken back
    afterwards would let an answer to a complaint pass.

    Args:
        connection: a transaction.
        line: the case.
        queues: in which answers are approved.
        profiles: of deadlines under which they are.
    """
    parts = connection.execute(
        select(cases.c.id, cases.c.kind, cases.c.queue, cases.c.profile).where(
            (cases.c.id == line.id) | (cases.c.merged_into == line.id)
        )
    ).all()
    kinds = {one.kind for one in parts}
    stood, ran = {one.queue for one in parts}, {one.profile for one in parts}
    query = select(case_events).where(
        case_events.c.case_id.in_([one.id for one in parts]),
        case_events.c.kind.in_(("labelled", "routed", "clocks")),
    )
    for event in map(CaseEvent.of, connection.execute(query)):
        said = event.detail.get
        if event.kind == "labelled":
            kinds |= {said("label"), said("before")}
        else:
            kinds.add(said("was_kind") or line.kind)
            stood |= {said("queue"), said("before")}
            ran |= {said("profile"), said("was")}
    return bool(kinds - {_REQUEST}) and bool(stood & set(queues) or ran & set(profiles))


def note_draft(connection: Connection, act: Act, **told: str) -> None:
    """Keep who had a reply laid down as a draft; that it was sent is seen when it was."""
    write_events(connection, [(act.case_id, act.event("drafted", **told))])


def check_second_person(connection: Connection, act: Act, keys: Collection[str]) -> None:
    """Make sure that nobody approves what he has written himself.

    Raises:
        ActRefused: he wrote one of these answers.
    """
    for event in _events(connection, act, _WRITTEN):
        if event.detail["mail"] in keys and same_person(event.actor, act.actor):
            raise ActRefused(f"{event.actor} wrote the answer; somebody else must decide on it")


def approved(connection: Connection, act: Act) -> set[str]:
    """Return the keys of the answers of a case that a second person let go."""
    return {key for event in _events(connection, act, _APPROVED) for key in event.detail["mails"]}


def note_decision(
    connection: Connection, act: Act, keys: Sequence[str], refusal: str, login: str
) -> None:
    """Keep who let answers go, or did not, and why."""
    kind = _REJECTED if refusal else _APPROVED
    detail = {"mails": list(keys), "login": login} | ({"why": refusal} if refusal else {})
    write_events(connection, [(act.case_id, act.event(kind, **detail))])


def _events(connection: Connection, act: Act, kind: str) -> list[CaseEvent]:
    query = select(case_events).where(
        case_events.c.case_id == act.case_id, case_events.c.kind == kind
    )
    return [CaseEvent.of(row) for row in connection.execute(query.order_by(case_events.c.id))]
