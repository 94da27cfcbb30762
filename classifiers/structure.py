"""The outward signs of a mail to numbers: headers, form of the text, kind of sender.

What the source lacks is *missing* (a sign of its own, or all signs of the kind at 0), never *no*.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.documents import Document
from classifiers.text import is_forward_subject, is_reply_subject

_MONEY = ("€", "£", "$", " eur", " pln", " zl", " gbp")
_BULLETS = tuple(
    "\n" + sign for sign in ("-", "*", "•", "●", "■", "✔", "✓", "→", "»", "·", "1.", "2.")
)
_LINKS = ("http", "www.", ">>", "->")
_CAPITALS = bytes(range(65, 91))
_DIGITS = bytes(range(48, 58))
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_BULK_SENDER = re.compile(
    r"news|promo|marketing|offer|campaign|mailing|klub|redak|redaz|bollett|biulet"
)
_MACHINE_SENDER = re.compile(
    r"no-?_?reply|do-?not-?reply|notif|automat|system|alert|donotreply|bounce"
)
_DIGIT = re.compile(r"\d")
_MONEY_SIGN = re.compile("|".join(map(re.escape, _MONEY)))
_FEW_WORDS, _MANY_WORDS = 3, 20  # of a short and of a long sentence
_BULK = frozenset(("bulk", "list", "junk"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A mail prepared for looking at its form.

    Attributes:
        document: the mail as given. body: its newest text. folded: the same folded.
        subject: folded. word_count: words in `body`. sentences: of the body, as written.
    """

    document: Document
    body: str
    folded: str
    subject: str
    word_count: int
    sentences: tuple[str, ...]


def _logarithm(count: int | None) -> float:
    """ln(1 + count) / 2; missing as none."""
    return math.log1p(count) / 2 if count else 0.0


def _per_sentence(form: Form, sign: str) -> float:
    """How often a sign stands in the text, damped."""
    return _logarithm(form.body.count(sign) + form.document.subject.count(sign))


def _capitals(form: Form) -> float:
    """Share of ASCII capitals in the first 400 characters."""
    head = form.body[:400].encode("ascii", "ignore")
    return (len(head) - len(head.translate(None, _CAPITALS))) / (len(head) + 20)


def _headers(form: Form) -> Mapping[str, str]:
    return form.document.headers or {}


def _has(*names: str) -> Callable[[Form], float]:
    """Whether one of the headers is there; 0 as well when the source has no headers."""
    return lambda form: float(any(name in _headers(form) for name in names))


def _is_automatic(form: Form) -> float:
    value = _headers(form).get("auto-submitted", "no").strip().lower()
    return float(not value.startswith("no"))  # RFC 3834 5: "no" is the default


def _is_bulk(form: Form) -> float:
    return float(_headers(form).get("precedence", "").strip().lower() in _BULK)


def _count(*signs: str) -> Callable[[Form], float]:
    """How often any of the signs stands in the folded text, damped."""
    return lambda form: _logarithm(sum(map(form.folded.count, signs)))


def _emoji(form: Form) -> float:
    return 0.0 if form.body.isascii() else _logarithm(len(_EMOJI.findall(form.body)))


def _digits(form: Form) -> float:
    """Share of digits in the text, tenfold, at most 2."""
    text = form.folded.encode("ascii", "ignore")
    return min(2.0, 10 * (len(text) - len(text.translate(None, _DIGITS))) / (len(text) + 20))


def _sender_is(pattern: re.Pattern[str]) -> Callable[[Form], float]:
    return lambda form: float(
        pattern.search((form.document.sender or "").lower()[:300]) is not None
    )


def _length_band(low: int, high: int) -> Callable[[Form], float]:
    return lambda form: float(low <= form.word_count < high)


SOURCE_SIGNS: dict[str, Callable[[Form], float]] = {
    "has no headers to look at": lambda form: float(form.document.headers is None),
    "carries list headers": _has("list-id", "list-unsubscribe", "list-unsubscribe-post"),
    "has one-click unsubscribe": _has("list-unsubscribe-post"),
    "comes from a discussion list": _has("list-post"),
    "is marked as bulk": _is_bulk,
    "was sent by a program": _is_automatic,
    "names a bulk sender's campaign": _has("feedback-id"),
    "answers another mail": _has("in-reply-to", "references"),
    "comes from a bulk address": _sender_is(_BULK_SENDER),
    "comes from a machine's address": _sender_is(_MACHINE_SENDER),
    "comes from somebody known": lambda form: float(bool(form.document.is_known_sender)),
    "comes from somebody new": lambda form: float(form.document.is_known_sender is False),
}
"""What the source tells beside the text: readable name -> value, 0 to about 3."""

SIGNS: dict[str, Callable[[Form], float]] = {
    **SOURCE_SIGNS,
    "is a reply by its subject": lambda form: float(is_reply_subject(form.document.subject)),
    "is a forward by its subject": lambda form: float(is_forward_subject(form.document.subject)),
    "has no subject": lambda form: float(not form.subject.strip()),
    "asks questions": lambda form: _per_sentence(form, "?"),
    "exclamation marks": lambda form: _per_sentence(form, "!"),
    "dots that trail off": lambda form: _per_sentence(form, "..."),
    "capital letters": _capitals,
    "speaks of money": _count(*_MONEY),
    "speaks of per cent": _count("%"),
    "items of a list": _count(*_BULLETS),
    "addresses of the web": _count(*_LINKS),
    "digits": _digits,
    "emoji": _emoji,
    "is very short": _length_band(0, 15),
    "is short": _length_band(15, 45),
    "is of middle length": _length_band(45, 110),
    "is long": _length_band(110, 10**9),
}
"""The same, and what the form of the text tells."""


def read_signs(form: Form) -> NDArray[np.float32]:
    """The value of each sign, in the order of `SIGNS`."""
    return np.fromiter((sign(form) for sign in SIGNS.values()), np.float32, count=len(SIGNS))


SENTENCE_SIGNS = (
    "is the subject",
    "is the first sentence",
    "is the last sentence",
    "is a question",
    "exclaims",
    "has three words at most",
    "has more than twenty words",
    "has digits",
    "speaks of money",
    "is a line in capitals",
)
"""What is seen of a sentence beside its words."""


def read_sentence_signs(form: Form) -> NDArray[np.float32]:
    """The signs of the subject and of each sentence, (1 + sentences, signs), each 0 or 1."""
    last = len(form.sentences)
    rows = [
        (number == 0, number == 1, 0 < number == last, *_marks(sentence))
        for number, sentence in enumerate((form.document.subject[:300], *form.sentences))
    ]
    return np.array(rows, dtype=np.float32)


def _marks(sentence: str) -> tuple[bool, ...]:
    """The signs that do not depend on the sentence's place."""
    words, folded = sentence.count(" ") + 1, sentence.lower()
    return (
        "?" in sentence,
        "!" in sentence,
        words <= _FEW_WORDS,
        words > _MANY_WORDS,
        _DIGIT.search(sentence) is not None,
        _MONEY_SIGN.search(folded) is not None,
        words > 1 and sentence.isupper(),
    )
