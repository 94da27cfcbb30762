"""Raw mails -> readings: parse, language, scores. Runs in a child only.

One mail that fails is one `Unreadable`; the scores of a whole frame are computed at once, because
the model is several times faster that way.
"""

import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from classifiers.documents import Document
from classifiers.errors import ClassifierError
from classifiers.text import newest
from daemon.errors import LimitExceeded
from daemon.mail.automatic import automatic_kind
from daemon.mail.forwards import ForwardRules, passed_on
from daemon.mail.parse import read_mail
from daemon.reading.attached import first_page
from daemon.reading.draft import (
    document_of,
    document_of_plain,
    has_words,
    outline_of_plain,
    reading_of,
)
from daemon.reading.frames import Outcome, PlainWork, Question, Work
from daemon.reading.language import LanguageTeller, has_letters
from daemon.reading.records import Judgement, ReadingOptions
from daemon.records import Mail, Reading, Unreadable

if TYPE_CHECKING:
    from classifiers.predict import Model

LONGEST_MESSAGE = 200  # characters of a foreign exception's text that leave the child

Mark = Callable[[int], None]
Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reading without scores; `document` is what the model is to score, if anything."""

    reading: Reading
    document: Document | None


class Reader:
    """The loaded models and settings by which a child reads.

    Attributes:
        model: the classifier; `None` when none is asked for or it cannot be loaded.
        model_error: why the model that was asked for is not loaded; `None` when all is well.
    """

    def __init__(self, options: ReadingOptions) -> None:
        self._options = options
        self._wanted = frozenset(options.wanted_headers)
        self._language = LanguageTeller(options.languages)
        self._forwards = ForwardRules(
            staff=options.staff,
            limits=options.limits.mail,
            zone=ZoneInfo(options.timezone),
            our_servers=options.our_servers,
        )
        self.model, self.model_error = _load(options.model_dir)

    @property
    def version(self) -> str | None:
        """Version of the loaded model."""
        return None if self.model is None else self.model.version

    def parse(self, raw: bytes) -> Mail:
        """Parse one mail; raises `LimitExceeded`."""
        return read_mail(raw, self._options.limits.mail, own_instance=self._options.own_instance)

    def read(self, works: Sequence[Work], mark: Mark) -> list[Outcome[Reading]]:
        """Read a frame of mails, calling `mark` with each one's place before it is touched."""
        drafts = _each(self._draft, works, mark)
        scores = self._scores([draft.answer for draft in drafts if draft.answer])
        return [self._finished(draft, scores) for draft in drafts]

    def view(self, works: Sequence[Work], mark: Mark) -> list[Outcome[Mail]]:
        """Read mails whole, for people to see."""
        return _each(lambda work: self.parse(_bytes(work)), works, mark)

    def reasons(self, questions: Sequence[Question], mark: Mark) -> list[Outcome[tuple[str, ...]]]:
        """Say which words of each mail speak for a label; none without a model."""
        return _each(self._reasons, questions, mark)

    def classify(self, works: Sequence[PlainWork], mark: Mark) -> list[Outcome[Judgement]]:
        """Judge plain mails."""
        judgements = _each(self._judgement, works, mark)
        documents = [document_of_plain(work.mail) for work in works]
        if self.model is None or not documents:
            return judgements
        rows = zip(judgements, works, documents, self.model.scores(documents), strict=True)
        return [self._judged(*row) for row in rows]

    def _draft(self, work: Work) -> Draft:
        raw = _bytes(work)
        mail = self.parse(raw)
        passed = passed_on(mail, raw, self._forwards)
        attached = passed.text if passed else ""
        text = _with_attached(newest(mail.text, mail.subject), attached)
        reading = reading_of(
            mail,
            text,
            self._wanted,
            self._tell(mail.subject, attached or text),  # in which the customer is answered
            self._options.our_servers,
        )
        if passed:
            reading = replace(reading, forwarded=passed.forwarded)
        if self.model is None or not self._is_scored(mail):
            return Draft(reading=reading, document=None)
        body = text if attached else self._body(raw, mail, text)
        return Draft(reading=reading, document=document_of(mail, body))

    def _is_scored(self, mail: Mail) -> bool:
        return mail.automatic is None or self._options.is_automatic_scored

    def _body(self, raw: bytes, mail: Mail, text: str) -> str:
        """Return the text to judge the mail by: its own, and an attachment's if that is thin."""
        if has_words(text):
            return mail.text  # the model strips it by itself
        page = first_page(raw, mail.attachments, self._options.limits.mail)
        return f"{text}\n\n{page}" if page else mail.text

    def _tell(self, subject: str, text: str) -> str | None:
        return self._language.tell(text if has_letters(text) else f"{subject}\n{text}")

    def _scores(self, drafts: Sequence[Draft]) -> Iterator[dict[str, float]]:
        documents = [draft.document for draft in drafts if draft.document is not None]
        return iter(self.model.scores(documents) if self.model and documents else ())

    def _finished(
        self, draft: Outcome[Draft], scores: Iterator[dict[str, float]]
    ) -> Outcome[Reading]:
        if draft.answer is None:
            return Outcome(unreadable=draft.unreadable)
        if draft.answer.document is None:
            return Outcome(answer=draft.answer.reading)
        scored = replace(draft.answer.reading, scores=next(scores), model=self.version)
        return Outcome(answer=scored)

    def _reasons(self, question: Question) -> tuple[str, ...]:
        if self.model is None or question.label not in self.model.labels:
            return ()
        raw = _bytes(question.work)
        mail = self.parse(raw)
        text = newest(mail.text, mail.subject)
        passed = passed_on(mail, raw, self._forwards)
        attached = passed.text if passed else ""
        body = _with_attached(text, attached) if attached else self._body(raw, mail, text)
        return tuple(self.model.reasons(document_of(mail, body), question.label, question.top))

    def _judgement(self, work: PlainWork) -> Judgement:
        text = newest(work.mail.body, work.mail.subject)
        language = self._tell(work.mail.subject, text)
        kind = automatic_kind(outline_of_plain(work.mail), self._options.own_instance)
        return Judgement(language=language, scores=None, model=None, automatic=kind)

    def _judged(
        self,
        judgement: Outcome[Judgement],
        work: PlainWork,
        document: Document,
        scores: dict[str, float],
    ) -> Outcome[Judgement]:
        if judgement.answer is None or self.model is None:
            return judgement
        best = max(scores, key=scores.__getitem__)
        why = self.model.reasons(document, best, work.reasons) if work.reasons else ()
        whole = replace(judgement.answer, scores=scores, model=self.version, reasons=tuple(why))
        return Outcome(answer=whole)


