"""A mail that travels in another arrives byte for byte, and cannot leave its part."""

import base64
import email
import email.policy
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.compose import Letter, compose
from daemon.mail.enclose import enclosure
from daemon.records import Address

PLAIN = b"From: a@x.example\r\nSubject: x\r\n\r\n.\r\n..\r\nFrom here\r\n trailing \r\n"


def carried(raw: bytes) -> bytes:
    """Return what a mail with this one in it carries, found by its boundary alone."""
    letter = Letter(
        key="forward:1:a@x.example", sender=Address(name="", email="info@desk.example"),
        recipient=Address(name="", email="a@x.example"), subject="Fwd: x", text="Ciao",
        html="", date=datetime(2026, 11, 23, tzinfo=UTC), enclosed=raw,
    )  # fmt: skip
    message = compose(letter)
    boundary = message.partition(b'multipart/mixed; boundary="')[2].partition(b'"')[0]
    pieces = message.split(b"\r\n--" + boundary)
    assert len(pieces) == 4, "a head, a text, the original, the end"
    assert pieces[3] == b"--\r\n"
    head, _, body = pieces[2].partition(b"\r\n\r\n")
    if b"base64" in head:
        assert all(len(line) <= 76 for line in body.split(b"\r\n"))
        return base64.b64decode(body)
    assert b"message/rfc822" in head
    return body


@given(st.binary(max_size=400) | st.text("\r\n-=_ab.é\0", max_size=200).map(str.encode))
def test_any_mail_arrives_as_it_was(raw: bytes) -> None:
    """Whatever stands in it."""
    if raw:
        assert carried(raw) == raw


@pytest.mark.parametrize(
    ("raw", "is_plain"),
    [
        (PLAIN, True),
        (PLAIN + b"x" * 998 + b"\r\n", True),
        (PLAIN + b"x" * 999 + b"\r\n", False),
        (PLAIN + b"no end of line", True),
        (PLAIN + b"bare\nline", False),
        (PLAIN + b"bare\rreturn", False),
        (PLAIN + "città".encode(), False),
        (PLAIN + b"\0", False),
        (b"", True),
    ],
)
def test_only_what_every_server_passes_on_is_a_message_part(raw: bytes, is_plain: bool) -> None:
    """RFC 2046 5.2.1 forbids to encode one; the rest travels as a file."""
    assert enclosure(raw).startswith(b"Content-Type: message/rfc822") is is_plain


def test_a_mail_program_finds_the_original_in_it() -> None:
    """As the standard library reads it."""
    letter = Letter(
        key="k", sender=Address(name="", email="info@desk.example"),
        recipient=Address(name="", email="a@x.example"), subject="Fwd: x", text="Ciao",
        html="<p>Ciao</p>", date=datetime(2026, 11, 23, tzinfo=UTC), enclosed=PLAIN,
    )  # fmt: skip
    parsed = email.message_from_bytes(compose(letter), policy=email.policy.default)
    (attached,) = parsed.iter_attachments()
    assert attached.get_filename() == "original.eml"
    assert attached.get_content()["Subject"] == "x"
    assert parsed.get_body(("plain",)).get_content().strip() == "Ciao"


def test_ten_megabytes_take_no_time_to_speak_of() -> None:
    """The check is linear, also where it fails at the end."""
    raw = b"x" * 70 + b"\r\n"
    assert enclosure(raw * 140_000 + b"\xff").startswith(b"Content-Type: application/octet-stream")
