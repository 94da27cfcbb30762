"""Raw mails for the tests of `daemon.mail`, and the development mails where they are at hand."""

import tarfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from backports import zstd

MAILS = Path(__file__).parent.parent / "mails"
SETS = Path(__file__).parents[3] / "shared" / "data"

HEAD = (
    b"From: Anna Rossi <anna@cliente.example>\r\nTo: ufficio@azienda.example\r\n"
    b"Subject: Prova\r\nDate: Mon, 02 Mar 2026 09:15:00 +0100\r\n"
    b"Message-ID: <m1@cliente.example>\r\n"
)


def mail(extra: bytes = b"", body: bytes = b"Buongiorno.\r\n") -> bytes:
    """Return a sound mail with `extra` header lines (CRLF ends) after the usual ones."""
    return HEAD + extra + b"\r\n" + body


def nested_multiparts(depth: int) -> bytes:
    """Return a mail whose body is a multipart within a multipart, `depth` of them."""
    opened = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )
    return HEAD + opened + b"\r\nbottom\r\n"


def nested_mails(depth: int) -> bytes:
    """Return a mail that encloses a mail, `depth` times, without boundaries."""
    return HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"Subject: bottom\r\n\r\nx\r\n"


def many_parts(count: int) -> bytes:
    """Return a multipart of `count` empty parts."""
    return mail(b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\n" * count)


@lru_cache(maxsize=1)
def corpus() -> tuple[bytes, ...]:
    """Return the bytes of all mails in tests/mails."""
    return tuple(path.read_bytes() for path in sorted(MAILS.glob("*.eml")))


def development_mails(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield (path, raw mail) of one development set."""
    with (
        zstd.open(SETS / name / "mail.tar.zst", "rb", options=_WINDOW) as packed,
        tarfile.open(fileobj=packed, mode="r|") as archive,
    ):
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is not None:
                yield member.name, content.read()


_WINDOW = {zstd.DecompressionParameter.window_log_max: 27}
