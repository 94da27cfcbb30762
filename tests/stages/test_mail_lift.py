"""Setting large base64 blocks aside changes nothing but the time."""

import base64
import time

from hypothesis import given
from hypothesis import strategies as st

from daemon.mail.lift import Block, lift, restore
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from tests.stages import mail_builders as build

LINES = base64.encodebytes(bytes(range(256)) * 40)
PIECES = (
    LINES, LINES[:5_000], b"Content-Transfer-Encoding: base64\n", b"base64\n\n", b"\n", b"--b\n",
    b"--b--\n", b"Content-Type: message/rfc822\n", b"Content-Type: image/png\n", b"text\n", b"-\n",
    b"Content-Type: multipart/mixed; boundary=b\n", b"lifted-78-0\n", b"QQ==\n",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=30), st.sampled_from((b"\n", b"\r\n")))
def test_what_was_lifted_comes_back(pieces, line_end):
    """Restoring a lifted mail gives its bytes again, wherever the blocks stand."""
    raw = b"".join(pieces).replace(b"\n", line_end)

    lifted = lift(raw, b"\x01" * 32)

    assert restore(lifted.raw, lifted.blocks) == raw


def test_only_sound_base64_is_lifted():
    """A block with anything else in it stays where the parser sees it."""
    head = build.HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n"

    assert len(lift(head + LINES, b"x").blocks) == 1
    assert not lift(head + LINES + b"!\n", b"x").blocks
    assert not lift(head + b"QQ==\n" + LINES, b"x").blocks
    assert not lift(head + LINES.replace(b"\n", b"\n\n"), b"x").blocks


def test_a_placeholder_written_by_a_sender_is_just_text():
    """Nobody can have a block of their own put elsewhere."""
    raw = build.mail(body=b"lifted-00-0 lifted-78-0\r\n" + b"x" * 5_000)

    assert read_mail(raw, MailLimits()).text.startswith("lifted-00-0 lifted-78-0")
    assert restore(b"lifted-78-1", {b"lifted-78-0": Block(b"a", b"b")}) == b"lifted-78-1"


def test_a_mail_that_says_base64_everywhere_is_searched_once():
    """The search stays linear."""
    started = time.process_time()
    lift(b"base64" * 1_000_000, b"x")
    lift(b"base64\n\n" * 500_000, b"x")

    assert time.process_time() - started < 5
