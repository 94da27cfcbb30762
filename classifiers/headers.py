"""A labelled document to a copy with the headers such mail carries in the field.

Examples written by hand have no headers, and nothing could be learnt from headers in use. The rates
below are what is known of such mail beforehand; they are mild, so that the words decide.
"""

from dataclasses import dataclass, replace
from random import Random

from classifiers.documents import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """How often mail of a label carries something (0 to 1), and its most links and images."""

    list_headers: float
    one_click: float
    bulk: float
    automatic: float
    reply: float
    discussion: float
    known: float
    links: int
    images: int


_RATES = {
    "complaint": Rates(
        list_headers=0.01,
        one_click=0.0,
        bulk=0.01,
        automatic=0.01,
        reply=0.25,
        discussion=0.01,
        known=0.4,
        links=2,
        images=2,
    ),
    "request": Rates(
        list_headers=0.01,
        one_click=0.0,
        bulk=0.01,
        automatic=0.01,
        reply=0.25,
        discussion=0.01,
        known=0.4,
        links=2,
        images=2,
    ),
    "newsletter": Rates(
        list_headers=0.75,
        one_click=0.4,
        bulk=0.45,
        automatic=0.05,
        reply=0.02,
        discussion=0.01,
        known=0.4,
        links=30,
        images=15,
    ),
    "other": Rates(
        list_headers=0.15,
        one_click=0.03,
        bulk=0.15,
        automatic=0.3,
        reply=0.25,
        discussion=0.1,
        known=0.4,
        links=8,
        images=4,
    ),
}
_SENDER_TOLD = 0.5  # or the model would learn to miss senders that its users never pass on
_UNKNOWN = Rates(
    list_headers=0.1,
    one_click=0.03,
    bulk=0.1,
    automatic=0.1,
    reply=0.2,
    discussion=0.03,
    known=0.4,
    links=6,
    images=4,
)
"""Of a label that a user has added."""


def with_headers(document: Document, label: str, random: Random) -> Document:
    """A copy as it might arrive by mail; a document that has headers stays as it is."""
    if document.headers is not None:
        return document
    rates = _RATES.get(label, _UNKNOWN)
    return replace(
        document,
        sender=document.sender if random.random() < _SENDER_TOLD else None,
        headers=_draw_headers(rates, random),
        link_count=random.randint(0, rates.links),
        image_count=random.randint(0, rates.images),
        is_known_sender=random.choice((None, random.random() < rates.known)),
    )


def _draw_headers(rates: Rates, random: Random) -> dict[str, str]:
    """Headers drawn at the label's rates."""
    chances = (
        (rates.list_headers, "list-unsubscribe", "<mailto:leave@lists.example>"),
        (rates.list_headers, "list-id", "<list.lists.example>"),
        (rates.one_click, "list-unsubscribe-post", "List-Unsubscribe=One-Click"),
        (rates.bulk, "precedence", "bulk"),
        (rates.automatic, "auto-submitted", "auto-generated"),
        (rates.reply, "in-reply-to", "<1@mail.example>"),
        (rates.discussion, "list-post", "<mailto:talk@lists.example>"),
        (rates.list_headers / 3, "feedback-id", "1:campaign"),
    )
    return {name: value for rate, name, value in chances if random.random() < rate}