def _with_attached(text: str, attached: str) -> str:
    """Return a colleague's words and those of the mail that he attached."""
    return f"{text}\n\n{attached}".strip() if attached else text


def _load(folder: Path | None) -> "tuple[Model | None, str | None]":
    """Load the model, or say why not: mail then goes to people unsorted, but it goes on."""
    if folder is None:
        return None, None
    # Here, not above: scikit-learn takes most of a second, and a child that only parses (after
    # a loss of the model, in `show`) starts without it.
    from classifiers.predict import Model  # noqa: PLC0415

    try:
        return Model.load(folder), None
    except (ClassifierError, OSError, ValueError, NotImplementedError) as error:
        return None, f"{type(error).__name__}: {error}"


def _each(call: Callable[[Q], A], items: Sequence[Q], mark: Mark) -> list[Outcome[A]]:
    """Run `call` on every item, one item's failure being that item's answer only."""
    outcomes = []
    for place, item in enumerate(items):
        mark(place)
        outcomes.append(_guarded(call, item))
    mark(len(items))
    return outcomes


def _guarded(call: Callable[[Q], A], item: Q) -> Outcome[A]:
    try:
        return Outcome(answer=call(item))
    except LimitExceeded as error:
        return Outcome(unreadable=Unreadable(reason=error.limit, detail=str(error)))
    except MemoryError:
        raise  # nothing more can be trusted in this process: the parent starts another
    except Exception as error:  # noqa: BLE001 - the rim round one mail (DESIGN 3)
        return Outcome(unreadable=_unexpected(error))


def _unexpected(error: Exception) -> Unreadable:
    """Name an error that should not be, with frames but without lines of source or mail."""
    frames = traceback.extract_tb(error.__traceback__)[-20:]
    stack = "\n".join(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
    kind = type(error).__name__
    message = str(error)[:LONGEST_MESSAGE].encode("ascii", "backslashreplace").decode()
    return Unreadable(
        reason="error",
        detail=f"reading it failed with {kind}",
        traceback=f"{stack}\n{kind}: {message}",
    )


def _bytes(work: Work) -> bytes:
    return Path(work.path).read_bytes() if work.path is not None else work.raw or b""
