"""What was cut off while it was sent: power cuts, lost leases, lost answers, second thoughts."""

import itertools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from daemon.errors import LeaseLost
from daemon.sending.deliver import Outlet, send_due
from daemon.sending.records import Parcel, SendCount
from daemon.sending.smtp import SmtpRelay
from daemon.sending.store import Outgoing
from daemon.store.engine import Store
from tests.builders import MORNING, held_lease, open_test_store
from tests.flows.sending_builders import WHOLE, at, login, mail, outlet, states
from tests.servers.smtp_sink import Fault, SmtpSink

pytestmark = pytest.mark.server


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """Give an empty SQLite store, where the engine makes no difference."""
    opened = open_test_store(tmp_path)
    yield opened
    opened.close()


@pytest.mark.parametrize("fault", [Fault.KEEP_THEN_DROP, Fault.KEEP_THEN_HANG, Fault.DROP])
def test_without_an_answer_to_the_dot_the_kind_decides(
    fault: Fault, lite: Store, smtp_sink: SmtpSink
) -> None:
    """A digest is sent again with the same Message-ID; another kind is held for a person."""
    rows, lease = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(1), mail(2, "newsletter")], MORNING)
    smtp_sink.always("DOT", fault)
    relay = [outlet(smtp_sink, dot_timeout_s=0.3)]
    assert send_due(lite, lease, relay, at(MORNING)) == SendCount(deferred=1, held=1)
    assert states(lite) == {"digest:1": "queued", "newsletter:2": "held"}
    smtp_sink.always("DOT", None)
    later = at(MORNING + timedelta(hours=2))
    assert send_due(lite, lease, relay, later) == SendCount(sent=1)
    copies = [m for m in smtp_sink.mails if m.recipients == ("r1@desk.example",)]
    assert len(copies) == (2 if fault.keeps else 1)
    assert len({re.search(rb"<.*>", m.raw)[0] for m in copies}) == 1  # type: ignore[index]


def test_a_mail_held_while_on_its_way_is_not_sent(lite: Store, smtp_sink: SmtpSink) -> None:
    """Holding wins until the final dot: the connection ends without it."""
    rows = Outgoing(lite)
    rows.enqueue([mail(1)], MORNING)
    relay = SmtpRelay(lambda: login(smtp_sink))

    class HeldMeanwhile:
        def send(self, parcel: Parcel, before_dot: Callable[[], None]) -> str:
            rows.hold(rows.list_rows()[0].id)
            return relay.send(parcel, before_dot)

        def close(self) -> None:
            relay.close()

    slow = Outlet(share=WHOLE, transport=HeldMeanwhile(), per_minute=60)
    count = send_due(lite, held_lease(lite), [slow], at(MORNING))
    assert count == SendCount(held=1)
    assert states(lite) == {"digest:1": "held"}
    assert smtp_sink.mails == ()


def test_a_sender_that_lost_its_lease_sends_no_dot(lite: Store, smtp_sink: SmtpSink) -> None:
    """The marker checks the epoch: the mail stays queued for the new holder."""
    Outgoing(lite).enqueue([mail(1)], MORNING)
    old = held_lease(lite, epoch=1)
    relay = SmtpRelay(lambda: login(smtp_sink))

    class TakenOver:
        def send(self, parcel: Parcel, before_dot: Callable[[], None]) -> str:
            held_lease(lite, epoch=2)
            return relay.send(parcel, before_dot)

        def close(self) -> None:
            relay.close()

    late = Outlet(share=WHOLE, transport=TakenOver(), per_minute=60)
    with pytest.raises(LeaseLost):
        send_due(lite, old, [late], at(MORNING))
    assert states(lite) == {"digest:1": "queued"}
    assert smtp_sink.mails == ()
    with pytest.raises(LeaseLost):
        send_due(lite, old, [outlet(smtp_sink)], at(MORNING))


def test_an_answer_is_recorded_even_when_the_lease_was_lost(lite: Store) -> None:
    """What the relay said is true: the next holder must not send the mail a second time."""
    rows, old = Outgoing(lite), held_lease(lite)
    rows.enqueue([mail(1)], MORNING)
    (row,) = rows.list_rows()
    rows.begin(old, row.id)
    rows.mark(old, row.id)
    new = held_lease(lite, epoch=2)
    rows.recover(new, lambda _kind: True, MORNING)
    rows.finish(old, row.id, "sent", "kept", "main", MORNING)  # type: ignore[arg-type]
    assert states(lite) == {"digest:1": "sent"}
    assert rows.begin(new, row.id) is None


SENDER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from daemon.sending.deliver import Outlet, send_due
from daemon.sending.records import Share
from daemon.sending.smtp import RelayLogin, SmtpRelay
from daemon.store.engine import open_store, sqlite_url
from tests.builders import held_lease

folder, port, epoch, now = sys.argv[1:]
store = open_store(sqlite_url(Path(folder)))
login = RelayLogin(host="127.0.0.1", port=int(port), security="plain")
relay = SmtpRelay(lambda: login)
outlet = Outlet(share=Share(relay="main", others=("main",)), transport=relay, per_minute=1000)
send_due(store, held_lease(store, epoch=int(epoch)), [outlet], lambda: datetime.fromisoformat(now))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["digest", "acknowledgement", "newsletter"])
@pytest.mark.parametrize("place", ["send.before_mark", "send.marked", "send.answered"])
def test_a_power_cut_while_sending_loses_nothing(
    place: str, kind: str, tmp_path: Path, smtp_sink: SmtpSink
) -> None:
    """After kills at every step each mail arrived; twice only what may be, cut off at its dot."""
    store = open_test_store(tmp_path)
    rows = Outgoing(store)
    rows.enqueue([mail(n, kind) for n in range(3)], MORNING)
    for epoch in itertools.count(2):
        environ = {**os.environ, "BACKDESK_FAILPOINT": f"{place}:2", "PYTHONPATH": os.getcwd()}  # noqa: PTH109 - where pytest stands
        moment = (MORNING + timedelta(minutes=epoch)).isoformat()
        arguments = [str(tmp_path), str(smtp_sink.port), str(epoch), moment]
        run = subprocess.run([sys.executable, "-c", SENDER, *arguments], env=environ, check=False)
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL
        assert epoch < 12, "no progress"
    by_state = rows.count_states()
    arrived = [m.recipients[0] for m in smtp_sink.mails]
    held = by_state.get("held", 0)
    assert by_state.get("sent", 0) + held == 3
    if place == "send.before_mark":
        assert (len(arrived), held) == (3, 0)
    elif kind != "newsletter":
        assert (len(set(arrived)), held) == (3, 0)
    else:
        assert len(arrived) == len(set(arrived))
        assert len(arrived) >= by_state.get("sent", 0)
    store.close()
