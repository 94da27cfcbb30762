"""The pre-scan refuses bombs at once and lets ordinary mail through."""

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.errors import LimitExceeded
from daemon.mail.limits import MailLimits
from daemon.mail.prescan import prescan
from tests.stages import mail_builders as build

BOMBS = {
    "100,000 empty parts": ("parts", build.many_parts(100_000)),
    "parts parted by bare CR": ("parts", build.many_parts(20_000).replace(b"\r\n", b"\r")),
    "multiparts 900 deep": ("depth", build.nested_multiparts(900)),
    "multiparts 2,000 deep": ("depth", build.nested_multiparts(2_000)),
    "multiparts in capitals": (
        "depth",
        build.nested_multiparts(200).replace(b"multipart", b"MULTIPART"),
    ),
    "multiparts of one boundary": (
        "depth",
        build.HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 200,
    ),
    "mails 2,000 deep": ("depth", build.nested_mails(2_000)),
    "digests 200 deep": (
        "depth",
        build.HEAD
        + b"".join(
            b"Content-Type: multipart/digest; boundary=d%d\r\n\r\n--d%d\r\n\r\n" % (n, n)
            for n in range(200)
        ),
    ),
    "100,000 header lines": ("header_lines", build.mail(b"X-A: b\r\n" * 100_000)),
    "100,000 header lines by CR": (
        "header_lines",
        build.mail(b"X-A: b\r\n" * 100_000).replace(b"\r\n", b"\r"),
    ),
    "a header of 2 MB": ("header_bytes", build.mail(b"X-A: " + b"b" * 2_000_000 + b"\r\n")),
    "a folded header of 2 MB": (
        "header_bytes",
        build.mail(b"X-A: b" + (b"\r\n " + b"b" * 900) * 2_300 + b"\r\n"),
    ),
    "11 MB of headers": ("headers_bytes", build.mail((b"X: " + b"b" * 9_000 + b"\r\n") * 1_250)),
    "8,000 encoded words": (
        "encoded_words",
        build.mail(b"Cc: " + b" =?utf-8?q?a?=" * 8_000 + b"\r\n"),
    ),
    "2,000 RFC 2231 pieces": (
        "rfc2231_pieces",
        build.mail(
            b"Content-Type: text/plain"
            + b"".join(b"; name*%d=a" % n for n in range(2_000))
            + b"\r\n"
        ),
    ),
    "2,000 pieces in a part": (
        "rfc2231_pieces",
        build.mail(
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"--b\r\nContent-Disposition: attachment"
            + b"".join(b"; filename*%d=a" % n for n in range(2_000))
            + b"\r\n\r\nx\r\n--b--\r\n",
        ),
    ),
    "500,000 semicolons in a part": (
        "rfc2231_pieces",
        build.mail(
            b"Content-Type: multipart/mixed; boundary=b\r\n",
            b"--b\r\nContent-Type: multipart/mixed" + b";" * 500_000 + b"\r\n\r\nx\r\n--b--\r\n",
        ),
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_name_within_a_second(name):
    """Each of the known bombs ends in its own limit, and in no time."""
    limit, raw = BOMBS[name]

    started = time.process_time()
    with pytest.raises(LimitExceeded) as refused:
        prescan(raw, MailLimits())
    spent = time.process_time() - started

    assert refused.value.limit == limit
    assert spent < 1.0


@pytest.mark.parametrize(
    "raw",
    [
        build.nested_multiparts(90),
        build.nested_mails(90),
        build.many_parts(9_900),
        build.mail(b"X-A: b\r\n" * 9_000),
        build.mail(b"To: " + b", ".join([b"a@b.example"] * 16_000) + b"\r\n"),
        build.mail(body=b"-- \r\n--- a/file\r\n--------\r\n" * 20_000),
        build.mail(body=b"Content-Type: multipart/mixed\r\n" * 40),
        build.mail(body=b"a: b; c\r\n" * 20_000),
        b"",
        b"\r\n",
    ],
)
def test_what_stays_within_the_limits_passes(raw):
    """Long, but honest mail is not refused: dashes, colons and many addresses are no bomb."""
    prescan(raw, MailLimits())


def test_a_digest_of_many_mails_side_by_side_is_not_deep():
    """Depth is what lies within one another, not how much there is."""
    parts = b"".join(
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: %d\r\n\r\nx\r\n" % n
        for n in range(500)
    )

    prescan(
        build.mail(b"Content-Type: multipart/mixed; boundary=b\r\n", parts + b"--b--\r\n"),
        MailLimits(),
    )


def test_the_limits_are_those_of_the_record():
    """A smaller limit refuses what the default lets through."""
    raw = build.nested_multiparts(20) + b"x: y\r\n" * 100

    with pytest.raises(LimitExceeded):
        prescan(raw, MailLimits(depth=10))
    prescan(raw, MailLimits())


@given(st.binary(max_size=3_000), st.sampled_from((b"\r\n", b"\n", b"\r")))
def test_nothing_but_a_refusal_comes_out(noise, line_end):
    """Whatever the bytes, the scan returns or names a limit."""
    raw = build.nested_multiparts(3).replace(b"\r\n", line_end) + noise
    with contextlib.suppress(LimitExceeded):
        assert prescan(raw, MailLimits(depth=2, parts=5, header_lines=5)) is None
