"""A small corpus: eight scenarios, four labels, two writers; and files of it."""

import gzip
import json
from pathlib import Path
from typing import Any

from classifiers.documents import Document
from classifiers.examples import Corpus, Cue, Example, Sentence

LABELS = ("complaint", "request", "newsletter", "other")
SENTENCES = {
    "complaint": "The {} arrived broken, nobody answers, I demand a refund",
    "request": "Could you tell me how much the {} costs, and send a form",
    "newsletter": "This week only: {} at half price, shop now, unsubscribe here",
    "other": "Thank you for the {}, the invoice is attached as agreed",
}
GOODS = ("lamp", "kettle", "fridge", "bicycle", "sofa", "ticket", "meter", "policy")


HEADS = dict(zip(LABELS, ("grievance", "ask", "promotion", "solved"), strict=True))


ALONE = Sentence(text="It fell apart at once", head="grievance", lang="en", scenario="x")


def small_corpus(*, is_marked: bool = True) -> Corpus:
    """Eight scenarios, four labels each, by two writers."""
    return Corpus(
        examples=tuple(
            Example(
                document=Document(subject=goods, body=sentence.format(goods)),
                label=label,
                lang="en",
                scenario=goods,
                writer=f"w{number % 2}",
                cues=(Cue(text=sentence.format(goods), head=HEADS[label]),) if is_marked else (),
            )
            for number, goods in enumerate(GOODS)
            for label, sentence in SENTENCES.items()
        ),
        sentences=(ALONE,) if is_marked else (),
    )


def lines_file(folder: Path, lines: list[Any], name: str = "mails.jsonl") -> Path:
    """A corpus file."""
    content = "\n".join(json.dumps(line) for line in lines).encode()
    file = folder / name
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


def corpus_lines() -> list[dict[str, str]]:
    """The small corpus as it stands in a file."""
    return [
        {
            "subject": example.document.subject,
            "body": example.document.body,
            "label": example.label,
            "lang": "en",
            "scenario": example.scenario,
        }
        for example in small_corpus().examples
    ]
