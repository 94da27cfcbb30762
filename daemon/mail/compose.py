"""A letter (addresses, subject, text, HTML) -> RFC 5322 bytes that any relay takes.

Lines end in CRLF and are short, everything is ASCII. Headers are encoded here, as the standard
library loses spaces where encoded words meet; no value can start a line of its own.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from daemon.mail.enclose import enclosure
from daemon.records import Address

LINE = 76  # characters of a header line and of an encoded body line
LONGEST_PLAIN = 900  # characters in a line sent as it is; RFC 5322 2.1.1 allows 998
_WORD = 75 - len("=?utf-8?q??=")  # RFC 2047 2: an encoded word has 75 characters at most

_BREAKS = re.compile(r"\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_MAILBOX = re.compile(r"[!#-'*+\-./-9=?A-Z^-~]+@[A-Za-z0-9.\[\]:_-]+")
_NAME = re.compile(r"[!-9;-~]{1,70}")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail before it has bytes."""

    key: str  # of the outgoing row; the Message-ID follows from it where none is given
    sender: Address
    recipient: Address
    subject: str
    text: str
    html: str  # "": none
    date: datetime  # aware; its zone is shown
    message_id: str = ""
    submitted: str = "auto-generated"  # RFC 3834 5: or auto-replied; "": a person wrote it
    instance: str = ""  # our mark, by which the mail is known when it comes back
    headers: tuple[tuple[str, str], ...] = ()  # further ones, after the usual
    enclosed: bytes = b""  # a mail that goes with it as it is; empty: none


def compose(letter: Letter) -> bytes:
    """Return the complete mail; the same letter gives the same bytes.

    Raises:
        ValueError: an address cannot be written without SMTPUTF8, or is none; a header's name is
            none.
    """
    head = "".join(f"{name}: {value}\r\n" for name, value in _headers(letter))
    body = _part("plain", letter.text)
    if letter.html:
        body = _joined("alternative", letter.key, body, _part("html", letter.html))
    if letter.enclosed:
        body = _joined("mixed", letter.key, body, enclosure(letter.enclosed))
    return head.encode() + body + (b"" if letter.html or letter.enclosed else b"\r\n")


def _joined(kind: str, key: str, *parts: bytes) -> bytes:
    """Return parts as one of multipart; none of them is changed."""
    boundary = _boundary(key, b"".join(parts))
    mark = b"--" + boundary.encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    pieces = [piece for part in parts for piece in (mark, part)]
    return head.encode() + b"\r\n".join([*pieces, mark + b"--\r\n"])


