"""Scores find their mails: the reader of a child, run in this process with a stand-in model."""

from collections.abc import Sequence

from classifiers.documents import Document
from daemon.mail.limits import MailLimits
from daemon.reading.frames import PlainWork, Question, Work
from daemon.reading.limits import ReadingLimits
from daemon.reading.reader import Reader
from daemon.reading.records import PlainMail, ReadingOptions

LIMITS = ReadingLimits(mail=MailLimits(depth=5))


class SubjectModel:
    """Scores by the subject's number, and remembers what it was shown."""

    version = "subject-1"
    labels = ("complaint", "other")

    def __init__(self) -> None:
        self.shown: list[list[Document]] = []

    def scores(self, documents: Sequence[Document]) -> list[dict[str, float]]:
        self.shown.append(list(documents))
        return [
            {"complaint": int(document.subject) / 100, "other": 1 - int(document.subject) / 100}
            for document in documents
        ]

    def reasons(self, document: Document, label: str, top: int) -> list[str]:
        return [f"{label}: {document.subject}"][:top]


def reader_with_model() -> tuple[Reader, SubjectModel]:
    """Build a reader whose model is a stand-in."""
    reader = Reader(ReadingOptions(limits=LIMITS, languages=(), own_instance="desk-7"))
    model = SubjectModel()
    reader.model = model  # type: ignore[assignment]  # same methods, no training
    return reader, model


def mail(subject: int, *headers: str, body: str = "La bolla non torna con la fattura.") -> Work:
    """Build a mail whose subject is a number."""
    lines = ["From: Olga <olga@riva.example>", f"Subject: {subject}", *headers, "", body, ""]
    return Work(raw="\r\n".join(lines).encode())


def too_deep() -> Work:
    """Build a mail beyond the limit of depth."""
    head = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        for level in range(9)
    )
    return Work(raw=f"From: a@b.example\r\nMIME-Version: 1.0\r\n{head}\r\n".encode())


def test_scores_go_to_their_own_mails_past_unreadable_and_automatic_ones() -> None:
    """One call of the model for the whole frame; the places without scores shift nothing."""
    reader, model = reader_with_model()
    own = mail(30, "X-Backdesk-Instance: desk-7")
    marks: list[int] = []
    outcomes = reader.read([mail(10), too_deep(), own, mail(40)], marks.append)
    assert marks == [0, 1, 2, 3, 4]
    readings = [outcome.answer for outcome in outcomes]
    assert readings[1] is None
    scored = [reading.scores and reading.scores["complaint"] for reading in readings if reading]
    assert scored == [0.1, None, 0.4]
    assert [reading.model for reading in readings if reading] == ["subject-1", None, "subject-1"]
    assert [len(frame) for frame in model.shown] == [2]


def test_a_thin_mail_is_judged_by_its_attached_text() -> None:
    """Under fifteen words, the first page of a text attachment is shown to the model as well."""
    reader, model = reader_with_model()
    body = (
        "--b\r\nContent-Type: text/plain\r\n\r\nVedi allegato.\r\n"
        "--b\r\nContent-Type: text/plain; charset=iso-8859-2; name=l.txt\r\n"
        "Content-Disposition: attachment; filename=l.txt\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\nc2uzYWRhbSByZWtsYW1hY2rq\r\n--b--"
    )
    kind = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b"
    reader.read([mail(1, *kind.split("\r\n"), body=body)], lambda _: None)
    assert "Vedi allegato." in model.shown[0][0].body
    assert "składam reklamację" in model.shown[0][0].body


def test_a_frame_of_automatic_mail_never_calls_the_model() -> None:
    """There is nothing to score."""
    reader, model = reader_with_model()
    reader.read([mail(1, "X-Backdesk-Instance: desk-7")], lambda _: None)
    assert model.shown == []


def test_reasons_are_those_of_the_label_asked_for() -> None:
    """An unknown label has none."""
    reader, _ = reader_with_model()
    known = Question(work=mail(5), label="complaint", top=3)
    unknown = Question(work=mail(5), label="nonsense", top=3)
    outcomes = reader.reasons([known, unknown], lambda _: None)
    assert [outcome.answer for outcome in outcomes] == [("complaint: 5",), ()]


def test_plain_mails_are_judged_with_reasons_for_the_best_label() -> None:
    """Scores in the order of the mails, reasons only when wanted."""
    reader, _ = reader_with_model()
    works = [
        PlainWork(mail=PlainMail(subject="20", body="x"), reasons=1),
        PlainWork(mail=PlainMail(subject="80", body="x"), reasons=0),
    ]
    first, second = (outcome.answer for outcome in reader.classify(works, lambda _: None))
    assert first is not None
    assert second is not None
    assert (first.scores or {})["complaint"] == 0.2
    assert first.reasons == ("other: 20",)
    assert (second.scores or {})["complaint"] == 0.8
    assert second.reasons == ()
