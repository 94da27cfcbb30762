"""Bytes and header values of unsure charset -> clean text.

The ladder: the declared charset, UTF-8, then the usual ones of the languages we read. Text that
leaves this module has no NUL and no lone surrogate, so that every store and socket can take it.
"""

import binascii
import codecs
import re
from functools import lru_cache

_POLISH = frozenset("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ")
_WESTERN = frozenset("àèéìòùÀÈÉÌÒÙáíóúñçÁÍÚÑÇâîôûäöüßÄÖÜëïœ")  # no ê: alone it is a Polish ę
_NEUTRAL = frozenset(
    "\u20ac\xab\xbb\u2019\u2018\u201c\u201d\u201e\u2013\u2014\u2026\xb0\xa7\xb7\xa0"
)  # the same, or as likely, in each of them
_USUAL = (("cp1252", _WESTERN), ("cp1250", _POLISH), ("iso8859-2", _POLISH))  # in order of trust
# What the label says is often less than what was meant: WHATWG Encoding 4.2 reads these as cp1252.
_NARROW = {"ascii": "cp1252", "iso8859-1": "cp1252"}
# Codecs that are no charsets of mail, or take quadratic time.
_REFUSED = frozenset({"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"})
_ASCII_BYTES = bytes(range(128))
_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
_FOLD = re.compile(r"\r?\n|\r")


def decode_bytes(data: bytes, declared: str | None) -> tuple[str, bool]:
    """Return `data` as text, and whether the declared charset (or none, and UTF-8) fitted."""
    if data.isascii() and (declared is None or _codec(declared) in _ASCII_ALIKE):
        return clean(data.decode("ascii")), True
    text = _strict(data, declared) if declared else None
    if text is not None:
        return clean(text), True
    text = _as_utf8(data)
    if text is not None:
        return clean(text), declared is None
    return clean(_by_letters(data)), False


def clean(text: str) -> str:
    """Return `text` without NULs, and with U+FFFD for each lone surrogate."""
    if "\0" in text:
        text = text.replace("\0", "")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def mend(value: str) -> tuple[str, bool]:
    """Return a raw header value without raw 8-bit bytes, and whether it was sound as it was.

    `value` is as the stdlib's parser keeps it: bytes over 127 as lone surrogates.
    """
    if value.isascii():
        return value.replace("\0", ""), True
    try:
        data = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:  # already text
        return clean(value), True
    return decode_bytes(data, None)[0], False


def decode_value(value: str) -> tuple[str, bool]:
    """Return a raw header value as one line of text, and whether its encoded words were sound.

    RFC 2047, read as mail programs do: also inside quotes, with spaces, with broken base64.
    """
    text, _ = mend(value)
    if "\n" in text or "\r" in text:
        text = " ".join(_FOLD.sub("", text).split())
    if "=?" not in text:
        return text.strip(), True
    return _decode_words(text)


def _decode_words(text: str) -> tuple[str, bool]:
    pieces: list[str] = []
    held: list[bytes] = []  # adjacent words of one charset: a character may be split over two
    charset, end, is_sound = "", 0, True
    for word in _WORD.finditer(text):
        gap = text[end : word.start()]
        name = word[1].partition("*")[0].lower()  # RFC 2231 5: charset*language
        if held and (gap.strip() or name != charset):
            decoded, fits = decode_bytes(b"".join(held), charset)
            pieces.append(decoded)
            is_sound &= fits
            held = []
        if gap.strip() or not end:
            pieces.append(gap)
        data = _word_bytes(word[2], word[3])
        is_sound &= data is not None
        held.append(word[0].encode() if data is None else data)
        charset, end = name, word.end()
    decoded, fits = decode_bytes(b"".join(held), charset)
    line = " ".join(_FOLD.sub(" ", "".join((*pieces, decoded, text[end:]))).split())
    return line, is_sound and fits


def _word_bytes(encoding: str, text: str) -> bytes | None:
    try:
        data = text.encode("ascii")
    except UnicodeEncodeError:
        data = text.encode("utf-8")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return binascii.a2b_base64(data + b"=" * (-len(data) % 4))
    except binascii.Error:
        return None


def _strict(data: bytes, charset: str) -> str | None:
    codec = _codec(charset)
    if codec is None:
        return None
    try:
        if codec in _NARROW:
            return _narrow(data, codec)
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _narrow(data: bytes, codec: str) -> str:
    """Decode what claims to be ASCII or Latin-1; ASCII with 8-bit bytes does not fit."""
    if codec == "ascii":
        return data.decode("ascii")
    try:
        return data.decode(_NARROW[codec])
    except UnicodeError:
        return data.decode("latin-1")


def _as_utf8(data: bytes) -> str | None:
    """Decode as UTF-8 if it is, or nearly is: a cut or damaged character leaves U+FFFD."""
    text = data.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    if not bad:
        return text
    good = sum(map(len, re.findall(r"[^\x00-\x7f\ufffd]+", text)))
    return text if good > bad else None


def _by_letters(data: bytes) -> str:
    """Decode by the usual charset whose reading has most letters of its own language."""
    sample = data[:20_000].translate(None, _ASCII_BYTES)
    scores = [_letter_score(sample.decode(name, "replace"), letters) for name, letters in _USUAL]
    return data.decode(_USUAL[scores.index(max(scores))][0], "replace")


def _letter_score(text: str, letters: frozenset[str]) -> int:
    return sum((char in letters) * 2 - 1 for char in text if char not in _NEUTRAL)


@lru_cache(maxsize=256)
def _codec(charset: str) -> str | None:
    """Return Python's name of a charset, or None when it is none that we read."""
    try:
        name = codecs.lookup(charset.strip()).name
        b"a".decode(name, "replace")  # LookupError: base64 and the like are no charsets
    except (LookupError, ValueError, UnicodeError):
        return None
    return None if name.replace("-", "_") in _REFUSED else name


_ASCII_ALIKE = frozenset(
    {"ascii", "utf-8", "iso8859-1", "iso8859-2", "iso8859-15", "cp1250", "cp1252", "cp1251"}
    | {"koi8-r", "iso8859-9", "cp1254", None}
)
