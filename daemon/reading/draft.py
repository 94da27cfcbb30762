"""A parsed mail -> its reading without scores, and the document that the model is to score."""

import re
from collections.abc import Collection, Mapping, Sequence, Set
from email.utils import parseaddr

from classifiers.documents import WANTED_HEADERS, Document
from daemon.mail.answering import bar_to_answering
from daemon.mail.automatic import Outline
from daemon.mail.matters import matters_of
from daemon.mail.orders import MOST_CHARS
from daemon.mail.tokens import looks_like_digest
from daemon.mail.trust import FAIL, UNKNOWN, authenticity
from daemon.reading.records import PlainMail
from daemon.records import Address, Mail, Reading

SNIPPET = 200  # characters
FEWEST_WORDS = 15  # under that, an attachment speaks for the mail (DESIGN 5)
_MODEL_HEADERS = frozenset(WANTED_HEADERS)
_LIST_ID = re.compile(r"<([^<>]{1,250})>\s*$")  # RFC 2919 3: the identifier comes last
_WORD = re.compile(r"\w+")
_MOST_IDS = 32  # of References that are looked at
_HEAD = 80  # characters of a subject
_OF_DIGEST = re.compile(r"\s*(?:[a-z]{1,4}(?:\[\d{1,3}\])?\s*:\s*)+backdesk\b", re.IGNORECASE)
_LIST_HEADERS = frozenset({"list-id", "list-unsubscribe"})


def reading_of(
    mail: Mail,
    text: str,
    wanted: Set[str],
    language: str | None,
    our_servers: Collection[str] = (),
) -> Reading:
    """Return the reading of `mail` with no scores yet.

    Args:
        mail: as parsed.
        text: the newest text in it.
        wanted: lower-cased names of the headers to keep.
        language: ISO 639-1, or `None`.
        our_servers: authserv-ids of the servers whose word on a mail's authenticity is believed.
    """
    return Reading(
        content_digest=mail.content_digest,
        message_id=mail.message_id,
        in_reply_to=mail.in_reply_to,
        references=mail.references,
        subject=mail.subject,
        sender=mail.sender,
        reply_to=mail.reply_to,
        to=mail.to,
        cc=mail.cc,
        sent_at=mail.sent_at,
        headers=tuple(header for header in mail.headers if header[0] in wanted),
        attachments=mail.attachments,
        automatic=mail.automatic,
        list_id=list_id(mail.headers),
        language=language,
        scores=None,
        model=None,
        pec_received_at=mail.pec_received_at,
        hop_received_at=mail.hop_received_at,
        snippet=snippet(text),
        report=mail.report,
        official=mail.official,
        barred=bar_to_answering((*mail.envelope, *mail.headers), mail.sender, mail.reply_to),
        authentic=_authentic(mail, our_servers),
        matters=_matters(mail, text),
        said=text[:MOST_CHARS] if mail.automatic is None and _answers_digest(mail) else "",
        defects=mail.defects,
        cuts=mail.cuts,
    )


def _answers_digest(mail: Mail) -> bool:
    """Tell whether a mail answers a digest, or pretends to: by what it names, or its subject."""
    named = (mail.in_reply_to or "", *mail.references[-_MOST_IDS:])
    return any(map(looks_like_digest, named)) or bool(_OF_DIGEST.match(mail.subject[:_HEAD]))


def _authentic(mail: Mail, our_servers: Collection[str]) -> str:
    """Return what our own server found; of a PEC envelope only that it is forged.

    What it wrote stands on the envelope; the mail inside was sealed before it came to us. That an
    envelope is from whom it says proves nothing of the mail inside, as anybody can make one.
    """
    domain = mail.sender.email.rpartition("@")[2] if mail.sender else ""
    if not mail.envelope:
        return authenticity(mail.headers, our_servers, domain)
    outer = parseaddr(next((value for name, value in mail.envelope if name == "from"), ""))[1]
    found = authenticity(mail.envelope, our_servers, outer.rpartition("@")[2].lower())
    return found if found == FAIL else UNKNOWN


def document_of(mail: Mail, body: str) -> Document:
    """Return what the model sees of `mail`; `body` is its whole text, or what stands in for it."""
    return Document(
        subject=mail.subject,
        body=body,
        sender=_from_line(mail.sender),
        headers=_first_of_each(mail.headers),
        link_count=mail.link_count,
        image_count=mail.image_count,
    )


def document_of_plain(mail: PlainMail) -> Document:
    """Return what the model sees of a plain mail; what its source lacks stays missing."""
    headers = None if mail.headers is None else _first_of_each(mail.headers)
    return Document(subject=mail.subject, body=mail.body, sender=mail.sender, headers=headers)


def outline_of_plain(mail: PlainMail) -> Outline:
    """Return what the rules for automatic mail may look at in a plain mail."""
    name, email = parseaddr(mail.sender or "")
    return Outline(
        headers=dict(reversed(mail.headers or ())),
        sender=Address(name=name, email=email) if email else None,
        subject=mail.subject,
        media_types=frozenset(),
        text=mail.body,
        report="",
    )


def snippet(text: str) -> str:
    """Return the first characters of `text` on one line."""
    return " ".join(text[: 4 * SNIPPET].split())[:SNIPPET]


def has_words(text: str) -> bool:
    """Say whether `text` has enough words to be judged by."""
    if len(text) > 40 * FEWEST_WORDS:
        return True
    return sum(1 for _ in _WORD.finditer(text)) >= FEWEST_WORDS


def list_id(headers: Sequence[tuple[str, str]]) -> str | None:
    """Return the identifier of the mailing list, lower-cased; `None` for mail of no list."""
    for name, value in headers:
        if name == "list-id":
            found = _LIST_ID.search(value[-300:])
            return (found[1] if found else value[:250]).strip().lower() or None
    return None


def _matters(mail: Mail, text: str) -> tuple[str, ...]:
    """Return the matters of a mail that a person wrote to us; machines and lists have none."""
    if mail.automatic is not None or any(name in _LIST_HEADERS for name, _ in mail.headers):
        return ()
    return matters_of(mail.subject, text)


def _first_of_each(headers: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    return {name: value for name, value in reversed(headers) if name in _MODEL_HEADERS}


def _from_line(sender: Address | None) -> str | None:
    return None if sender is None else f"{sender.name} <{sender.email}>".lstrip()
