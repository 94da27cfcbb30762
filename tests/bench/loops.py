"""A folder on an IMAP server -> the same folder taken in by a plain loop, for comparison.

Two loops that a good programmer would write in an afternoon: `naive` does everything mail by
mail, `batched` does everything by the hundred. Neither has rules, copies, retries, a ledger that
survives a kill, or limits on what a mail may cost.
"""

import html
import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from time import perf_counter, process_time

import mailparser
from imapclient import IMAPClient
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from tests.bench.corpus import training_documents

SCHEMA = """
create table mail(id integer primary key, message_id text, sender text, subject text, date text,
                  body text, names text, queue text, raw blob);
create index by_queue on mail(queue, date);
create index by_message_id on mail(message_id);
create virtual table words using fts5(sender, subject, body, names, content='mail',
                                      content_rowid='id');
"""
TAG = re.compile(r"<(style|script).*?</\1>|<[^>]+>", re.DOTALL | re.IGNORECASE)

Row = tuple[str, str, str, str, str, str]  # message id, sender, subject, date, body, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a loop works.

    Attributes:
        fetched, kept: mails in one FETCH, and in one commit.
        is_quiet: IMAPClient's debug formatting is switched off.
        read: raw mail -> its row; train: makes the classifier.
    """

    fetched: int
    kept: int
    is_quiet: bool
    read: Callable[[bytes], Row]
    train: Callable[[], Pipeline]


@dataclass(slots=True, kw_only=True)
class Run:
    """What one run took; seconds."""

    mails: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)  # wall, as in a single thread

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the time of the block to a part."""
        begun = perf_counter()
        yield
        self.parts[name] = self.parts.get(name, 0.0) + perf_counter() - begun


def run(way: Way, port: int, user: str, password: str, folder: Path) -> Run:
    """Take in the whole INBOX; timed from the first command to the last commit."""
    classifier = way.train()
    done = Run()
    database = _database(folder / "mail.db")
    cpu, begun = process_time(), perf_counter()
    client = IMAPClient("127.0.0.1", port=port, ssl=False)
    if way.is_quiet:
        client._imap.debug = 0
    client.login(user, password)
    client.select_folder("INBOX", readonly=True)
    uids = client.search()
    for start in range(0, len(uids), way.kept):
        _take(way, client, uids[start : start + way.kept], classifier, database, done)
    done.wall, done.cpu, done.mails = perf_counter() - begun, process_time() - cpu, len(uids)
    client.logout()
    database.close()
    return done


def _take(  # noqa: PLR0913 - one batch, everything it needs
    way: Way,
    client: IMAPClient,
    uids: Sequence[int],
    classifier: Pipeline,
    database: sqlite3.Connection,
    done: Run,
) -> None:
    raws: dict[int, bytes] = {}
    with done.part("fetch"):
        for start in range(0, len(uids), way.fetched):
            asked = uids[start : start + way.fetched]
            answer = client.fetch(asked, [b"BODY.PEEK[]", b"INTERNALDATE"])
            raws.update((uid, item[b"BODY[]"]) for uid, item in answer.items())
    with done.part("parse"):
        rows = [way.read(raw) for raw in raws.values()]
    with done.part("classify"):
        chosen = classifier.predict_proba([f"{row[2]}\n{row[4]}" for row in rows]).argmax(1)
        queues = [str(classifier.classes_[number]) for number in chosen]
    with done.part("store"):
        _store(database, raws, rows, queues)


def _store(
    database: sqlite3.Connection, raws: dict[int, bytes], rows: Sequence[Row], queues: list[str]
) -> None:
    kept = [
        (uid, *row, queue, raw)
        for (uid, raw), row, queue in zip(raws.items(), rows, queues, strict=True)
    ]
    words = [(row[0], row[2], row[3], row[5], row[6]) for row in kept]
    database.execute("begin")
    database.executemany("insert into mail values(?,?,?,?,?,?,?,?,?)", kept)
    database.executemany(
        "insert into words(rowid, sender, subject, body, names) values(?,?,?,?,?)", words
    )
    database.execute("commit")


def _database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode=wal")
    database.execute("pragma synchronous=full")
    database.executescript(SCHEMA)
    return database


def read_by_stdlib(raw: bytes) -> Row:
    """Read a mail with the standard library's older policy."""
    message = message_from_bytes(raw)
    plain, marked, names = [], [], []
    for part in message.walk():
        if part.is_multipart():
            continue
        if _is_text(part):
            texts = plain if part.get_content_subtype() == "plain" else marked
            texts.append(_text(part))
        else:
            names.append(str(part.get_filename()))
            part.get_payload(decode=True)
    body = "\n".join(plain) or _stripped("\n".join(marked))
    fields = [_decoded(message[name]) for name in ("Message-ID", "From", "Subject", "Date")]
    first, second, third, fourth = map(_storable, fields)
    return first, second, third, fourth, _storable(body), _storable(" ".join(names))


def read_by_mail_parser(raw: bytes) -> Row:
    """Read a mail with mail-parser."""
    mail = mailparser.parse_from_bytes(raw)
    body = "\n".join(mail.text_plain) or _stripped("\n".join(mail.text_html))
    names = " ".join(str(one["filename"]) for one in mail.attachments)
    return (
        _storable(str(mail.message_id)),
        _storable(str(mail.from_)),
        _storable(str(mail.subject)),
        _storable(str(mail.date)),
        _storable(body),
        _storable(names),
    )


def train_words() -> Pipeline:
    """Train word pairs, weighed by rarity, and a logistic regression."""
    words = TfidfVectorizer(min_df=2, ngram_range=(1, 2), max_features=100_000)
    return make_pipeline(words, LogisticRegression(C=10, max_iter=60)).fit(*training_documents())


def train_hashes() -> Pipeline:
    """Train hashed word pairs and a linear model by gradient descent."""
    hashes = HashingVectorizer(ngram_range=(1, 2), n_features=2**18, alternate_sign=False)
    model = SGDClassifier(loss="log_loss", alpha=1e-5, random_state=1)
    return make_pipeline(hashes, model).fit(*training_documents())


WAYS = {
    "naive": Way(fetched=1, kept=1, is_quiet=False, read=read_by_mail_parser, train=train_words),
    "batched": Way(fetched=50, kept=200, is_quiet=True, read=read_by_stdlib, train=train_hashes),
}


def _is_text(part: Message) -> bool:
    is_attached = part.get_content_disposition() == "attachment"
    return part.get_content_maintype() == "text" and not is_attached


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    data = data if isinstance(data, bytes) else b""
    try:
        return data.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        return data.decode("latin-1")


def _decoded(value: object) -> str:
    if value is None:
        return ""
    try:
        return str(make_header(decode_header(value)))
    except Exception:  # noqa: BLE001 - broken headers fail in many ways; the loops do not care
        return str(value)


def _stripped(marked: str) -> str:
    return html.unescape(TAG.sub(" ", marked))


def _storable(text: str) -> str:
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
