"""Plain examples to copies as they might arrive by mail: with headers, some without a sender.

Nothing is made up: each copy borrows headers, links and images from an example that has them,
mostly of its label; some newsletters come without any mark, and some letters through a list.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from classifiers.documents import Document
from classifiers.examples import Example

_STRANGE = 0.25  # of the copies borrow from any label: headers are a sign, no proof
_SENDER_TOLD = 0.5  # or the model would learn to miss senders that its users never pass on


def as_plain(document: Document) -> Document:
    """The mail as a plain text source tells it: nothing is known but subject, body and sender."""
    return replace(document, headers=None, link_count=None, image_count=None)


def with_headers(examples: Sequence[Example], random: Random) -> list[Document]:
    """A copy of each example with borrowed headers; half of them without sender.

    Where no example of the label has headers, most of its copies know of none.
    """
    lenders: dict[str, list[Document]] = defaultdict(list)
    for example in examples:
        if example.document.headers is not None:
            lenders[example.label].append(example.document)
    every = [lender for documents in lenders.values() for lender in documents]
    return [
        _copy(one.document, every if random.random() < _STRANGE else lenders[one.label], random)
        for one in examples
    ]


def _copy(document: Document, lenders: Sequence[Document], random: Random) -> Document:
    sender = document.sender if random.random() < _SENDER_TOLD else None
    lender = random.choice(lenders) if lenders else document
    return replace(
        document,
        sender=sender,
        headers=lender.headers,
        link_count=lender.link_count,
        image_count=lender.image_count,
    )
