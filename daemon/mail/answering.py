"""Headers and sender of a mail -> why no machine may answer it; pure.

What a person sends is answered, what a machine or a list sends never is: else two machines talk to
each other for ever, and a list of thousands reads our receipts.
"""

import re
from collections.abc import Sequence

from daemon.records import Address

_MANY = frozenset(
    {"list-id", "list-post", "list-unsubscribe", "list-help", "list-subscribe", "list-owner"}
    | {"feedback-id"}
)
_BULK = frozenset({"bulk", "list", "junk"})
_SUPPRESSED = frozenset({"all", "oof", "autoreply"})  # MS-OXCMAIL 2.2.3.2.14
_NOBODY = re.compile(
    r"(?:.*[-._])?(?:no-?_?\.?reply|do-?_?\.?not-?_?\.?reply|noresponse|unattended)(?:[-._].*)?"
    r"|(?:nicht-?antworten|keine-?antwort|ne-?pas-?repondre|no-?responder|non-?rispondere"
    r"|nie-?odpowiadaj)(?:[-._].*)?"
    r"|auto-?(?:mail(?:er)?|reports?|repl(?:y|ies)|respond(?:er)?|confirm)"
    r"|mailer-?daemon|postmaster|(?:bounces?|listserv|majordomo|mailman)(?:[-+._].*)?|owner-.*"
    r"|.*-(?:request|owner|bounces?)",
    re.IGNORECASE,
)
"""Local parts behind which nobody reads."""

NOBODY_READS = "nobody reads what is sent to its sender"
ELSEWHERE = "it wants answers at another place than its sender"

_LONGEST_LOCAL = 100  # characters of a local part that are looked at


def bar_to_answering(
    headers: Sequence[tuple[str, str]], sender: Address | None, reply_to: Sequence[Address]
) -> str:
    """Return why no automatic answer may be sent, in words; "" where nothing forbids it.

    Sources: RFC 3834 2 (Auto-Submitted, null path, Precedence, lists), RFC 2369 and 2919 (lists).

    Args:
        headers: (lower-cased name, value), in order; of a certified mail those of its envelope too.
        sender: who it is from.
        reply_to: where its sender wants answers; anywhere but with the sender, a receipt could be
            aimed at people who never wrote to us.
    """
    if sender is None or "@" not in sender.email:
        return "it does not say who it is from"
    for name, value in headers:
        if why := _bar(name, value.strip().lower()):
            return why
    if is_unread(sender.email):
        return NOBODY_READS
    return ELSEWHERE if wants_answers_elsewhere(sender, reply_to) else ""


def is_unread(email: str) -> bool:
    """Tell whether an address is one behind which nobody reads, as no-reply@ is."""
    return _NOBODY.fullmatch(email.partition("@")[0][:_LONGEST_LOCAL]) is not None


def wants_answers_elsewhere(sender: Address, reply_to: Sequence[Address]) -> bool:
    """Tell whether a mail asks for answers in another domain than its sender's."""
    domain = sender.email.rpartition("@")[2]
    return any(one.email.rpartition("@")[2] != domain for one in reply_to)


def is_to_many(headers: Sequence[tuple[str, str]]) -> bool:
    """Tell whether headers (lower-cased names) are those of a mailing list or campaign."""
    return any(name in _MANY for name, _ in headers)


def _bar(name: str, value: str) -> str:
    """Return why one header forbids an answer."""
    word = value.partition(";")[0].strip()
    bars = (
        (name == "auto-submitted" and word != "no", "a machine sent it (Auto-Submitted)"),
        (name == "return-path" and value.replace(" ", "") == "<>", "its return path is empty"),
        (name == "precedence" and word in _BULK, f"it is bulk mail (Precedence: {word})"),
        (name in _MANY, f"it was sent to many ({name})"),
        (
            name == "x-auto-response-suppress"
            and bool({one.strip() for one in value.split(",")} & _SUPPRESSED),
            "its sender wants no automatic answer",
        ),
    )
    return next((why for forbids, why in bars if forbids), "")
