"""Letters -> bytes: nothing is lost, nothing breaks out, any relay takes them."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.compose import Letter, compose, mailbox, message_id
from daemon.records import Address

PLAIN = Letter(
    key="digest:2026-11-23:team@desk.example",
    sender=Address(name="Backdesk", email="info@desk.example"),
    recipient=Address(name="", email="team@desk.example"),
    subject="Backdesk, Mon 23 Nov: nothing missing",
    text="All is well.\n",
    html="<p>All is well.</p>\n",
    date=datetime(2026, 11, 23, 7, 30, tzinfo=timezone(timedelta(hours=1))),
    instance="house-1",
)
SURROGATES = st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF)
MARKS = st.sampled_from('\r\n\0 \t:=?<>"\\.')
ATTACKS = ["a\r\nBcc: x@bad.example", "\n\n<html>", "=?utf-8?q?x?=", "\r", "."]
HOSTILE = st.text(st.one_of(st.characters(), SURROGATES, MARKS)) | st.sampled_from(ATTACKS)


def parsed(raw: bytes) -> EmailMessage:
    """Return the mail as another program reads it."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def body(part: EmailMessage) -> str:
    """Return the decoded text of a part, with line ends as Python has them."""
    return str(part.get_content()).replace("\r\n", "\n")


def shown(raw: bytes, name: str) -> str:
    """Return a header as old and new readers decode it."""
    value = email.message_from_bytes(raw)[name]
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", value))))


def clean(value: str) -> str:
    """Return what a header may keep of a value."""
    value = re.sub(r"\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", value)
    return value.encode("utf-8", "replace").decode()


def names(raw: bytes) -> list[str]:
    """Return the names of the top headers."""
    return email.message_from_bytes(raw).keys()


def test_a_plain_letter_reads_as_it_was_written() -> None:
    """Headers, date with its zone, both bodies; and the same letter gives the same bytes."""
    raw = compose(PLAIN)
    message = parsed(raw)
    assert message["From"] == "Backdesk <info@desk.example>"
    assert message["To"] == "team@desk.example"
    assert message["Date"] == "Mon, 23 Nov 2026 07:30:00 +0100"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Backdesk-Instance"] == "house-1"
    assert "Precedence" not in message
    parts = [(p.get_content_type(), body(p)) for p in message.iter_parts()]
    assert parts == [("text/plain", "All is well.\n"), ("text/html", "<p>All is well.</p>\n")]
    assert raw == compose(PLAIN)


@given(subject=HOSTILE, name=HOSTILE, instance=HOSTILE, more=HOSTILE)
def test_no_value_breaks_out_of_its_header(
    subject: str, name: str, instance: str, more: str
) -> None:
    """Whatever stands in a value: the headers are the same ones, and every line is short."""
    letter = replace(
        PLAIN,
        subject=subject,
        sender=Address(name=name, email="info@desk.example"),
        instance=instance,
        headers=(("X-More", more),),
    )
    raw = compose(letter)
    wanted = ["X-Backdesk-Instance"] if instance else []
    assert names(raw) == [
        *("Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted"),
        *wanted,
        *("X-More", "MIME-Version", "Content-Type"),
    ]
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@given(subject=HOSTILE, name=HOSTILE)
def test_headers_keep_every_letter_and_space(subject: str, name: str) -> None:
    """A reader decodes the subject and the name to what they were, controls made spaces."""
    sender = Address(name=name, email="info@desk.example")
    raw = compose(replace(PLAIN, subject=subject, sender=sender))
    assert shown(raw, "Subject").rstrip("\r\n") == clean(subject)
    address = parsed(raw)["From"].addresses[0]
    assert address.addr_spec == "info@desk.example"
    assert shown(raw, "From").endswith("info@desk.example>") or not clean(name).strip()


@pytest.mark.parametrize("name", ["Ufficio reclami", "Rossi, Anna", 'a "b" \\c', "Łódź, skargi"])
def test_the_name_of_a_sender_is_read_back(name: str) -> None:
    """Atoms, quoted strings and encoded words all come back as the name they were made of."""
    raw = compose(replace(PLAIN, sender=Address(name=name, email="info@desk.example")))
    assert parsed(raw)["From"].addresses[0].display_name == name


@given(text=HOSTILE, html=HOSTILE)
def test_bodies_come_back_whole(text: str, html: str) -> None:
    """Both bodies are read back letter for letter, with any line end as one."""
    raw = compose(replace(PLAIN, text=text, html=html))
    message = email.message_from_bytes(raw)
    parts = message.get_payload() if html else [message]
    assert isinstance(parts, list)
    for part, body in zip(parts, (text, html) if html else (text,), strict=True):
        decoded = part.get_payload(decode=True).decode()
        expected = re.sub(r"\r\n|\r|\n", "\r\n", body.encode("utf-8", "replace").decode())
        assert decoded in ((expected,) if html else (expected, f"{expected}\r\n"))
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not [line for line in raw.split(b"\r\n") if line.startswith(b"From ")]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Plain.\n", "7bit"),
        ("È già scaduto: 3 reclami.\n" * 3, "quoted-printable"),
        ("x" * 5000, "quoted-printable"),
        ("請求書が届いていません。" * 40, "base64"),
    ],
)
def test_the_encoding_follows_the_letters(text: str, encoding: str) -> None:
    """Text stays readable in the raw mail as long as that costs little."""
    first = parsed(compose(replace(PLAIN, text=text))).get_payload(0)
    assert isinstance(first, EmailMessage)
    assert first["Content-Transfer-Encoding"] == encoding
    assert body(first).rstrip("\n") == text.rstrip("\n")


def test_a_message_id_follows_from_key_and_domain_only() -> None:
    """A second attempt has the same Message-ID, another key or domain has another."""
    first = message_id("digest:1", "desk.example")
    assert first == message_id("digest:1", "desk.example")
    assert re.fullmatch(r"<[a-z2-7]{32}@desk\.example>", first)
    assert first != message_id("digest:2", "desk.example")
    assert first != message_id("digest:1", "x.example")
    later = replace(PLAIN, date=datetime(2027, 1, 1, tzinfo=UTC), text="other")
    assert parsed(compose(later))["Message-ID"] == parsed(compose(PLAIN))["Message-ID"]


def test_a_boundary_written_by_a_stranger_cuts_nothing() -> None:
    """A body that holds the boundary of another letter is still one body."""
    boundary = parsed(compose(PLAIN)).get_boundary()
    letter = replace(PLAIN, text=f"--{boundary}\n\nx\n--{boundary}--\n")
    assert len(list(parsed(compose(letter)).iter_parts())) == 2


def test_domains_are_written_in_ascii_and_local_parts_are_not_guessed() -> None:
    """A domain has its IDNA form; a local part that needs SMTPUTF8 is refused, not mangled."""
    assert b"xn--d-uga0v4h".decode("idna") == "łódź"
    assert mailbox("info@łódź.example") == "info@xn--d-uga0v4h.example"
    for refused in ("żółw@x.example", "a b@x.example", "x@y\r\n.example", "nobody", "@x.example"):
        with pytest.raises(ValueError, match=r"\S"):
            mailbox(refused)


def test_a_header_must_have_the_name_of_one() -> None:
    """A name with a colon, a space or a line end is refused."""
    for name in ("X:Y", "X Y", "X\r\nY", ""):
        with pytest.raises(ValueError, match="not the name"):
            compose(replace(PLAIN, headers=((name, "v"),)))
