"""Whatever bytes arrive, a mail or a named limit comes out."""

import hashlib
from email.message import Message

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.errors import LimitExceeded
from daemon.mail.body import readable_bytes
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from daemon.records import Automatic, Mail
from tests.stages import mail_builders as build

PIECES = [
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"--b\r\n", b"--b--\r\n", b"\0", b"\xff\xfe", b"=?utf-8?B?",
    b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n",
    b"Content-Type: text/html; charset=\0\r\n", b"Content-Transfer-Encoding: uuencode\r\n",
    b"Content-Disposition: attachment; filename*=\0'x'%\r\n", b"base64\r\n\r\n", b"=?x?q?=ff?=",
    b"From: <", b"To: \"", b"Received: (((", b"Date: 99999999999\r\n",
    b"X-Trasporto: posta-certificata\r\n",
    b"Content-Type: multipart/alternative\r\n", b"Content-Type: text/plain; charset=utf-16\r\n",
]  # fmt: skip
SMALL = MailLimits(text_chars=500, header_chars=200, addresses=3, read_bytes=5_000, html_bytes=300)


def _read(raw: bytes, limits: MailLimits) -> Mail | None:
    try:
        return read_mail(raw, limits, own_instance="x")
    except LimitExceeded:
        return None


def _strings(mail: Mail):
    yield from (mail.subject, mail.text, mail.message_id or "", mail.in_reply_to or "")
    yield from (*mail.references, *mail.defects, *mail.cuts)
    yield from (text for header in mail.headers for text in header)
    people = (*mail.to, *mail.cc, *mail.reply_to, *([mail.sender] if mail.sender else []))
    yield from (text for one in people for text in (one.name, one.email))
    yield from (text for one in mail.attachments for text in (one.filename, one.media_type))


def _assert_sound(mail: Mail | None) -> None:
    if mail is None:
        return
    for text in _strings(mail):
        assert "\0" not in text
        text.encode("utf-8")
    for moment in (mail.sent_at, mail.hop_received_at, mail.pec_received_at):
        assert moment is None or moment.utcoffset().total_seconds() == 0
    assert len(mail.content_digest) == 32
    assert not any("could not be parsed" in defect for defect in mail.defects)


@given(st.binary(max_size=2_000))
def test_noise_is_read(noise):
    """Random bytes are a mail without headers, or with odd ones."""
    _assert_sound(_read(noise, MailLimits()))


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_mail_is_read(data):
    """Any mail of the corpus with pieces cut out, doubled or put in."""
    raw = data.draw(st.sampled_from(build.corpus()))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        end = data.draw(st.integers(start, min(len(raw), start + 200)))
        raw = raw[:start] + data.draw(st.sampled_from([*PIECES, raw[start:end] * 2])) + raw[end:]

    _assert_sound(_read(raw, MailLimits()))
    mail = _read(raw, SMALL)
    _assert_sound(mail)
    assert mail is None or len(mail.text) <= SMALL.text_chars


@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_a_mail_of_nothing_but_odd_pieces_is_read(pieces):
    """Headers and bodies put together at random from what breaks parsers."""
    _assert_sound(_read(b"".join(pieces), MailLimits()))


def test_the_same_mail_reads_the_same_twice():
    """No randomness: unnamed attachments have the same names each time."""
    for raw in build.corpus():
        assert _read(raw, MailLimits()) == _read(raw, MailLimits())


def test_cuts_are_named():
    """What is left out for its size says so."""
    raw = build.mail(
        b"Cc: "
        + b", ".join(b"a%d@b.example" % n for n in range(50))
        + b"\r\nX-Long: "
        + b"y" * 900,
        b"\r\n" + b"text " * 2_000,
    )

    mail = _read(raw, SMALL)

    assert set(mail.cuts) == {"addresses", "header_chars", "text_chars", "read_bytes"}
    assert len(mail.to) + len(mail.cc) + mail.addresses_left_out == 51
    assert mail.addresses_left_out > 0


@pytest.mark.parametrize("name", ["mime_torture", "bounces", "spamassassin", "phishing_pot"])
@pytest.mark.slow
def test_real_and_malformed_mail_is_read(name):
    """Nothing else comes out, and limits hit at most one in twenty."""
    mails = [_read(raw, MailLimits()) for _, raw in build.development_mails(name)]
    for mail in mails:
        _assert_sound(mail)

    assert len(mails) > 500
    assert mails.count(None) <= 0.05 * len(mails)


@pytest.mark.slow
def test_bounces_are_recognised_and_other_mail_is_not():
    """At least nine in ten bounces are automatic, under two in a thousand of the rest are."""
    from_servers = {Automatic.BOUNCE, Automatic.DSN}
    bounces = [
        mail.automatic in from_servers
        for name, raw in build.development_mails("bounces")
        if "sisimai" in name and "lhost" in name and (mail := _read(raw, MailLimits()))
    ]
    others = [
        mail.automatic is not None
        for name in ("spamassassin", "phishing_pot", "enron_categories", "markup_newsletters")
        for _, raw in build.development_mails(name)
        if (mail := _read(raw, MailLimits()))
    ]

    assert sum(bounces) >= 0.9 * len(bounces) > 100
    assert sum(others) < 0.002 * len(others)


if not build.SETS.exists():  # the development mails are not part of the distribution
    del test_real_and_malformed_mail_is_read, test_bounces_are_recognised_and_other_mail_is_not


def test_a_long_header_of_an_enclosed_mail_is_kept_as_it_is() -> None:
    """Its words are not folded anew, which takes minutes for 100 kB."""
    inner = b"Subject: " + b"word " * 20_000 + b"\r\n of\x0btwo\r\nX: y\r\n\r\nbottom\r\n"
    raw = build.mail(b"Content-Type: message/rfc822\r\n", inner)
    (attachment,) = read_mail(raw, MailLimits()).attachments
    assert attachment.sha256 == hashlib.sha256(inner).digest()


@pytest.mark.parametrize(
    ("raised", "passes"),
    [(MemoryError, True), (RecursionError, True), (LookupError, False), (ValueError, False)],
)
def test_a_broken_part_is_empty_and_a_broken_process_is_not_hidden(
    raised: type[Exception], passes: bool
) -> None:
    """After the end of its memory nothing that a child says can be trusted."""

    class Broken(Message):
        def get_payload(self, *_: object, **__: object) -> str:
            raise raised

    if passes:
        with pytest.raises(raised):
            readable_bytes(Broken(), {})
    else:
        assert readable_bytes(Broken(), {}) == b""
