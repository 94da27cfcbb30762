"""Files of JSON lines to labelled documents, every line looked at before anything is learnt."""

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from classifiers.documents import Document
from classifiers.errors import ClassifierError, CorpusError

SHIPPED_LABELS = ("complaint", "request", "newsletter", "other")
"""The labels of the shipped model, in the order that decides when several fit."""


_LINK = re.compile(r"<a\s[^>]{0,300}\bhref", re.IGNORECASE)
_IMAGE = re.compile(r"<img\s", re.IGNORECASE)
HEADS = ("grievance", "ask", "promotion", "solved", "notice", "else", "context")
"""What a sentence does: reproach the house, ask it for something, speak to many, settle, notify,
decide for `other` in another way, or decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """A sentence of a mail that decides, and what it does."""

    text: str
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A document and the label a person gave it.

    Attributes:
        lang: ISO 639-1, "" when not told.
        scenario: examples of one scenario tell one story and are never parted between training
            and testing; without one, each example is its own.
        writer: the hand that wrote it, "" when not told.
        is_hard: written to be difficult.
        is_usual: of an inbox as it comes; shown probabilities are those of such mail.
        cues: the sentences that decide; none when nobody marked them.
    """

    document: Document
    label: str
    lang: str
    scenario: str
    writer: str = ""
    is_hard: bool = False
    is_usual: bool = False
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence by itself, and what it does."""

    text: str
    head: str
    lang: str
    scenario: str
    writer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """What a model is learnt from: whole mails, and single sentences."""

    examples: tuple[Example, ...]
    sentences: tuple[Sentence, ...] = ()


def read_corpus(files: Sequence[Path]) -> Corpus:
    """All lines of the files (`.jsonl`, or `.gz` of it), in order: mails, and sentences with heads.

    Raises:
        CorpusError: a line is no JSON object, or lacks text or label; names file and line.
        ClassifierError: a file cannot be read, or there is not one mail.
    """
    lines = [line for file in files for line in _read_file(file)]
    examples = tuple(line for line in lines if isinstance(line, Example))
    if not examples:
        raise ClassifierError(f"no examples in {', '.join(map(str, files))}")
    sentences = tuple(line for line in lines if isinstance(line, Sentence))
    return Corpus(examples=examples, sentences=sentences)


def corpus_digest(corpus: Corpus) -> str:
    """SHA-256 over all that is learnt from, in hexadecimal."""
    digest = hashlib.sha256()
    lines: list[Example | Sentence] = [*corpus.examples, *corpus.sentences]
    for line in lines:
        digest.update(json.dumps(asdict(line), sort_keys=True, ensure_ascii=True).encode())
    return digest.hexdigest()


def labels_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """The labels that occur: the shipped ones in their order, then the user's own by name."""
    met = {example.label for example in examples}
    own = sorted(met.difference(SHIPPED_LABELS))
    return (*(label for label in SHIPPED_LABELS if label in met), *own)


def _read_file(file: Path) -> Iterator[Example | Sentence]:
    """The lines of one file."""
    try:
        raw = file.read_bytes()
        text = gzip.decompress(raw) if file.suffix == ".gz" else raw
    except (OSError, EOFError, zlib.error) as error:
        raise ClassifierError(f"{file}: cannot be read: {error}") from error
    for number, line in enumerate(text.split(b"\n"), start=1):
        if line.strip():
            yield _read_line(line, str(file), number)


def _read_line(line: bytes, file: str, number: int) -> Example | Sentence:
    """One mail or sentence; the errors say what the line lacks."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CorpusError(file, number, f"no JSON: {error}") from error
    if not isinstance(fields, dict):
        raise CorpusError(file, number, "no JSON object")
    if "head" in fields:
        return _sentence_of(fields, file, number)
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
        writer=str(fields.get("writer") or ""),
        is_hard=bool(fields.get("hard")),
        is_usual=bool(fields.get("usual")),
        cues=_cues_of(fields.get("cues"), file, number),
    )


def _sentence_of(fields: Mapping[str, object], file: str, number: int) -> Sentence:
    """A line that holds one sentence."""
    text, head = fields.get("text"), fields.get("head")
    if not isinstance(text, str) or not text.strip():
        raise CorpusError(file, number, "text: a sentence is wanted")
    return Sentence(
        text=text,
        head=_head_of(head, file, number),
        lang=str(fields.get("lang") or ""),
        scenario=str(fields.get("scenario") or f"{file}:{number}"),
        writer=str(fields.get("writer") or ""),
    )


def _cues_of(cues: object, file: str, number: int) -> tuple[Cue, ...]:
    """The cues of a mail, each an object with `text` and `head`; anything else is none."""
    listed = cues if isinstance(cues, list) else []
    return tuple(
        Cue(text=str(cue.get("text") or ""), head=_head_of(cue.get("head"), file, number))
        for cue in listed
        if isinstance(cue, dict)
    )


def _head_of(head: object, file: str, number: int) -> str:
    """The name of a head."""
    if head not in HEADS:
        raise CorpusError(file, number, f"head: one of {', '.join(HEADS)} is wanted")
    return str(head)


def document_of(fields: Mapping[str, object]) -> Document:
    """The document in a JSON line (`subject`, `body`, optional `from`, `headers`)."""
    sender, headers = fields.get("from"), fields.get("headers")
    html = fields.get("html")
    return Document(
        subject=str(fields.get("subject") or ""),
        body=str(fields.get("body") or ""),
        sender=None if sender is None else str(sender),
        headers=_headers_of(headers),
        link_count=len(_LINK.findall(html)) if isinstance(html, str) else None,
        image_count=len(_IMAGE.findall(html)) if isinstance(html, str) else None,
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
