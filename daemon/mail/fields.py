"""The header fields of a message tree -> all of them decoded, and the few for mail-parser."""

from dataclasses import dataclass

from daemon.mail.addresses import within_limit
from daemon.mail.charset import decode_value, mend
from daemon.mail.limits import MailLimits
from daemon.mail.structure import Part

_READ_ONCE = frozenset({"from", "sender", "subject", "date", "message-id", "received"})
_READ_IN_PART = ("reply-to", "to", "cc")  # within the limit of addresses, in this order
_VALUE_CHARS = 20_000  # of a header that mail-parser goes through character by character


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """The headers of a mail: all decoded, and the wanted ones as mail-parser shall see them."""

    decoded: tuple[tuple[str, str], ...]
    first: dict[str, str]  # decoded, by name
    wanted: dict[str, str]  # raw but without 8-bit bytes
    addresses_left_out: int
    cuts: tuple[str, ...]


def read_fields(message: Part, limits: MailLimits) -> Fields:
    """Return the header fields of `message`, decoded, within the limits on values and addresses."""
    decoded: list[tuple[str, str]] = []
    wanted: dict[str, str] = {}
    cuts: set[str] = set()
    for name, value in message.raw_items():
        key = mend(str(name))[0].lower()
        raw_value = str(value)
        if len(raw_value) > limits.header_chars:
            cuts.add("header_chars")
        text, is_sound = decode_value(raw_value[: limits.header_chars])
        decoded.append((key, text))
        if key not in wanted and key in _READ_ONCE:
            wanted[key] = _for_parser(raw_value[:_VALUE_CHARS], text, is_sound=is_sound)
        elif key not in wanted and key in _READ_IN_PART:
            wanted[key] = _for_parser(raw_value, text, is_sound=True)
    left_out = _limit_addresses(wanted, limits.addresses)
    first: dict[str, str] = {}
    for key, text in decoded:
        first.setdefault(key, text)
    return Fields(
        decoded=tuple(decoded),
        first=first,
        wanted=wanted,
        addresses_left_out=left_out,
        cuts=tuple(sorted(cuts | ({"addresses"} if left_out else set()))),
    )


def _for_parser(raw_value: str, text: str, *, is_sound: bool) -> str:
    """Return a header for mail-parser, which loses letters of words that are not sound."""
    if not is_sound:
        return text
    return " ".join(mend(raw_value)[0].split())


def _limit_addresses(wanted: dict[str, str], room: int) -> int:
    left_out = 0
    for name in _READ_IN_PART:
        if name in wanted:
            wanted[name], missing = within_limit(wanted[name], room)
            left_out += missing
            room -= wanted[name].count(",") + 1
            room = max(room, 1)
    return left_out
