"""Raw mail bytes -> the content digest, the same for every copy of one mail."""

import hashlib

from daemon.mail.head import lf_lines, split_head

_NAMES = (b"message-id", b"date", b"from", b"to", b"cc", b"subject")
_FOLDED = (b" ", b"\t")


def content_digest(raw: bytes) -> bytes:
    r"""Return the SHA-256 (32 bytes) of what the sender wrote, DESIGN 1.2.

    The digested bytes are, in this order:

    * for each of `message-id`, `date`, `from`, `to`, `cc`, `subject`, and for each field of that
      name in the mail's order: the lower-case name, `:`, the unfolded value with every run of
      white space as one space and none at its ends, CRLF;
    * CRLF;
    * the body (all after the first empty line) with every CRLF, CR or LF as CRLF, without the
      line ends at its very end, which servers and mbox files add.

    An mbox `From ` line in front and all other headers (Received, Return-Path, Delivered-To, X-...)
    do not count. Linear in the length of `raw`; never raises.
    """
    head, body_start = split_head(raw)
    found = _values(lf_lines(head))
    digest = hashlib.sha256()
    for name in _NAMES:
        digest.update(b"".join(name + b":" + value + b"\r\n" for value in found[name]))
    digest.update(b"\r\n")
    digest.update(_crlf_body(raw, body_start))
    return digest.digest()


def _values(head: bytes) -> dict[bytes, list[bytes]]:
    """Return the unfolded values of the digested fields by name; `head` has LF line ends."""
    found: dict[bytes, list[bytes]] = {name: [] for name in _NAMES}
    values: list[bytes] | None = None  # of the field whose continuation lines may follow
    for line in head.split(b"\n"):
        if line[:1] in _FOLDED:
            if values:
                values[-1] += line
            continue
        name, colon, value = line.partition(b":")
        values = found.get(name.rstrip().lower()) if colon else None
        if values is not None:
            values.append(value)
    return {name: [b" ".join(value.split()) for value in found[name]] for name in _NAMES}


def _crlf_body(raw: bytes, start: int) -> bytes:
    end = len(raw)
    while end > start and raw[end - 1] in b"\r\n":
        end -= 1
    body = raw[start:end]
    line_ends = body.count(b"\r\n")
    if line_ends and body.count(b"\n") == line_ends == body.count(b"\r"):
        return body
    return b"\r\n".join(body.splitlines())  # of bytes: parted at CRLF, LF and CR, nowhere else
