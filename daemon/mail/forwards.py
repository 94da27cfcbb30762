"""A mail that a colleague passed on -> whose it is: the customer's, or nobody can tell; pure.

What is attached is believed before what stands in the text. Where two answers are possible a
person is asked, and an address of the house is never one.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from classifiers.folding import fold
from classifiers.quotes import Cut
from classifiers.text import is_forward_subject, is_reply_subject, newest
from daemon.mail.answering import (
    ELSEWHERE,
    NOBODY_READS,
    bar_to_answering,
    is_to_many,
    is_unread,
    wants_answers_elsewhere,
)
from daemon.mail.enclosed import Enclosed, enclosed_mails, holds_mails
from daemon.mail.forward_blocks import Block, blocks_in
from daemon.mail.limits import MailLimits
from daemon.mail.staff import Staff
from daemon.mail.trust import FAIL, authenticity
from daemon.records import Address, Forwarded, Mail

ATTACHED, HEADERS = "attached", "headers"

_DEEPEST = 4  # mails within mails within mails that are opened
_MOST_IDS = 32  # of References that are kept: the last ones, and the first
_MOST_PROPOSED = 5
_LONGEST_ADDRESS = 320  # bytes (RFC 5321, 4.5.3.1)
_TEXT_CHARS = 20_000  # of an attached mail that say what it is about

_CLOSED = "an attached mail cannot be read"
_MACHINE = "a machine wrote an attached mail"
_ANONYMOUS = "an attached mail does not say who wrote it"
_MANY = "it was sent to many"
_SEVERAL = "several people wrote what is passed on"
_COLLEAGUES = "only colleagues wrote what is passed on"
_NOTHING = "nothing in it says who wrote what is passed on"
_NAME_ONLY = "the headers in its text give a name without an address"
_MIXED = "the headers in its text name several writers at once"
_OTHERS = "a colleague's mail within it went to somebody else"
_ANSWER = "it may be an answer as well"
_QUOTED = "only a line above a quotation names who wrote it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardRules:
    """What is known when a mail that may be passed on is looked at."""

    staff: Staff
    limits: MailLimits
    zone: tzinfo = UTC  # in which times without one are meant
    our_servers: Collection[str] = ()  # whose word on a mail's authenticity is believed


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """What a colleague passed on, and the text of attached mails, by which it is judged."""

    forwarded: Forwarded
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Claim:
    """What one attached mail, or the text, says of who wrote it."""

    writers: tuple[Address, ...] = ()
    problem: str = ""  # why a person is asked
    told: Forwarded = field(default_factory=lambda: Forwarded(customer=None, how=ATTACHED))
    text: str = ""


def passed_on(mail: Mail, raw: bytes, rules: ForwardRules, depth: int = 0) -> Passed | None:
    """Return what a colleague passed on, None for mail of anybody else and for a colleague's own.

    Whether the mail is really the colleague's is not asked here.

    Args:
        mail: as read.
        raw: its bytes, for what is attached.
        rules: who is of the house.
        depth: of mails that it is attached to.
    """
    staff = rules.staff
    if mail.automatic is not None or mail.sender is None or not staff.has(mail.sender.email):
        return None
    has_outsiders = any(not staff.has(one.email) for one in (*mail.to, *mail.cc))
    if has_outsiders and is_reply_subject(mail.subject):
        return None  # he answers somebody
    written = _written(mail, rules, has_outsiders=has_outsiders)
    claims = _attached(mail, raw, rules, depth)
    if not claims:
        return Passed(forwarded=_decided([written], staff)) if written else None
    text = "\n\n".join(one.text for one in claims if one.text)[:_TEXT_CHARS]
    if not any(one.writers or one.problem for one in claims):
        claims = [written or _Claim(problem=_COLLEAGUES)]
        return Passed(forwarded=_decided(claims, staff), text=text)
    known = {one.email.lower() for claim in claims for one in claim.writers}
    if written and written.problem != _QUOTED:
        claims += [written] * any(one.email.lower() not in known for one in written.writers)
    return Passed(forwarded=_decided(claims, staff), text=text)


def _decided(claims: Sequence[_Claim], staff: Staff) -> Forwarded:
    """Return the one writer on whom all claims agree, else whom a person may choose from."""
    writers = _strangers((one for claim in claims for one in claim.writers), staff)
    problem = next((claim.problem for claim in claims if claim.problem), "")
    if not problem and len(writers) > 1:
        problem = _SEVERAL
    if not writers:
        problem = problem or _NOTHING
    first = next((one for one in claims if one.writers), claims[0])
    return replace(
        first.told,
        customer=None if problem else writers[0],
        why=problem,
        proposed=writers[:_MOST_PROPOSED] if problem else (),
    )


def _strangers(writers: Iterable[Address], staff: Staff) -> tuple[Address, ...]:
    """Return each that is not of the house once, with the first name that is given for it."""
    found: dict[str, Address] = {}
    for one in writers:
        size = len(one.email.encode("utf-8", "replace"))
        is_one = "@" in one.email and size <= _LONGEST_ADDRESS
        if is_one and not staff.has(one.email):
            key = one.email.lower()
            found[key] = found[key] if key in found and found[key].name else one
    return tuple(found.values())


def _attached(mail: Mail, raw: bytes, rules: ForwardRules, depth: int) -> list[_Claim]:
    if depth >= _DEEPEST or not holds_mails(mail.attachments):
        return []
    return [_claim(one, rules, depth) for one in enclosed_mails(raw, rules.limits)]


def _claim(one: Enclosed, rules: ForwardRules, depth: int) -> _Claim:
    """Return what an attached mail says; of a colleague's, what that one passed on."""
    mail = one.mail
    if mail is None:
        return _Claim(problem=_CLOSED)
    text = newest(mail.text[:_TEXT_CHARS], mail.subject)
    if mail.sender is None:
        return _Claim(problem=_ANONYMOUS, text=text)
    if not rules.staff.has(mail.sender.email):
        return _stranger_s(mail, mail.sender, text, rules)
    inner = passed_on(mail, one.raw, rules, depth + 1)
    if inner is None:
        return _Claim(text=text)  # a colleague's own words, beside the customer's perhaps
    found = inner.forwarded
    writers = (found.customer,) if found.customer else found.proposed
    return _Claim(writers=writers, problem=found.why, told=found, text=inner.text or text)


