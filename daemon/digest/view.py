"""A digest and a language -> sentences and rows in their order; the templates only lay them out."""

from collections.abc import Iterator

from daemon.digest.counted import (
    accounts_of,
    charts_of,
    folders_of,
    intake_of,
    newsletters_of,
    queues_of,
)
from daemon.digest.layout import Tile, View
from daemon.digest.legible import SENDER_CHARS, legible
from daemon.digest.records import Digest
from daemon.digest.waiting import Lists
from daemon.digest.words import Words

MOST = 20
"""Entries that a list shows at most."""

_QUEUES_CHARS = 300


def view_of(digest: Digest, words: Words, most: int = MOST) -> View:
    """Return the digest in one language, with at most `most` entries in each list."""
    attention = _attention(digest, words)
    parts = _parts(digest, words)
    return View(
        language=words.language,
        subject=_headed("subject", digest, words, day=words.day(digest.day), parts=parts),
        title=_headed("title", digest, words, day=words.day(digest.day, "long")),
        subtitle=_subtitle(digest, words),
        preview=_preview(digest, words),
        tiles=tuple(_tiles(digest, words)),
        headline=_headline(digest, attention, words),
        attention=attention,
        lists=Lists(digest=digest, words=words, most=most).all(),
        counts=(
            newsletters_of(digest, words, most),
            intake_of(digest, words),
            queues_of(digest, words, most),
        ),
        charts=charts_of(digest, words),
        health=(folders_of(digest, words, most), accounts_of(digest, words, most)),
        footer=words.say("footer", moment=words.moment(digest.period.until, digest.zone)),
    )


def _headline(digest: Digest, attention: tuple[str, ...], words: Words) -> str:
    """Return what stands before what has no list of its own, or that all is well."""
    if attention:
        return words.say("attention")
    return "" if digest.needs_people else words.say("all_well")


def _headed(key: str, digest: Digest, words: Words, **values: str) -> str:
    """Return subject or title, with the name of the person whose digest it is."""
    name = legible(digest.scope.name, SENDER_CHARS)
    return words.say(f"{key}_of", name=name, **values) if name else words.say(key, **values)


def _subtitle(digest: Digest, words: Words) -> str:
    queues = ", ".join(sorted(digest.scope.queues or ()))
    return words.say("queues", names=legible(queues, _QUEUES_CHARS)) if queues else ""


def _parts(digest: Digest, words: Words) -> str:
    """The subject's summary: what is zero is left out, what is missing is always said."""
    counts = (
        ("overdue_short", digest.deadlines.overdue_total),
        ("soon_short", digest.deadlines.soon_total),
        ("unsure_short", digest.unsure_total),
        ("quarantined_short", digest.quarantined_total),
        ("accounts_short", len(digest.troubled)),
        ("unsent_short", digest.outgoing_failed + digest.outgoing_held + digest.held_back),
    )
    parts = [words.say(key, number) for key, number in counts if number]
    if digest.without_model:
        parts.append(words.say("no_model_short"))
    missing = digest.missing
    parts.append(words.say("missing_short", missing) if missing else words.say("nothing_missing"))
    return ", ".join(parts)


def _tiles(digest: Digest, words: Words) -> Iterator[Tile]:
    counts = (
        ("tile_overdue", digest.deadlines.overdue_total, True),
        ("tile_soon", digest.deadlines.soon_total, False),
        ("tile_unsure", digest.unsure_total, False),
        ("tile_missing", digest.missing, True),
    )
    for key, number, is_alarm in counts:
        yield Tile(number=number, name=words.say(key, number), is_alarm=is_alarm and number > 0)


def _preview(digest: Digest, words: Words) -> str:
    """Return everything that needs a person in sentences, the gravest first."""
    last = words.day(digest.deadlines.soon_until or digest.day)
    counts = (
        ("overdue", digest.deadlines.overdue_total),
        ("soon", digest.deadlines.soon_total),
        ("unsure", digest.unsure_total),
        ("closed", digest.closed_total),
        ("failed", digest.outgoing_failed),
        ("held", digest.outgoing_held),
        ("held_back", digest.held_back),
        ("awaiting", digest.awaiting),
        ("quarantined", digest.quarantined_total),
        ("unfetchable", sum(one.number for one in digest.unfetchable)),
    )
    listed = (words.say(key, number, day=last) for key, number in counts if number)
    return " ".join((*listed, *_attention(digest, words))) or words.say("all_well")


def _attention(digest: Digest, words: Words) -> tuple[str, ...]:
    """What needs a person and has no list of its own, the gravest first."""
    counts = (
        ("missing", digest.missing),
        ("troubled", len(digest.troubled)),
        ("relays_away", len(digest.relays_away)),
        ("no_model", digest.without_model),
        ("unmoved", digest.unmoved),
        ("webhooks", digest.webhooks),
    )
    return tuple(words.say(key, number) for key, number in counts if number)
