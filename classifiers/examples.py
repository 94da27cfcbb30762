"""Files of JSON lines to labelled documents, every line looked at before anything is learnt."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classifiers.documents import Document
from classifiers.errors import ClassifierError, CorpusError

SHIPPED_LABELS = ("complaint", "request", "newsletter", "other")
"""The labels of the shipped model, in the order that decides when several fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A document and the label a person gave it.

    Attributes:
        lang: ISO 639-1, "" when not told.
        scenario: examples of one scenario tell one story and are never parted between training
            and testing; without one, each example is its own.
    """

    document: Document
    label: str
    lang: str
    scenario: str


def read_examples(files: Sequence[Path]) -> list[Example]:
    """All examples of the files (`.jsonl`, or `.gz` of it), in order.

    Raises:
        CorpusError: a line is no JSON object, or lacks text or label; names file and line.
        ClassifierError: a file cannot be read, or there is not one example.
    """
    examples = [example for file in files for example in _read_file(file)]
    if not examples:
        raise ClassifierError(f"no examples in {', '.join(map(str, files))}")
    return examples


def corpus_digest(examples: Sequence[Example]) -> str:
    """SHA-256 over the texts and labels of a corpus, in hexadecimal."""
    digest = hashlib.sha256()
    for example in examples:
        fields = (example.label, example.document.subject, example.document.body)
        digest.update(json.dumps(fields).encode())
    return digest.hexdigest()


def labels_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """The labels that occur: the shipped ones in their order, then the user's own by name."""
    met = {example.label for example in examples}
    own = sorted(met.difference(SHIPPED_LABELS))
    return (*(label for label in SHIPPED_LABELS if label in met), *own)


def _read_file(file: Path) -> Iterator[Example]:
    """The examples of one file."""
    try:
        raw = file.read_bytes()
        text = gzip.decompress(raw) if file.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise ClassifierError(f"{file}: cannot be read: {error}") from error
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            yield _read_line(line, str(file), number)


def _read_line(line: bytes, file: str, number: int) -> Example:
    """One example; the errors say what the line lacks."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CorpusError(file, number, f"no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise CorpusError(file, number, "no JSON object")
    label, body, subject = (fields.get(name, "") for name in ("label", "body", "subject"))
    if not isinstance(label, str) or not label:
        raise CorpusError(file, number, "label: a text is wanted")
    if not isinstance(body, str) or not isinstance(subject or "", str):
        raise CorpusError(file, number, "subject, body: texts are wanted")
    if not (body.strip() or subject):
        raise CorpusError(file, number, "subject and body are both empty")
    return Example(
        document=document_of(fields),
        label=label,
        lang=str(fields.get("lang") or ""),
        scenario=str(fields.get("scenario") or f"{file}:{number}"),
    )


def document_of(fields: Mapping[str, object]) -> Document:
    """The document in a JSON line (`subject`, `body`, optional `from`, `headers`)."""
    sender, headers = fields.get("from"), fields.get("headers")
    return Document(
        subject=str(fields.get("subject") or ""),
        body=str(fields.get("body") or ""),
        sender=None if sender is None else str(sender),
        headers=_headers_of(headers),
    )


def _headers_of(headers: object) -> dict[str, str] | None:
    """Headers given as an object or as pairs, names in lower case, the first of each; else None."""
    if isinstance(headers, dict):
        pairs = list(headers.items())
    elif isinstance(headers, list):
        pairs = [(pair[0], pair[-1]) for pair in headers if isinstance(pair, list) and pair]
    else:
        return None
    named: dict[str, str] = {}
    for name, value in pairs:
        named.setdefault(str(name).lower(), str(value))
    return named
