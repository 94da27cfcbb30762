"""A mail as it was received -> the part of another mail that carries it, byte for byte.

`message/rfc822` must not be encoded (RFC 2046 5.2.1), so it is only for what every server passes on
unchanged; anything else travels as a file in base64, which mail programs open by its name.
"""

import binascii
import re

_LINE_BYTES = 57  # that make 76 characters of base64 (RFC 2045 6.8)
_NAME = "original.eml"
# RFC 5321 4.5.3.1.6: 1000 octets with CRLF; no bare CR or LF, no NUL, nothing beyond ASCII.
_SAFE = re.compile(rb"(?:[\x01-\x09\x0b\x0c\x0e-\x7f]{0,998}\r\n)*+"
                   rb"[\x01-\x09\x0b\x0c\x0e-\x7f]{0,998}+")  # fmt: skip


def enclosure(raw: bytes) -> bytes:
    """Return the part: its headers, an empty line, its body without a line end of its own."""
    if _SAFE.fullmatch(raw):
        head = f"Content-Type: message/rfc822\r\n{_disposition()}\r\n\r\n"
        return head.encode() + raw
    head = (
        f'Content-Type: application/octet-stream; name="{_NAME}"\r\n'
        f"Content-Transfer-Encoding: base64\r\n{_disposition()}\r\n\r\n"
    )
    lines = (
        binascii.b2a_base64(raw[start : start + _LINE_BYTES], newline=False)
        for start in range(0, len(raw), _LINE_BYTES)
    )
    return head.encode() + b"\r\n".join(lines)


def _disposition() -> str:
    return f'Content-Disposition: attachment; filename="{_NAME}"'
