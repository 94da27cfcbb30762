"""The `when` of a rule -> tests on one mail; each says in words what held, or None.

Words quote the rule, never the mail. Patterns run on RE2, in linear time whatever the mail.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import re2

from daemon.records import Address, Reading, Verdict
from daemon.triage.fold import fold

if TYPE_CHECKING:
    from daemon.config.rules import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteInput:
    """What is known of a mail when its way is decided."""

    account: str  # name in the configuration
    size: int  # bytes of the raw mail
    reading: Reading
    verdict: Verdict


Test = Callable[[RouteInput], str | None]
"""Mail -> the words of what held; None when it does not hold."""


class _Pattern(Protocol):
    def search(self, text: bytes) -> object | None: ...


def tests_of(when: "Condition") -> tuple[Test, ...]:
    """Return one test for each key that is written; all must hold, of none all mail."""
    written = ((build, getattr(when, key)) for key, build in _TESTS.items())
    return tuple(build(value) for build, value in written if value is not None)


def outcome_of(verdict: Verdict, reading: Reading) -> str:
    """Return what `label` is compared with: a label, "unsure" or "automatic"."""
    if reading.automatic is not None:
        return "automatic"
    return verdict.label or "unsure"


def _label(wanted: tuple[str, ...]) -> Test:
    return _one_of("label", wanted, lambda mail: outcome_of(mail.verdict, mail.reading))


def _automatic(kinds: tuple[str, ...]) -> Test:
    if not kinds:
        return lambda mail: "not automatic" if mail.reading.automatic is None else None
    return _one_of("automatic", kinds, lambda mail: mail.reading.automatic)


def _language(wanted: tuple[str, ...]) -> Test:
    return _one_of("language", wanted, lambda mail: mail.reading.language)


def _account(wanted: tuple[str, ...]) -> Test:
    return _one_of("account", wanted, lambda mail: mail.account)


def _one_of(key: str, wanted: tuple[str, ...], value: Callable[[RouteInput], str | None]) -> Test:
    words = {word: f"{key} = {word}" for word in wanted}

    def test(mail: RouteInput) -> str | None:
        return words.get(value(mail) or "")

    return test


def _min_confidence(least: float) -> Test:
    words = f"confidence at least {least:g}"
    return lambda mail: words if mail.verdict.confidence >= least else None


def _max_confidence(most: float) -> Test:
    words = f"confidence at most {most:g}"
    return lambda mail: words if mail.verdict.confidence <= most else None


def _min_size(least: int) -> Test:
    return lambda mail: f"size at least {least}" if mail.size >= least else None


def _max_size(most: int) -> Test:
    return lambda mail: f"size at most {most}" if mail.size <= most else None


def _attachments(wanted: bool) -> Test:  # noqa: FBT001 - the value of the key
    words = "has attachments" if wanted else "has no attachments"
    return lambda mail: words if bool(mail.reading.attachments) is wanted else None


def _subject(parts: tuple[str, ...]) -> Test:
    needles = tuple((fold(part), f"subject has {part!r}") for part in parts)

    def test(mail: RouteInput) -> str | None:
        subject = fold(mail.reading.subject)
        return next((words for needle, words in needles if needle and needle in subject), None)

    return test


def _sender(globs: tuple[str, ...]) -> Test:
    return _globs("sender", globs, lambda mail: _emails([mail.reading.sender]))


def _recipient(globs: tuple[str, ...]) -> Test:
    return _globs("recipient", globs, lambda mail: _emails((*mail.reading.to, *mail.reading.cc)))


def _attachment_name(globs: tuple[str, ...]) -> Test:
    return _globs(
        "attachment_name", globs, lambda mail: [each.filename for each in mail.reading.attachments]
    )


def _emails(addresses: Iterable[Address | None]) -> list[str]:
    return [address.email for address in addresses if address is not None]


def _globs(key: str, globs: tuple[str, ...], texts: Callable[[RouteInput], list[str]]) -> Test:
    patterns = tuple((_glob(glob), f"{key} = {glob}") for glob in globs)

    def test(mail: RouteInput) -> str | None:
        found = texts(mail)
        return next(
            (words for pattern, words in patterns if any(_found(pattern, text) for text in found)),
            None,
        )

    return test


def _sender_regex(regex: str) -> Test:
    return _regex("sender", regex, lambda mail: _emails([mail.reading.sender]))


def _subject_regex(regex: str) -> Test:
    return _regex("subject", regex, lambda mail: [mail.reading.subject])


def _regex(key: str, regex: str, texts: Callable[[RouteInput], list[str]]) -> Test:
    pattern, words = _compiled(regex), f"{key} matches {regex!r}"
    return lambda mail: words if any(_found(pattern, text) for text in texts(mail)) else None


def _headers(patterns: Mapping[str, str]) -> Test:
    each = tuple(_header(name.lower(), regex) for name, regex in patterns.items())

    def test(mail: RouteInput) -> str | None:
        words = [one(mail) for one in each]
        return None if None in words else ", ".join(filter(None, words))

    return test


def _header(name: str, regex: str) -> Test:
    return _regex(
        f"header {name}",
        regex,
        lambda mail: [value for each, value in mail.reading.headers if each.lower() == name],
    )


def _glob(glob: str) -> _Pattern:
    """`*` is any text, `?` one letter; case does not count, the whole text must fit."""
    wild = {"*": ".*", "?": "."}
    body = "".join(wild.get(letter) or re2.escape(letter) for letter in glob)
    return _compiled(rf"(?is)\A{body}\z")


def _compiled(regex: str) -> _Pattern:
    options = re2.Options()
    options.log_errors = False  # RE2 would write to stderr by itself
    pattern: _Pattern = re2.compile(regex, options)
    return pattern


def _found(pattern: _Pattern, text: str) -> bool:
    # RE2 works on UTF-8, in which lone surrogates have no form
    return pattern.search(text.encode("utf-8", "replace")) is not None


_TESTS: dict[str, Callable[[Any], Test]] = {
    "label": _label,
    "automatic": _automatic,
    "min_confidence": _min_confidence,
    "max_confidence": _max_confidence,
    "language": _language,
    "account": _account,
    "sender": _sender,
    "sender_regex": _sender_regex,
    "recipient": _recipient,
    "subject": _subject,
    "subject_regex": _subject_regex,
    "headers": _headers,
    "min_size": _min_size,
    "max_size": _max_size,
    "attachments": _attachments,
    "attachment_name": _attachment_name,
}
"""Key of `when` -> what builds its test; a key of the configuration without one is a bug."""
