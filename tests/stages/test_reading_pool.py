"""A pool of real children: every mail answered once, in order, from any thread."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.errors import MailError
from daemon.mail.limits import MailLimits
from daemon.reading.errors import PoolClosed, ReadersAway
from daemon.reading.limits import ReadingLimits
from daemon.reading.pool import Answer, ReadingPool
from daemon.reading.records import Job, PlainMail, ReadingOptions
from daemon.records import Reading, Unreadable

LIMITS = ReadingLimits(mail=MailLimits(depth=5))
OPTIONS = ReadingOptions(limits=LIMITS, languages=(), wanted_headers=("x-priority",))


@pytest.fixture(scope="module")
def pool() -> Iterator[ReadingPool]:
    """Share two children among the tests that harm none."""
    with ReadingPool(OPTIONS, 2) as pool:
        yield pool


def mail(number: int, *headers: str, body: str = "Buongiorno, manca una chiave.") -> bytes:
    """Build a small mail."""
    lines = [
        "From: Ada Riva <ada@lago.example>",
        "To: info@porto.example",
        f"Subject: Chiave {number}",
        f"Message-ID: <{number}@lago.example>",
        *headers,
        "",
        body,
        "",
    ]
    return "\r\n".join(lines).encode()


def nested(depth: int) -> bytes:
    """Build a mail of multiparts within one another."""
    opening = "".join(
        f"Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"
        for level in range(depth)
    )
    return f"From: a@b.example\r\nMIME-Version: 1.0\r\n{opening}\r\nx\r\n".encode()


def test_readings_come_back_in_the_order_of_the_jobs(pool: ReadingPool) -> None:
    """Over several batches and both children."""
    answers = pool.read([Job(key=1000 - n, raw=mail(n)) for n in range(230)])
    assert [key for key, _ in answers] == [1000 - n for n in range(230)]
    readings = [answer for _, answer in answers if isinstance(answer, Reading)]
    assert [reading.subject for reading in readings] == [f"Chiave {n}" for n in range(230)]


def test_a_reading_holds_what_was_asked_for(pool: ReadingPool) -> None:
    """Wanted headers only, the list's identifier, one line of text; no scores without a model."""
    raw = mail(1, "X-Priority: 1", "X-Other: 2", "List-Id: Soci <soci.lago.example>")
    ((_, reading),) = pool.read([Job(key=1, raw=raw)])
    assert isinstance(reading, Reading)
    assert reading.headers == (("x-priority", "1"),)
    assert reading.list_id == "soci.lago.example"
    assert reading.snippet == "Buongiorno, manca una chiave."
    assert (reading.scores, reading.model) == (None, None)
    assert reading.sender is not None
    assert reading.sender.email == "ada@lago.example"


def test_a_file_is_read_like_bytes(pool: ReadingPool, tmp_path: Path) -> None:
    """A mail too big for a frame goes by its path and gives the same reading."""
    file = tmp_path / "mail"
    file.write_bytes(mail(3))
    (_, by_path), (_, by_bytes) = pool.read([Job(key=1, raw=file), Job(key=2, raw=mail(3))])
    assert isinstance(by_path, Reading)
    assert by_path == by_bytes


def test_a_limit_of_the_mail_is_named(pool: ReadingPool) -> None:
    """The mail beyond it is unreadable, its neighbours are not, and no child had to die."""
    before = pool.pids()
    answers = dict(pool.read([Job(key=n, raw=nested(9) if n == 1 else mail(n)) for n in range(3)]))
    bad = answers.pop(1)
    assert isinstance(bad, Unreadable)
    assert bad.reason == "depth"
    assert all(isinstance(answer, Reading) for answer in answers.values())
    assert set(before) <= set(pool.pids())


def test_an_empty_batch_is_answered_at_once(pool: ReadingPool) -> None:
    """With nothing, and without a child."""
    told = threading.Event()
    pool.submit([], lambda answers: told.set() if answers == [] else None)
    assert told.wait(30)


