"""The limits within which a mail is read, as one record; the configuration fills it.

What they guard against is in DESIGN section 4; processor and memory limits belong to `reading/`.
"""

from dataclasses import dataclass

_MB = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLimits:
    """How much of a mail is read; each field's name is the name shown when it is reached.

    The first group refuses the mail (`LimitExceeded`: quarantine), the second cuts something off
    and names the cut in `Mail.cuts`.
    """

    depth: int = 100  # MIME containers and enclosed mails within one another
    parts: int = 10_000  # boundary lines, hence MIME parts
    header_bytes: int = _MB  # one header field, folded lines included
    headers_bytes: int = 10 * _MB  # the whole header block
    header_lines: int = 10_000  # lines of the header block
    encoded_words: int = 1_000  # RFC 2047 words in one header field
    rfc2231_pieces: int = 200  # parameters, or pieces of one, in one MIME header field

    addresses: int = 2_000  # addresses read of To, Cc and Reply-To together; the rest are counted
    html_bytes: int = _MB  # characters of HTML a parser may see, else tags are just stripped
    html_depth: int = 500  # elements within one another, likewise
    read_bytes: int = 16 * _MB  # bytes of a mail that are read at all
    text_chars: int = 200_000  # characters of text kept
    header_chars: int = 32_000  # characters of one header's value kept and decoded