def _stranger_s(mail: Mail, sender: Address, text: str, rules: ForwardRules) -> _Claim:
    """Return the claim of a mail that somebody wrote who is not of the house."""
    writers: tuple[Address, ...] = (sender,)
    problem = ""
    if mail.automatic is not None:
        problem = _MACHINE
    elif is_to_many(mail.headers):
        problem = _MANY
    elif wants_answers_elsewhere(sender, mail.reply_to):
        problem, writers = ELSEWHERE, (*mail.reply_to, sender)
    elif is_unread(sender.email):
        problem = NOBODY_READS
    moments = (mail.hop_received_at, mail.pec_received_at)
    named = (mail.in_reply_to, *mail.references[-_MOST_IDS:][::-1], *mail.references[:1])
    told = Forwarded(
        customer=None,
        how=ATTACHED,
        subject=mail.subject,
        sent_at=mail.sent_at,
        received_at=min((one for one in moments if one), default=None),
        message_id=mail.message_id,
        answers=tuple(dict.fromkeys(one for one in named if one)),
        barred=_barred(mail, sender, rules),
    )
    return _Claim(writers=writers, problem=problem, told=told, text=text)


def _barred(mail: Mail, sender: Address, rules: ForwardRules) -> str:
    """Return why no machine answers an attached mail, by its own headers."""
    domain = sender.email.rpartition("@")[2]
    if authenticity(mail.headers, rules.our_servers, domain) == FAIL:
        return "our server found that it is not from whom it says"
    if mail.pec_received_at is not None:
        return "certified mail is answered by certified mail"
    return bar_to_answering((*mail.envelope, *mail.headers), mail.sender, mail.reply_to)


def _written(mail: Mail, rules: ForwardRules, *, has_outsiders: bool) -> _Claim | None:
    """Return what the text of a colleague's mail says, None where it passes nothing on."""
    blocks = blocks_in(mail.text, rules.zone)
    headed = [one for one in blocks if one.cut is not Cut.ATTRIBUTION]
    quoted = [one for block in blocks if block not in headed for one in block.senders]
    staff = rules.staff
    is_reply = is_reply_subject(mail.subject)
    is_marked = is_forward_subject(mail.subject) or any(one.cut is Cut.FORWARD for one in headed)
    if has_outsiders and not is_marked:
        return None  # he writes to somebody
    names = _names_of_staff(mail, headed, staff)
    claim = _headed(headed, staff, names)
    writers = claim.writers or _strangers(quoted, staff)
    if not is_marked and not writers and (is_reply or not claim.problem):
        return None  # his own words
    problem = claim.problem
    if not claim.writers and writers:
        problem = _QUOTED
    elif not writers and not problem:
        problem = _COLLEAGUES if headed else _NOTHING
    if is_reply and not problem:
        problem = _ANSWER
    return replace(claim, writers=writers, problem=problem)


def _headed(headed: Sequence[Block], staff: Staff, names: Collection[str]) -> _Claim:
    """Return who wrote, by the blocks from the top: colleagues are passed over."""
    writers: list[Address] = []
    addressed: list[Address] = []  # strangers to whom colleagues wrote
    problems: list[str] = []
    told = Forwarded(customer=None, how=HEADERS)
    for block in headed:
        theirs = [one for one in block.senders if not staff.has(one.email)]
        if theirs and not writers:
            told = replace(told, subject=block.subject, sent_at=block.sent_at)
        if block.senders and not theirs:
            addressed += _strangers(block.to, staff)
        problems.append(_doubt(block, theirs, names, is_below=bool(writers)))
        writers += theirs
    known = {one.email.lower() for one in writers}
    if writers and any(one.email.lower() not in known for one in addressed):
        problems.append(_OTHERS)
    if not writers and addressed:
        problems.append(_COLLEAGUES)
    return _Claim(
        writers=_strangers(writers or addressed, staff),
        problem=next(filter(None, problems), ""),
        told=told,
    )


def _doubt(
    block: Block, theirs: Sequence[Address], names: Collection[str], *, is_below: bool
) -> str:
    """Return why a block leaves open who wrote; "" where it does not.

    Below a stranger's mail, headers without an address are what he quotes.
    """
    if len(block.senders) > 1:
        return _MIXED
    if any(is_unread(one.email) for one in theirs):
        return NOBODY_READS
    if block.senders or is_below or fold(block.name) in names:
        return ""
    return _NAME_ONLY if block.name else _NOTHING


def _names_of_staff(mail: Mail, headed: Sequence[Block], staff: Staff) -> frozenset[str]:
    """Return the names, folded, under which colleagues stand in a mail."""
    seen = [one for block in headed for one in (*block.senders, *block.to)]
    people = [*filter(None, (mail.sender,)), *mail.to, *mail.cc, *seen]
    return frozenset(fold(one.name) for one in people if one.name and staff.has(one.email))
