"""What each sentence does, to what the mail does: the columns of the final part.

For each head that decides the columns hold: the subject, the first sentence, the last, the
strongest, the second strongest, and the share of the mail. Views that grow with the number of
sentences told long mails from short ones rather than newsletters from other mail.
"""

import numpy as np
from numpy.typing import NDArray

from classifiers.structure import SOURCE_SIGNS

VIEWS = ("subject", "first", "last", "strongest", "second", "share")
"""The views of a mail's sentences, in the order of the columns."""

Array = NDArray[np.float64]


def pool(heads: Array, first: NDArray[np.int64]) -> Array:
    """The views of each mail's sentences.

    Args:
        heads: probability of each head per sentence, (sentences, heads); the last head decides
            nothing and is not looked at.
        first: number of each mail's first sentence, then the number of all; see `Features`.

    Returns:
        (mails, views * deciding heads), the heads of one view beside each other.
    """
    deciding, start, end = heads[:, :-1], first[:-1], first[1:]
    if not deciding.shape[1] or not len(start):
        return np.zeros((len(start), len(VIEWS) * deciding.shape[1]))
    many = (end - start)[:, None]
    strongest = np.maximum.reduceat(deciding, start, axis=0)
    others = np.where(deciding == np.repeat(strongest, end - start, axis=0), 0.0, deciding)
    share = np.sqrt(np.add.reduceat(deciding, start, axis=0) / many)
    return np.hstack(
        [
            deciding[start],
            deciding[np.minimum(start + 1, end - 1)],
            deciding[end - 1],
            strongest,
            np.maximum.reduceat(others, start, axis=0),
            share,
        ]
    )


def final_rows(sums: Array, pooled: Array, signs: NDArray[np.float32]) -> Array:
    """The rows of the final part: (mails, labels + pooled columns + signs of the source)."""
    return np.hstack([sums, pooled, signs[:, : len(SOURCE_SIGNS)]])


def final_width(labels: int, heads: int) -> int:
    """Columns of `final_rows`."""
    return labels + len(VIEWS) * max(heads - 1, 0) + len(SOURCE_SIGNS)


def sentence_shares(heads: Array, lead: Array) -> Array:
    """How much each head of each sentence of one mail speaks through the final part.

    Args:
        heads: of the mail's sentences, the subject first, (sentences, heads).
        lead: what each pooled column speaks for the label asked about, (views * deciding heads,).

    Returns:
        (sentences, deciding heads); all together they are what `pool` and `lead` give.
    """
    deciding = heads[:, :-1]
    by_view = dict(zip(VIEWS, lead.reshape(len(VIEWS), -1), strict=True))
    shares = np.zeros(deciding.shape)
    for view, place in (("subject", 0), ("first", min(1, len(deciding) - 1)), ("last", -1)):
        shares[place] += deciding[place] * by_view[view]
    each, rest = np.arange(deciding.shape[1]), deciding
    for view in ("strongest", "second"):
        best = rest.argmax(axis=0)
        shares[best, each] += rest[best, each] * by_view[view]
        rest = np.where(rest == rest[best, each], 0.0, rest)
    total = np.maximum(deciding.sum(axis=0), 1e-9)
    spread = np.sqrt(total / len(deciding)) * by_view["share"]
    return np.asarray(shares + deciding / total * spread)
