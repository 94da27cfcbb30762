"""What the model is shown of one mail: its words and its outward signs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One mail as the classifier sees it.

    Signs the source lacks are `None`, which the model reads as *missing*, never as *no*.

    Attributes:
        subject: decoded subject, "" when there is none.
        body: the whole readable text; quotes and signatures are stripped by the model itself.
        sender: the From line or address, None when unknown.
        headers: lower-cased name -> decoded value (the first of several); None when the source
            has no headers at all (a line of JSON, say), an empty mapping when it has and lacks
            all the names asked for. At least the names in `WANTED_HEADERS` should be passed on.
        link_count: links in the text or HTML.
        image_count: images in the HTML or among the attachments.
        is_known_sender: whether the sender has written to this mailbox before.
    """

    subject: str
    body: str
    sender: str | None = None
    headers: Mapping[str, str] | None = None
    link_count: int | None = None
    image_count: int | None = None
    is_known_sender: bool | None = None


WANTED_HEADERS = (
    "list-id",
    "list-unsubscribe",
    "list-unsubscribe-post",
    "list-post",
    "precedence",
    "auto-submitted",
    "feedback-id",
    "in-reply-to",
    "references",
)
"""The headers that the structure features look at, in lower case."""
