"""A mail's newest text to its sentences, as people read them; standard library only, linear."""

import re
from collections.abc import Iterator

MOST = 60
"""Sentences of a mail that are looked at: the first ones, and the last few."""
_LAST = 12  # of them, from the end: unsubscribing, a postscript
_LONGEST = 40  # words; what has no full stop for longer was dictated, and is cut
# fmt: off
_SHORT_FORMS = frozenset((
    "n", "nr", "art", "ul", "al", "os", "pl", "st", "mr", "mrs", "ms", "dr", "sig", "dott", "prof",
    "avv", "ing", "geom", "rag", "egr", "gent", "spett", "mec", "inż", "arch", "ref", "tel", "fax",
    "pag", "str", "pkt", "poz", "ust", "par", "im", "ks", "św", "godz", "zł", "tys", "np", "tzw",
    "tj", "cd", "ca", "approx", "ext", "est", "inc", "ltd", "co",
))
# fmt: on
"""Words whose full stop ends no sentence."""
_LOOK_BACK = 8  # characters before a full stop that tell a short form
_FEW_LETTERS = 2  # of a word that ends a sentence only where the next begins with a capital
_MARKS = frozenset(".!?…")
_PART = 25  # words of such a part, about
_MAY_END = re.compile(r"[.!?…)\]\"»”]\s+|\n+")


def split_sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, in order, white space evened out.

    Lines end sentences, since in mails they mostly do; a sentence of more than 40 words is cut
    into parts of about 25. Of a long mail the first 48 and the last 12 are kept.
    """
    parts = [part for piece in _pieces(text) for part in _parts(piece.split())]
    if len(parts) > MOST:
        parts = parts[: MOST - _LAST] + parts[-_LAST:]
    return tuple(parts)


def _pieces(text: str) -> Iterator[str]:
    """The text between the ends of its sentences."""
    start = 0
    for found in _MAY_END.finditer(text):
        if _ends(text, found.start(), found.end()):
            yield text[start : found.end()]
            start = found.end()
    yield text[start:]


def _ends(text: str, mark: int, after: int) -> bool:
    """Whether a sentence ends at a mark, or at a line's end, before the white space."""
    if text[mark] in "\n!?" or "\n" in text[mark:after]:
        return True
    before = text[max(mark - _LOOK_BACK, 0) : mark]
    if text[mark] not in ".…" or before[-1:] in _MARKS:
        return before[-1:] in _MARKS
    word = before.lower().split()[-1:]
    if word and (word[0] in _SHORT_FORMS or (len(word[0]) == 1 and word[0].isalpha())):
        return False  # "n. 4", "J. Smith"
    if before[-1:].isdigit() or (word and len(word[0]) <= _FEW_LETTERS):
        return text[after : after + 1].isupper()
    return True


def _parts(words: list[str]) -> Iterator[str]:
    """A sentence as it is, or in parts of even length when it is very long."""
    if not words:
        return
    many = 1 if len(words) <= _LONGEST else -(-len(words) // _PART)
    size = -(-len(words) // many)
    for start in range(0, len(words), size):
        yield " ".join(words[start : start + size])
