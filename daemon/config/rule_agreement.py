"""`[[rules]]` and `[classifier]` of a parsed document -> what in them cannot work."""

from collections.abc import Iterator

from daemon.config.raw import (
    Finding,
    Table,
    members_of,
    number_of,
    table_of,
    tables_of,
    text_of,
    texts_of,
)
from daemon.config.settings import ANY, COSTS, Classifier
from daemon.config.values import bytes_of
from daemon.config.wording import nearest

ORDERS = ("priority", "owner", "deadline", "acknowledgement", "tags", "forward", "webhook")
"""What a rule may say beside `queue` and `stop`."""

_OUTCOMES = ("unsure", "automatic")
"""What `label` may say beside labels: the model abstained; no person wrote the mail."""


def rule_findings(document: Table) -> Iterator[Finding]:
    """Yield what is wrong with rules beyond their single values."""
    yield from _labels_of_the_house(document)
    yield from _order(document)
    for index, rule in members_of(document, "rules"):
        at = ("rules", index)
        for path, message in _target(rule, document):
            yield (*at, *path), message
        for path, message in _condition(table_of(rule, "when"), document):
            yield (*at, "when", *path), message


def _labels(document: Table) -> tuple[str, ...]:
    own = texts_of(table_of(document, "classifier"), "labels")
    return (*COSTS, *(label for _, label in own))


def _labels_of_the_house(document: Table) -> Iterator[Finding]:
    classifier = table_of(document, "classifier")
    for path, label in texts_of(classifier, "labels"):
        if label in COSTS or label in (*_OUTCOMES, ANY):
            yield ("classifier", *path), f"{label!r} has its meaning already; choose another name"
    labels = _labels(document)
    costs = table_of(classifier, "costs")
    for label in costs:
        if label not in labels:
            yield ("classifier", "costs", label), _no_label(label, labels)
        for taken in table_of(costs, label):
            if taken == label:
                yield ("classifier", "costs", label, taken), "is no mistake, so it costs nothing"
            if taken not in (*labels, ANY):
                yield ("classifier", "costs", label, taken), _no_label(taken, (*labels, ANY))


def _no_label(word: str, labels: tuple[str, ...]) -> str:
    return f"{word!r} is not a label; {nearest(word, labels)}"


def _order(document: Table) -> Iterator[Finding]:
    taken: dict[str, int] = {}
    catch_all = ""
    for index, rule in members_of(document, "rules"):
        name = text_of(rule, "name")
        if name and taken.setdefault(name, index) != index:
            yield ("rules", index, "name"), f"{name!r} is already the name of another rule"
        if catch_all:
            yield ("rules", index), f"is never reached: rule {catch_all!r} before it takes all mail"
        elif rule.get("when") == {} and (rule.get("queue") or rule.get("stop") is True):
            catch_all = name


def _target(rule: Table, document: Table) -> Iterator[Finding]:
    queue, queues = text_of(rule, "queue"), table_of(document, "queues")
    if queue and queue not in queues:
        yield ("queue",), f"{queue!r} is not a queue; {nearest(queue, queues)}"
    if queue and rule.get("stop") is True:
        yield ("stop",), "leaves the mail where it is, but a queue is named; allowed: one of both"
    says = any(rule.get(key) not in (None, [], "") for key in ORDERS)
    if not rule.get("queue") and rule.get("stop") is not True and not says:
        yield (
            ("queue",),
            (
                "is missing; allowed: the name of a queue, stop = true to leave the mail in place, "
                f"or something to add: {', '.join(ORDERS)}"
            ),
        )


def _condition(when: Table, document: Table) -> Iterator[Finding]:
    names = tuple(name for name, _ in tables_of(document, "accounts"))
    languages = texts_of(table_of(document, "classifier"), "languages")
    spoken = tuple(text for _, text in languages) or Classifier().languages
    for key, what, allowed in (
        ("label", "label", (*_labels(document), *_OUTCOMES)),
        ("language", "language of [classifier]", spoken),
        ("account", "account", names),
    ):
        for path, word in texts_of(when, key):
            if word not in allowed:
                yield path, f"{word!r} is not a {what}; {nearest(word, allowed)}"
    yield from _ranges(when)


def _ranges(when: Table) -> Iterator[Finding]:
    least, most = number_of(when, "min_confidence"), number_of(when, "max_confidence")
    if least is not None and most is not None and least > most:
        yield ("min_confidence",), "is more than max_confidence, so that no mail matches"
    smallest, biggest = _size(when, "min_size"), _size(when, "max_size")
    if smallest is not None and biggest is not None and smallest > biggest:
        yield ("min_size",), "is more than max_size, so that no mail matches"


def _size(when: Table, key: str) -> int | None:
    try:
        return bytes_of(when[key])
    except (KeyError, ValueError):
        return None