def message_id_of(letter: Letter) -> str:
    """Return the Message-ID of a letter: the same on every attempt."""
    return letter.message_id or message_id(letter.key, letter.sender.email.rpartition("@")[2])


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID of the outgoing mail `key`."""
    digest = hashlib.sha256(f"{key}\0{domain}".encode("utf-8", "replace")).digest()[:20]
    return f"<{base64.b32encode(digest).decode().lower()}@{_ascii_domain(domain)}>"


def mailbox(email: str) -> str:
    """Return an address in ASCII, its domain in the form of RFC 5891 where that is needed.

    Raises:
        ValueError: it is not an address, or its local part is not ASCII (RFC 6531).
    """
    local, _, domain = email.rpartition("@")
    address = f"{local}@{_ascii_domain(domain)}"
    if not _MAILBOX.fullmatch(address):
        raise ValueError("not an address that can be written in ASCII")
    return address


def _headers(letter: Letter) -> Iterator[tuple[str, str]]:
    yield "Date", format_datetime(letter.date)
    yield "From", _address(letter.sender)
    yield "To", _address(letter.recipient)
    yield "Message-ID", message_id_of(letter)
    yield "Subject", _encoded(letter.subject, len("Subject: "))
    if letter.submitted:
        yield "Auto-Submitted", letter.submitted
    if letter.instance:
        yield "X-Backdesk-Instance", _encoded(letter.instance, len("X-Backdesk-Instance: "))
    for name, value in letter.headers:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of a header")
        yield name, _encoded(value, len(name) + 2)
    yield "MIME-Version", "1.0"


def _address(address: Address) -> str:
    email, name = mailbox(address.email), _one_line(address.name).strip()
    if not name:
        return email
    if len(name) + len(email) > LINE - len("From: ") - len(" <>"):
        return f"{_words(name, len('From: '))}\r\n <{email}>"
    return f"{_phrase(name)} <{email}>"


def _phrase(name: str) -> str:
    """RFC 5322 3.2.5: atoms as they are, other ASCII in quotes, the rest in encoded words."""
    if "=?" not in name:
        if _ATOMS.fullmatch(name):
            return name
        if _PLAIN.fullmatch(name):
            return '"' + re.sub(r'([\\"])', r"\\\1", name) + '"'
    return _words(name, len("From: "))


def _encoded(value: str, used: int) -> str:
    """Return unstructured text: folded where it is plain, else as encoded words."""
    text = _one_line(value)
    if not text or ("=?" not in text and _PLAIN.fullmatch(text)):
        folded = _folded(text, used)
        if all(len(line) <= LONGEST_PLAIN for line in folded):
            return "\r\n ".join(folded)
    return _words(text, used)


def _one_line(value: str) -> str:
    """No CR, no LF, no other control: each becomes a space, whoever wrote the value."""
    return _BREAKS.sub(" ", value).encode("utf-8", "replace").decode()


def _folded(text: str, used: int) -> list[str]:
    lines, left = [""], LINE - used
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > left:
            lines.append(word)
            left = LINE - 1
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def _words(text: str, used: int) -> str:
    """Encoded words (RFC 2047), folded; readers drop the spaces between them, so none is lost."""
    quoted = {letter: _quoted(letter) for letter in set(text)}
    if sum(map(len, map(quoted.__getitem__, text))) <= len(text.encode()) * 4 / 3 + 4:
        chunks = _chunks(text, lambda letter: len(quoted[letter]), _WORD, used)
        words = [f"=?utf-8?q?{''.join(map(quoted.__getitem__, chunk))}?=" for chunk in chunks]
    else:
        chunks = _chunks(text, lambda letter: len(letter.encode()), _WORD // 4 * 3, used)
        words = [f"=?utf-8?b?{base64.b64encode(chunk.encode()).decode()}?=" for chunk in chunks]
    return "\r\n ".join(words)


def _quoted(letter: str) -> str:
    if letter == " ":
        return "_"
    return "".join(chr(b) if b in _Q_SAFE else f"={b:02X}" for b in letter.encode())


def _chunks(text: str, width: Callable[[str], int], room: int, used: int) -> Iterator[str]:
    """Cut between letters, so that every word decodes alone (RFC 2047 5)."""
    chunk, left = "", max(room - used, 12)  # the first shares its line with the header's name
    for letter in text:
        size = width(letter)
        if chunk and size > left:
            yield chunk
            chunk, left = "", room
        chunk, left = chunk + letter, left - size
    if chunk:
        yield chunk


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    return domain.encode("idna").decode()  # its UnicodeError is a ValueError


def _part(kind: str, text: str) -> bytes:
    lines = _NEWLINE.split(text.encode("utf-8", "replace").decode())
    encoding, body = _body(lines)
    charset = "us-ascii" if encoding == "7bit" else "utf-8"
    head = f"Content-Type: text/{kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}"
    return f"{head}\r\n\r\n".encode() + body


def _body(lines: list[str]) -> tuple[str, bytes]:
    """Choose the encoding that stays readable as long as the letters allow it."""
    if all(_is_simple(line) for line in lines):
        return "7bit", "\r\n".join(lines).encode()
    quoted = b"\r\n".join(map(_quoted_line, lines))
    raw = "\r\n".join(lines).encode()
    if len(quoted) <= len(raw) * 1.5:
        return "quoted-printable", quoted
    packed = base64.b64encode(raw)
    return "base64", b"\r\n".join(packed[i : i + LINE] for i in range(0, len(packed), LINE))


def _is_simple(line: str) -> bool:
    is_short = len(line) <= LINE + 2 and line.isascii() and line.isprintable()
    # Some servers quote "From " and cut trailing spaces.
    return is_short and not line.startswith(("From ", ".")) and not line.endswith(" ")


def _quoted_line(line: str) -> bytes:
    # No line end goes in, so those that come out are soft ones.
    quoted = binascii.b2a_qp(line.encode(), quotetabs=False, istext=False)
    return quoted.replace(b"=\n", b"=\r\n")


def _boundary(key: str, parts: bytes) -> str:
    """Return a mark that stands in no part; "=_" cannot come out of an encoding (RFC 2045 6.7)."""
    serial = 0
    while True:
        digest = hashlib.sha256(f"{key}\0{serial}".encode("utf-8", "replace") + parts).hexdigest()
        boundary = f"=_{digest[:32]}"
        if boundary.encode() not in parts:
            return boundary
        serial += 1
