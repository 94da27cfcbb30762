"""How a case came and how it is answered -> whether the answer goes out as its regime wants it."""

from collections.abc import Iterable

from daemon.config.deadlines import Profile

AT_ONCE = frozenset({"phone", "counter"})
"""Channels by which an answer is delivered as soon as it is given."""

_LASTING = frozenset({"mail", "pec", "post"})
_AS_RECEIVED = {
    "mail": frozenset({"mail", "pec"}),
    "pec": frozenset({"pec"}),
    "letter": frozenset({"post"}),
    "phone": frozenset({"phone"}),
    "counter": frozenset({"counter"}),
}


def broken_rules(
    profiles: Iterable[Profile], came_by: str, channel: str, *, on_paper: bool, is_asked: bool
) -> tuple[str, ...]:
    """Return the rules of profiles on the channel of an answer that one does not keep, in words.

    Args:
        profiles: whose clocks the answer is to meet.
        came_by: the channel of the case: mail, pec, letter, phone, counter.
        channel: that of the answer: mail, pec, post, phone, counter.
        on_paper: whether a paper shows what was handed over at the counter.
        is_asked: whether the customer asked for an answer by this channel.
    """
    given = "post" if channel == "counter" and on_paper else channel
    allowed = {
        "durable": _LASTING,
        "paper unless asked": frozenset({"post", *([channel] if is_asked else [])}),
        "as received": _AS_RECEIVED.get(came_by, frozenset()) | ({channel} if is_asked else set()),
    }
    broken = (
        f"{one.name} wants an answer {_IN_WORDS[one.channel]}"
        for one in profiles
        if one.channel in allowed and not {given, channel} & allowed[one.channel]
    )
    return tuple(dict.fromkeys(broken))


_IN_WORDS = {
    "durable": "on a durable medium: mail, pec or post",
    "paper unless asked": "on paper, unless the customer asked for another way",
    "as received": "by the channel by which the case came",
}
