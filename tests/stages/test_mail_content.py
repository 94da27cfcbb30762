"""The content digest is the same for every copy of a mail, and for no other mail."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.content import content_digest
from tests.stages import mail_builders as build

RAW = build.mail(b"Cc: b@x.example\r\n", b"One\r\n\r\nTwo\r\n")


def test_the_digested_bytes_are_exactly_those_described():
    """The byte format is fixed for ever: the digests stand in the ledgers."""
    expected = (
        b"message-id:<m1@cliente.example>\r\ndate:Mon, 02 Mar 2026 09:15:00 +0100\r\n"
        b"from:Anna Rossi <anna@cliente.example>\r\nto:ufficio@azienda.example\r\n"
        b"cc:b@x.example\r\nsubject:Prova\r\n\r\nOne\r\n\r\nTwo"
    )

    assert content_digest(RAW) == hashlib.sha256(expected).digest()


@pytest.mark.parametrize(
    "copy",
    [
        RAW.replace(b"\r\n", b"\n"),
        RAW.replace(b"\r\n", b"\r"),
        RAW + b"\r\n\r\n",
        b"From anna@cliente.example Mon Mar  2 09:15:00 2026\n" + RAW.replace(b"\r\n", b"\n"),
        b"Received: from a by b; Mon, 02 Mar 2026 09:16:00 +0100\r\n" + RAW,
        b"Return-Path: <anna@cliente.example>\r\nDelivered-To: x@y.example\r\n" + RAW,
        RAW.replace(b"Subject:", b"X-Spam-Score: 5\r\nSubject:"),
        RAW.replace(b"From: Anna Rossi", b"FROM:\tAnna\r\n Rossi"),
        RAW.replace(b"\r\n\r\nTwo", b"\n\r\nTwo"),
    ],
)
def test_a_copy_that_came_another_way_has_the_same_digest(copy):
    """Line ends, folds, mbox lines and trace headers do not make another mail."""
    assert content_digest(copy) == content_digest(RAW)


@pytest.mark.parametrize(
    "other",
    [
        RAW.replace(b"Two", b"Three"),
        RAW.replace(b"Prova", b"Prova 2"),
        RAW.replace(b"m1@", b"m2@"),
        RAW.replace(b"b@x.example", b"c@x.example"),
        RAW.replace(b"One\r\n\r\n", b"One\r\n"),
        RAW.replace(b"Cc: b@x.example\r\n", b""),
        RAW.replace(b"09:15:00", b"09:15:01"),
    ],
)
def test_another_mail_has_another_digest(other):
    """Each digested header and the body count."""
    assert content_digest(other) != content_digest(RAW)


@given(st.binary(max_size=2_000))
def test_any_bytes_have_a_digest_that_line_ends_do_not_change(noise):
    """Whatever the body, its LF, CRLF and CR forms are one mail."""
    body = noise.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lf = build.mail().replace(b"\r\n", b"\n") + body

    digests = {content_digest(lf.replace(b"\n", end)) for end in (b"\n", b"\r\n", b"\r")}

    assert len(digests) == 1
    assert len(content_digest(noise)) == 32
