"""`classify`: mails and JSON lines -> JSON lines with their labels; no store, no account."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from daemon.cli.exits import DONE, INTERNAL, NEEDS_PERSON, complain, leave, refuse
from daemon.cli.house import AsJson, ConfigFile, config_if_any
from daemon.cli.lines import parse_line
from daemon.cli.output import print_json_line, safe
from daemon.config.loading import load
from daemon.config.settings import COSTS
from daemon.errors import BackdeskError, MailError
from daemon.fitting import SHIPPED_MODEL, reading_options
from daemon.intake.sources import walk
from daemon.intake.streams import Found, SourceLimits
from daemon.reading.errors import ReadersAway
from daemon.reading.pool import ReadingPool
from daemon.reading.records import Job, Judgement, PlainMail, ReadingOptions
from daemon.records import LABELS, Automatic, Reading, Unreadable
from daemon.triage.verdict import Costs, judge

app = typer.Typer()

MAILS = 200  # read in one go
BYTES = 32 << 20
REASONS = 5
EMPTY = PlainMail(subject="", body="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What came out for one mail."""

    id: str
    automatic: Automatic | None = None
    scores: dict[str, float] | None = None
    language: str | None = None
    words: tuple[str, ...] = ()  # why the best label
    failure: str | None = None  # why it could not be read


@app.callback()
def _group() -> None:
    """Keep `classify` a command of a group."""


@app.command()
def classify(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Mails, folders, archives, JSON lines.")
    ],
    reasons: Annotated[
        bool, typer.Option("--reasons/--no-reasons", help="Say the words behind each label.")
    ] = True,
    config: ConfigFile = None,
    as_json: AsJson = False,  # noqa: ARG001 - the output is JSON lines anyway
) -> None:
    """Label mails; print a JSON line for each, in the order they were found."""
    if absent := [str(path) for path in paths if not path.exists()]:
        refuse(f"no such file or folder: {', '.join(absent)}")
    options, costs, workers = _chosen(config)
    failed = 0
    with TemporaryDirectory() as spool, ReadingPool(options, workers) as pool:
        code = _model_code(pool)
        judge_ = Judge(pool, workers, reasons=REASONS if reasons else 0)
        found = walk(paths, SourceLimits(spool=Path(spool), takes_lines=True))
        for batch in _batches(found):
            for judged in judge_.judge(batch):
                failed += judged.failure is not None
                print_json_line(_document(judged, costs))
    if failed:
        complain(f"{failed} could not be read; their scores are those of an empty mail")
    leave(max(code, NEEDS_PERSON if failed else DONE))


def _chosen(config: Path | None) -> tuple[ReadingOptions, Costs, int]:
    """Return how to read, the costs of mistakes and the number of children."""
    cores = len(os.sched_getaffinity(0))
    path = config_if_any(config)
    if path is None:
        return ReadingOptions(model_dir=SHIPPED_MODEL), COSTS, cores
    settings = load(path)
    workers = settings.service.workers or cores
    return reading_options(settings), settings.classifier.costs, workers


def _model_code(pool: ReadingPool) -> int:
    try:
        pool.warm()
    except ReadersAway as away:
        complain(str(away))
        return INTERNAL
    if pool.model is None:
        complain(f"no model: {pool.model_error}; every label is as likely as the next")
    return DONE if pool.model else NEEDS_PERSON


