"""A week in the life of a house: real and invented mail, kills at any step, and a recount after it.

The mail is that of the starter corpus and, where it is at hand, of the shared sets, bounces and
automatic answers among it. `WEEK_MAILS=2000 WEEK_KILLS=50` is the full one.
"""

import email
import email.policy
import gzip
import hashlib
import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from daemon.errors import LimitExceeded
from daemon.mail.answering import bar_to_answering
from daemon.mail.limits import MailLimits
from daemon.mail.parse import read_mail
from daemon.store.engine import open_store, sqlite_url
from daemon.store.tables import case_events, cases, outgoing
from tests.faults.kills import KilledHouse, failpoints, kill_through, portions
from tests.servers.dovecot import Dovecot
from tests.servers.loopback import open_directory
from tests.servers.smtp_sink import SmtpSink
from tests.stages.mail_builders import SETS, development_mails

MAILS = int(os.environ.get("WEEK_MAILS", "240"))
KILLS = int(os.environ.get("WEEK_KILLS", "8"))
CORPUS = Path(__file__).parents[2] / "classifiers" / "corpus"
RELAY = """
[relays.main]
host = "127.0.0.1"
port = {port}
security = "plain"
per_minute = 100000

[acknowledgements]
per_address_s = 0.01
per_address_day = 100000
per_hour = 100000
per_domain_hour = 100000
strangers_per_hour = 100000
open_case_days = 0
"""
ADDRESS = 'address = "desk@aurora.example"'

_BESIDE = ("joined", "possible", "possible_receipt", "unknown_customer", "clocks")
"""Events that have nothing to do with the acknowledgement."""

_OF_MACHINES = ("dsn-or-bounce", "abuse-or-feedback-report", "autoreply", "pec-receipt", "mdn")

pytestmark = [pytest.mark.server, pytest.mark.faults, pytest.mark.timeout(7200)]


