"""Scores of many mails -> how often each label comes in this house, and scores that know it.

The model is learnt as if every label came equally often. What a house truly gets is estimated from
its own unlabelled mail, by the EM algorithm of Saerens, Latinne and Decaestecker (2002); a score
shown as 0.9 is then right nine times in ten here, not in the corpus.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

FEWEST = 200
"""Mails from which on the mix of a house is estimated; before, every label is equally likely."""

_EVEN = 10.0  # mails that each label is credited with, so that no few mails decide
_LEAST = 0.03  # share, before the sum is 1 again: a house may have had no complaint yet
_STEPS, _STILL = 60, 1e-4

Mix = Mapping[str, float]
"""Label -> share of the house's mail, all together 1; empty: every label equally often."""

NO_MIX: Mix = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseMix:
    """The mix of a house as one model sees it."""

    model: str | None = None  # its version; None: no mix is known
    shares: Mix = field(default_factory=dict)

    def seen_by(self, model: str | None) -> Mix:
        """Return the mix for scores of a model; none for those of another one."""
        return self.shares if model is not None and model == self.model else NO_MIX


Scores = Mapping[str, float]
"""Label -> probability, all together 1."""


def estimate(scores: Sequence[Scores]) -> Mix:
    """Return the mix under which the scores are likeliest; empty for fewer than `FEWEST`.

    Args:
        scores: of the house's mails, as the model gave them, all with the same labels.
    """
    if len(scores) < FEWEST:
        return {}
    labels = tuple(scores[0])
    rows = [[row[label] for label in labels] for row in scores]
    shares = [1 / len(labels)] * len(labels)
    for _ in range(_STEPS):
        before, shares = shares, _step(rows, shares)
        if max(abs(a - b) for a, b in zip(before, shares, strict=True)) < _STILL:
            break
    raised = [max(share, _LEAST) for share in shares]
    return {label: share / sum(raised) for label, share in zip(labels, raised, strict=True)}


def under(scores: Scores, mix: Mix) -> Scores:
    """Return the scores as they are in a house of that mix; those of unknown labels are kept."""
    if not mix:
        return scores
    weighed = {label: p * mix.get(label, 1 / len(mix)) for label, p in scores.items()}
    total = sum(weighed.values())
    return {label: p / total for label, p in weighed.items()} if total > 0 else scores


def _step(rows: Sequence[Sequence[float]], shares: Sequence[float]) -> list[float]:
    """Return the shares that the rows have on average under the shares assumed."""
    sums = [_EVEN] * len(shares)
    for row in rows:
        weighed = [p * share for p, share in zip(row, shares, strict=True)]
        if total := sum(weighed):
            for at, part in enumerate(weighed):
                sums[at] += part / total
    everything = sum(sums)
    return [one / everything for one in sums]