def test_many_threads_may_submit_at_once(pool: ReadingPool) -> None:
    """Each gets its own answers, all of them, once."""
    gathered: dict[int, list[Answer]] = {}

    def submit(thread: int) -> None:
        jobs = [Job(key=thread * 100 + n, raw=mail(n)) for n in range(60)]
        gathered[thread] = pool.read(jobs)

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for number, answers in gathered.items():
        assert [key for key, _ in answers] == [number * 100 + n for n in range(60)]
    assert len(gathered) == 6


def test_a_receiver_that_raises_does_not_stop_the_pool(pool: ReadingPool) -> None:
    """It is logged; the lane goes on for the others."""

    def fail(_answers: list[Answer]) -> None:
        raise RuntimeError("receiver")

    for _ in range(4):
        pool.submit([Job(key=1, raw=mail(1))], fail)
    assert len(pool.read([Job(key=n, raw=mail(n)) for n in range(120)])) == 120


def test_a_mail_is_viewed_whole(pool: ReadingPool) -> None:
    """All its text and headers come, not just a snippet."""
    body = "Riga lunga. " * 400
    viewed = pool.view(mail(1, "X-Other: 2", body=body))
    assert viewed.text.strip() == body.strip()
    assert ("x-other", "2") in viewed.headers


def test_a_mail_that_cannot_be_viewed_raises_with_the_limit(pool: ReadingPool) -> None:
    """`show` can say which limit it was."""
    with pytest.raises(MailError, match="depth"):
        pool.view(nested(9))


def test_without_a_model_there_are_judgements_without_scores(pool: ReadingPool) -> None:
    """And no reasons."""
    plain = [PlainMail(subject=str(n), body="Buongiorno.") for n in range(120)]
    judgements = pool.classify(plain, reasons=3)
    assert [judgement.scores for judgement in judgements] == [None] * 120
    assert pool.reasons(mail(1), "complaint") == []


def test_a_model_that_cannot_be_loaded_is_named_and_mail_is_still_read(tmp_path: Path) -> None:
    """No valid model: mail goes to people unsorted, it does not wait."""
    with ReadingPool(ReadingOptions(model_dir=tmp_path, languages=()), 1) as pool:
        ((_, reading),) = pool.read([Job(key=1, raw=mail(1))])
        assert isinstance(reading, Reading)
        assert reading.scores is None
        assert pool.model is None
        assert pool.model_error


def test_a_child_that_cannot_start_interrupts_and_blames_no_mail() -> None:
    """The mails are to be read later; who waits for warm children is told why."""
    with ReadingPool(ReadingOptions(child_module="tests.no_such_child"), 1) as pool:
        ((_, answer),) = pool.read([Job(key=1, raw=mail(1))])
        assert isinstance(answer, Unreadable)
        assert answer.reason == "interrupted"
        with pytest.raises(ReadersAway, match="no_such_child"):
            pool.warm()
        with pytest.raises(ReadersAway):
            pool.view(mail(1))


def test_closing_finishes_what_is_queued() -> None:
    """Within the deadline everything submitted before is read; afterwards nothing is taken."""
    told: list[Answer] = []
    pool = ReadingPool(OPTIONS, 1)
    for n in range(8):
        pool.submit([Job(key=n, raw=mail(n))], told.extend)
    pool.close(30.0)
    assert [key for key, answer in told if isinstance(answer, Reading)] == list(range(8))
    with pytest.raises(PoolClosed):
        pool.submit([Job(key=9, raw=mail(9))], told.extend)


def test_closing_at_once_answers_the_rest_as_interrupted() -> None:
    """Nothing submitted stays without an answer."""
    told: list[Answer] = []
    pool = ReadingPool(OPTIONS, 1)
    for n in range(8):
        pool.submit([Job(key=n, raw=mail(n))], told.extend)
    pool.close(0.0)
    assert [key for key, _ in told] == list(range(8))
    reasons = {answer.reason for _, answer in told if isinstance(answer, Unreadable)}
    assert reasons == {"interrupted"}
    assert pool.pids() == ()