def week(number: int) -> list[bytes]:
    """Return the mail of a week: half of it the world's where that is at hand, the rest ours."""
    chance = random.Random(11)
    world = [raw for name in ("bounces", "spamassassin") for raw in _world(name)]
    chosen = chance.sample(world, min(len(world), number // 2))
    ours = list(_ours())
    chosen += chance.sample(ours, number - len(chosen))
    chance.shuffle(chosen)
    return chosen


def _world(name: str) -> Iterator[bytes]:
    if not SETS.is_dir():
        return
    for _, raw in development_mails(name):
        try:
            read_mail(raw, MailLimits())
        except LimitExceeded:
            continue  # it would be set aside, as other tests show
        yield raw


def _ours() -> Iterator[bytes]:
    for language in ("it", "pl", "en"):
        lines = (CORPUS / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
        for line in lines:
            row = json.loads(line)
            mail = EmailMessage(policy=email.policy.SMTP)
            mail["From"], mail["To"] = row["from"], "desk@aurora.example"
            mail["Subject"] = " ".join(row["subject"].split())
            mail["Message-ID"] = f"<{row['id']}@corpus.example>"
            mail.set_content(row["body"])
            yield mail.as_bytes()


def test_a_week_with_kills(dovecot: Dovecot, new_user: str, smtp_sink: SmtpSink) -> None:
    """Every case has its events in order, every acknowledgement leaves, and no machine gets one."""
    with open_directory("week") as home:
        more = RELAY.format(port=smtp_sink.port)
        house = KilledHouse(dovecot=dovecot, user=new_user, home=home / "house", more=more)
        house.furnish()
        path = house.home / "backdesk.toml"
        path.write_text(path.read_text().replace("go_live", f"{ADDRESS}\ngo_live", 1))
        raws = week(MAILS)
        kill_through(house, portions(raws, KILLS), KILLS, 5, failpoints(sending=True))
        assert house.verdict() == []
        assert _faults(house, smtp_sink, raws) == []


def _faults(house: KilledHouse, sink: SmtpSink, raws: list[bytes]) -> list[str]:
    """Recount, from the sink and the tables, what the house says of its acknowledgements."""
    store = open_store(sqlite_url(house.home / "var"))
    with store.read() as connection:
        rows = connection.execute(select(outgoing)).all()
        events = connection.execute(select(case_events).order_by(case_events.c.id)).all()
        kinds = dict(connection.execute(select(cases.c.id, cases.c.kind)).all())
        acknowledged = connection.execute(
            select(cases.c.id).where(cases.c.acknowledged_at.is_not(None))
        ).all()
    store.close()
    told: dict[int, list[str]] = defaultdict(list)
    for event in events:
        told[event.case_id].append(event.kind)
    ends = Counter(_end(kinds[case], told[case]) for case in kinds)
    arrived = Counter(_header(one.raw, "Message-ID") for one in sink.mails)
    wrong = [f"{number} cases {end}" for end, number in ends.items() if end.startswith("wrong")]
    if {row.message_id for row in rows} != set(arrived):
        wrong.append(f"{len(rows)} rows, {len(arrived)} different mails arrived")
    if any(row.state != "sent" for row in rows):
        wrong.append(f"rows are {Counter(row.state for row in rows)}")
    if len(acknowledged) != len(rows) or ends["acknowledged"] != len(rows):
        wrong.append(f"{len(acknowledged)} cases of {len(rows)} know of it")
    # Only a kill between the final dot and its record may double a mail, under the same id.
    doubles = arrived.total() - len(arrived)
    if doubles > sum(house.kills[name] for name in ("send.answered", "random moment")):
        wrong.append(f"{doubles} acknowledgements doubled")
    if not rows:
        wrong.append("nobody was answered")
    return wrong + _answered_machines(sink, raws)


def _end(kind: str, told: list[str]) -> str:
    """Return how a case's acknowledgement ended, or what is wrong with its events."""
    if fault := _disorder(told):
        return f"wrong: {kind}: {fault}: {told}"
    acts = [one for one in told if one not in _BESIDE]
    if kind == "unsure" and acts == ["opened"]:
        return "unsure"
    if acts == ["opened", "acknowledging", "acknowledged"]:
        return "acknowledged"
    if acts in (["opened", "unacknowledged"], ["opened", "held back"]):
        return acts[1]
    return f"wrong: {kind}: {told}"


def _disorder(told: list[str]) -> str:
    """Return what is wrong with the order of a case's events; nobody closes any in this week."""
    if told[:1] != ["opened"] or told.count("opened") > 1:
        return "it was not opened first, and once"
    beside = [one for one in told if one in ("possible", "possible_receipt", "unknown_customer")]
    if told[1 : 1 + len(beside)] != beside or len(set(beside)) < len(beside):
        return "a proposal did not follow the opening, once"
    if "reopened" in told:
        return "it was opened again, and had not been closed"
    if "clocks" in told and told.index("clocks") < told.index("joined"):
        return "clocks began anew before anything joined"
    return ""


def _machines() -> frozenset[bytes]:
    """Return the digests of the mails that somebody else has labelled as a machine's."""
    index = SETS / "bounces" / "index.jsonl.gz"
    if not index.is_file():
        return frozenset()
    with gzip.open(index, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return frozenset(bytes.fromhex(one["sha256"]) for one in rows if one["kind"] in _OF_MACHINES)


def _answered_machines(sink: SmtpSink, raws: list[bytes]) -> list[str]:
    """Find acknowledgements of mail that no machine may answer, by a look at that mail alone."""
    originals, of_machines, machines = {}, set[str | None](), _machines()
    wrong = []
    for raw in raws:
        mail = read_mail(raw, MailLimits())
        originals[mail.message_id] = mail
        if hashlib.sha256(raw).digest() in machines:
            of_machines.add(mail.message_id)
    for one in sink.mails:
        mail = originals.get(_header(one.raw, "In-Reply-To"))
        if mail is None:
            wrong.append(f"{one.recipients} was answered, and had not written")
        elif mail.message_id in of_machines:
            wrong.append(f"{one.recipients} was answered, and others say it is a machine")
        elif mail.automatic or bar_to_answering(mail.headers, mail.sender, mail.reply_to):
            wrong.append(f"{one.recipients} was answered, and is a machine")
        elif mail.sender is None or one.recipients != (mail.sender.email,):
            wrong.append(f"{one.recipients} got another's answer")
    return wrong


def _header(raw: bytes, name: str) -> str | None:
    value = email.message_from_bytes(raw, policy=email.policy.default)[name]
    return None if value is None else str(value)
