"""What each sentence does, to what the mail does: the columns of the final part.

For each head the columns hold: the subject, the first sentence, the last, the strongest, the
second strongest, whether any, and how many there are. Before them stand the mail part's sums,
behind them the mail's outward signs.
"""

import numpy as np
from numpy.typing import NDArray

from classifiers.structure import SIGNS

VIEWS = ("subject", "first", "last", "strongest", "second", "any", "many")
"""The views of a mail's sentences, in the order of the columns."""

_SURE = 0.999  # beyond it one sentence would be infinitely telling

Array = NDArray[np.float64]


def pool(heads: Array, first: NDArray[np.int64]) -> Array:
    """The views of each mail's sentences.

    Args:
        heads: probability of each head per sentence, (sentences, heads).
        first: number of each mail's first sentence, then the number of all; see `Features`.

    Returns:
        (mails, views * heads), the heads of one view beside each other.
    """
    subject, end = first[:-1], first[1:]
    if not heads.shape[1] or not len(subject):
        return np.zeros((len(subject), len(VIEWS) * heads.shape[1]))
    body = np.minimum(subject + 1, end - 1)
    strongest = np.maximum.reduceat(heads, subject, axis=0)
    others = np.where(heads == np.repeat(strongest, end - subject, axis=0), 0.0, heads)
    none = np.add.reduceat(np.log1p(-np.minimum(heads, _SURE)), subject, axis=0)
    return np.hstack(
        [
            heads[subject],
            heads[body],
            heads[end - 1],
            strongest,
            np.maximum.reduceat(others, subject, axis=0),
            1 - np.exp(none),
            np.log1p(np.add.reduceat(heads, subject, axis=0)),
        ]
    )


def final_rows(sums: Array, pooled: Array, signs: NDArray[np.float32]) -> Array:
    """The rows of the final part: (mails, labels + views * heads + signs)."""
    return np.hstack([sums, pooled, signs])


def final_width(labels: int, heads: int) -> int:
    """Columns of `final_rows`."""
    return labels + len(VIEWS) * heads + len(SIGNS)


def sentence_shares(heads: Array, lead: Array) -> Array:
    """How much each head of each sentence of one mail speaks through the final part.

    Args:
        heads: of the mail's sentences, the subject first, (sentences, heads).
        lead: what each pooled column speaks for the label asked about, (views * heads,).

    Returns:
        (sentences, heads); all together they are what `pool` and `lead` give.
    """
    by_view = dict(zip(VIEWS, lead.reshape(len(VIEWS), -1), strict=True))
    shares = np.zeros(heads.shape)
    for view, place in (("subject", 0), ("first", min(1, len(heads) - 1)), ("last", -1)):
        shares[place] += heads[place] * by_view[view]
    each, rest = np.arange(heads.shape[1]), heads
    for view in ("strongest", "second"):
        best = rest.argmax(axis=0)
        shares[best, each] += rest[best, each] * by_view[view]
        rest = np.where(rest == rest[best, each], 0.0, rest)
    total = np.maximum(heads.sum(axis=0), 1e-9)
    spread = np.log1p(total) * by_view["many"]
    spread += (1 - np.prod(1 - np.minimum(heads, _SURE), axis=0)) * by_view["any"]
    return np.asarray(shares + heads / total * spread)