def _batches(found: Iterable[Found]) -> Iterator[list[Found]]:
    batch, size = list[Found](), 0
    for one in found:
        batch.append(one)
        size += one.size
        if len(batch) >= MAILS or size >= BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class Judge:
    """Judges batches: mails and lines each in one go, answers in the order they were found."""

    def __init__(self, pool: ReadingPool, workers: int, reasons: int) -> None:
        self._pool, self._workers, self._reasons = pool, workers, reasons
        self._expected: dict[str, float] | None = None

    def judge(self, batch: Sequence[Found]) -> list[Judged]:
        """Return what came out for each of a batch."""
        done: dict[int, Judged] = {}
        mails, plain = list[int](), dict[int, tuple[str, PlainMail]]()
        for place, one in enumerate(batch):
            if one.failure is not None:
                done[place] = Judged(id=one.id, failure=one.failure)
            elif one.is_line:
                _take_line(place, one, plain, done)
            else:
                mails.append(place)
        done.update(self._mails(batch, mails))
        done.update(self._plain(plain))
        return [self._whole(done[place]) for place in range(len(batch))]

    def _mails(self, batch: Sequence[Found], places: Sequence[int]) -> dict[int, Judged]:
        answers = self._pool.read([Job(key=place, raw=batch[place].raw) for place in places])
        with ThreadPoolExecutor(self._workers) as threads:
            judged = threads.map(lambda pair: self._of_mail(batch[pair[0]], pair[1]), answers)
            return dict(zip(places, judged, strict=True))

    def _of_mail(self, one: Found, answer: Reading | Unreadable) -> Judged:
        if isinstance(answer, Unreadable):
            judged = Judged(id=one.id, failure=f"{answer.reason}: {answer.detail}")
        else:
            judged = Judged(
                id=one.id,
                automatic=answer.automatic,
                scores=answer.scores or self._forced(one),
                language=answer.language,
                words=self._words(one, answer),
            )
        if isinstance(one.raw, Path):
            one.raw.unlink(missing_ok=True)
        return judged

    def _forced(self, one: Found) -> dict[str, float] | None:
        """Return the scores of automatic mail, which is read without any, by its text."""
        try:
            mail = self._pool.view(one.raw)
        except BackdeskError:
            return None
        sender = f"{mail.sender.name} <{mail.sender.email}>" if mail.sender else None
        plain = PlainMail(subject=mail.subject, body=mail.text, sender=sender, headers=mail.headers)
        judgement = self._alone(plain, 0)
        return judgement.scores if judgement else None

    def _words(self, one: Found, answer: Reading) -> tuple[str, ...]:
        if not answer.scores or not self._reasons:
            return ()
        try:
            return tuple(self._pool.reasons(one.raw, best_of(answer.scores), self._reasons))
        except BackdeskError:
            return ()  # the label stands without its words

    def _plain(self, plain: dict[int, tuple[str, PlainMail]]) -> dict[int, Judged]:
        mails = [mail for _, mail in plain.values()]
        judgements: list[Judgement | None]
        try:
            judgements = list(self._pool.classify(mails, reasons=self._reasons))
        except MailError:
            judgements = [self._alone(mail, self._reasons) for mail in mails]
        pairs = zip(plain.items(), judgements, strict=True)
        return {place: _of_line(name, judgement) for (place, (name, _)), judgement in pairs}

    def _alone(self, mail: PlainMail, reasons: int) -> Judgement | None:
        try:
            return self._pool.classify([mail], reasons=reasons)[0]
        except MailError:
            return None

    def _whole(self, judged: Judged) -> Judged:
        """Give what could not be read the scores of an empty mail: what the model expects."""
        if judged.scores:
            return judged
        if self._pool.model is None:
            even = dict.fromkeys(LABELS, 1 / len(LABELS))
            return replace(judged, scores=even, words=("no model",))
        if self._expected is None:
            judgement = self._alone(EMPTY, 0)
            self._expected = judgement.scores if judgement else None
        return replace(judged, scores=self._expected)


def _take_line(
    place: int, one: Found, plain: dict[int, tuple[str, PlainMail]], done: dict[int, Judged]
) -> None:
    try:
        plain[place] = parse_line(one.raw if isinstance(one.raw, bytes) else b"", one.id)
    except ValueError as error:
        done[place] = Judged(id=one.id, failure=str(error))


def best_of(scores: dict[str, float]) -> str:
    """Return the likeliest label."""
    return max(scores, key=scores.__getitem__)


def _of_line(name: str, judgement: Judgement | None) -> Judged:
    if judgement is None:
        return Judged(id=name, failure="its text cannot be judged")
    return Judged(
        id=name,
        automatic=Automatic(judgement.automatic) if judgement.automatic else None,
        scores=judgement.scores,
        language=judgement.language,
        words=judgement.reasons,
    )


def _document(judged: Judged, costs: Costs) -> dict[str, object]:
    if judged.failure is not None:
        label, confidence, abstained = None, 0.0, True
        reasons = [f"unreadable: {safe(judged.failure)}"]
    else:
        verdict = judge(judged, costs)
        label, confidence, abstained = verdict.label, verdict.confidence, verdict.abstained
        reasons = [verdict.reason, *judged.words]
    return {
        "id": judged.id,
        "label": label,
        "confidence": confidence,
        "scores": judged.scores,
        "abstained": abstained,
        "automatic": judged.automatic is not None,
        "kind": judged.automatic,
        "language": judged.language,
        "reasons": reasons,
    }
