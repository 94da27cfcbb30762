"""Headers, types and first words of a mail -> the kind of automatic mail it is, by rule.

Only what no person wrote to us counts: list mail and `Auto-Submitted: auto-generated` notices do
not (LABELS.md), they go through the classifier.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from daemon.records import Address, Automatic


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What the rules look at."""

    headers: Mapping[str, str]  # first value by lower-cased name
    sender: Address | None
    subject: str
    media_types: frozenset[str]  # of this mail's parts, not of enclosed mails
    text: str
    report: str  # the delivery-status part, when there is one


def automatic_kind(outline: Outline, own_instance: str | None = None) -> Automatic | None:
    """Return the kind of automatic mail, None for all that a person or a list sent."""
    return None
