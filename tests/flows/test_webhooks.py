"""Webhooks over the wire: a real server is told, signed, in order; whatever it does in return."""

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from daemon import clock
from daemon.cases import acts
from daemon.config.webhooks import signing_keys
from daemon.jobs import call_webhooks
from daemon.store.tables import outgoing
from daemon.webhooks.calling import HttpCaller, Target
from daemon.webhooks.errors import ServerAway
from tests.builders import open_test_store
from tests.contracts.register import Register
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.certs import Certificates
from tests.servers.fake_imap import FakeImap
from tests.servers.hook_server import SECRET, HookServer, babble, drop, flood
from tests.servers.loopback import free_port
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server

OTHER = SECRET[:-8] + "AAAAAAA="


@pytest.fixture
def server() -> Iterator[HookServer]:
    """Give a server that takes everything."""
    started = HookServer()
    yield started
    started.stop()


def caller(url: str, secret: str = SECRET, **changes: object) -> HttpCaller:
    """Return the adapter of a webhook."""
    target = Target(url=url, **{"timeout_s": 5.0, **changes})  # type: ignore[arg-type]
    return HttpCaller(target, lambda: signing_keys(secret), clock.now)


class TestACall:
    """One request, whatever comes back."""

    def test_it_is_signed(self, server: HookServer) -> None:
        """As whoever knows the secret, and nobody else, can check."""
        answer = caller(f"{server.url}?a=1").call("msg_1", b'{"type":"backdesk.test"}')
        (told,) = server.told
        assert (answer.status, told.path, told.id) == (204, "/hook?a=1", "msg_1")
        assert told.is_signed_with(SECRET)
        assert not told.is_signed_with(OTHER)
        assert told.headers["content-type"] == "application/json"
        assert told.headers["host"] == f"127.0.0.1:{server.port}"
        assert abs(int(told.headers["webhook-timestamp"]) - clock.now().timestamp()) < 60

    def test_with_a_new_and_an_old_secret(self, server: HookServer) -> None:
        """Either is believed."""
        caller(server.url, f"{SECRET} {OTHER}").call("msg_1", b"{}")
        assert server.told[0].is_signed_with(SECRET)
        assert server.told[0].is_signed_with(OTHER)

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_a_redirect_is_not_followed(self, server: HookServer, status: int) -> None:
        """The address in the configuration is the one that is called."""
        server.script((status, {"Location": server.url}))
        answer = caller(server.url).call("msg_1", b"{}")
        assert (answer.status, answer.words) == (status, "redirects are not followed")
        assert len(server.told) == 1

    @pytest.mark.parametrize(
        ("after", "seconds"),
        [("120", 120), ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("99999999999", 86_400),
         ("soon", None), ("-1", None)],
    )  # fmt: skip
    def test_when_it_wants_to_be_called_again(
        self, server: HookServer, after: str, seconds: int | None
    ) -> None:
        """In seconds or as a date, a day at most."""
        server.script((503, {"Retry-After": after}))
        asked = caller(server.url).call("msg_1", b"{}").retry_after
        assert (None if asked is None else asked.total_seconds()) == seconds

    @pytest.mark.parametrize("step", [drop, babble, flood])
    def test_what_is_no_answer(self, server: HookServer, step) -> None:
        """A connection cut off, another protocol, headers without end."""
        server.script(step)
        with pytest.raises(ServerAway):
            caller(server.url).call("msg_1", b"{}")

    def test_a_slow_server_costs_the_time_of_one_call(self, server: HookServer) -> None:
        """Also one that sends a byte now and then, so that no single step is late."""

        def drip(handler) -> None:
            while not server.release.wait(0.05):
                try:
                    handler.wfile.write(b"H")
                    handler.wfile.flush()
                except OSError:
                    return

        server.always(drip)
        begun = time.monotonic()
        with pytest.raises(ServerAway, match="no answer in time"):
            caller(server.url, timeout_s=0.5).call("msg_1", b"{}")
        assert time.monotonic() - begun < 5

    def test_nobody_listens(self) -> None:
        """A refused connection, in words."""
        with pytest.raises(ServerAway, match="refused"):
            caller(f"http://127.0.0.1:{free_port()}/").call("msg_1", b"{}")

    @pytest.mark.parametrize("host", ["10.255.255.1", "[::ffff:10.0.0.1]", "169.254.169.254"])
    def test_a_private_network_is_not_called(self, host: str) -> None:
        """Not even a connection is tried."""
        with pytest.raises(ServerAway, match="private = true"):
            caller(f"https://{host}/").call("msg_1", b"{}")

    def test_the_private_network_of_who_wants_it(self) -> None:
        """Then only its server decides: here nobody answers."""
        with pytest.raises(ServerAway) as away:
            caller("https://127.0.0.2:9/", private=True, timeout_s=1.0).call("msg_1", b"{}")
        assert "private" not in str(away.value)

    def test_tls_is_checked(self, certificates: Certificates) -> None:
        """By the authority of the configuration; another's certificate is no server of ours."""
        secure = HookServer(certificates)
        try:
            answer = caller(secure.url, ca_file=certificates.ca).call("msg_1", b"{}")
            assert answer.status == 204
            with pytest.raises(ServerAway, match="certificate"):
                caller(secure.url).call("msg_1", b"{}")
        finally:
            secure.stop()
        assert len(secure.told) == 1

    def test_without_a_secret_nobody_is_called(self, server: HookServer) -> None:
        """The error says where it is looked for."""

        def none() -> tuple[bytes, ...]:
            return signing_keys("geheim")

        bare = HttpCaller(Target(url=server.url, timeout_s=5.0), none, clock.now)
        with pytest.raises(ServerAway, match="whsec_") as away:
            bare.call("msg_1", b"{}")
        assert "geheim" not in str(away.value)
        assert server.told == []

    def test_a_server_that_takes_nothing_in(self) -> None:
        """It listens, and does not even say hello."""
        with socket.create_server(("127.0.0.1", 0)) as deaf:
            url = f"https://localhost:{deaf.getsockname()[1]}/"
            with pytest.raises(ServerAway, match="no answer in time"):
                caller(url, timeout_s=0.5).call("msg_1", b"{}")


HOOKED = """
[webhooks.erp]
url = "{url}"
secret_file = "secret"
events = ["case.opened", "case.joined", "case.answered", "case.closed", "case.overdue"]
[webhooks.bills]
url = "{url}/bills"
secret_file = "secret"
"""
RULES = """
[[rules]]
name = "bills"
when = { subject = "bolletta" }
webhook = "bills"
tags = ["bill"]
priority = "high"
"""


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, server: HookServer):
    """Give a house at work that tells webhooks."""
    home = tmp_path / "house"
    home.mkdir()
    (home / "secret").write_text(SECRET)
    (home / "secret").chmod(0o600)
    more = HOOKED.format(url=server.url)
    with front_desk(home, fake_imap, smtp_sink, more=more, rules=RULES) as opened:
        yield opened


def test_the_way_of_a_case(desk: FrontDesk, server: HookServer) -> None:
    """From the mail that opens it to its end, each event signed, in order, once."""
    desk.receive(written("Reclamo per la bolletta"))
    call_webhooks(desk.house)
    desk.receive(written("Re: ancora", number=2, headers=[("In-Reply-To", "<1@client.example>")]))
    with desk.house.store.write() as connection:
        acts.close(connection, acts.Act(case_id=1, actor="Ada", now=clock.now()), "repaired")
    call_webhooks(desk.house)
    call_webhooks(desk.house)
    assert all(one.is_signed_with(SECRET) for one in server.told)
    of_bills = [one.kind for one in server.told if one.path == "/hook/bills"]
    of_erp = [one.kind for one in server.told if one.path == "/hook"]
    assert of_bills == ["mail.matched"]
    assert of_erp == ["case.opened", "case.joined", "case.closed"]
    (matched,) = (one.document["data"] for one in server.told if one.kind == "mail.matched")
    assert matched["case"]["priority"] == "high"
    assert (matched["rules"], matched["tags"]) == (["bills"], ["bill"])
    assert matched["label"] == "complaint"
    for one in server.told:
        assert b"anna" not in one.body.lower()
        assert b"bolletta" not in one.body.lower()


def test_an_outage_loses_nothing_and_doubles_nothing(desk: FrontDesk, server: HookServer) -> None:
    """What was told before is not told again; what was not comes afterwards, under its id."""
    desk.receive(written("Reclamo"))
    server.script(drop)
    call_webhooks(desk.house)
    (first,) = server.told
    desk.receive(written("Reclamo", "b@b.example", number=2))
    call_webhooks(desk.house)
    assert len(server.told) == 1, "it is left alone"
    with desk.house.store.write() as connection:
        connection.exec_driver_sql("UPDATE webhooks SET not_before = NULL")
    call_webhooks(desk.house)
    assert [one.kind for one in server.told] == ["case.opened"] * 3
    assert server.told[1].id == first.id
    assert server.told[1].body == first.body


TELLER = """
import sys
from datetime import datetime, timedelta
from pathlib import Path
from daemon import clock
from daemon.config.webhooks import signing_keys
from daemon.store.engine import open_store, sqlite_url
from daemon.webhooks.calling import HttpCaller, Target
from daemon.webhooks.deliver import send_due
from daemon.webhooks.records import Endpoint
from tests.builders import held_lease

folder, url, secret, epoch = sys.argv[1:]
store = open_store(sqlite_url(Path(folder)))
caller = HttpCaller(Target(url=url, timeout_s=5.0), lambda: signing_keys(secret), clock.now)
hook = Endpoint(
    name="erp", events=("case.opened",), give_up_after=timedelta(days=3), caller=caller
)
send_due(store, held_lease(store, "webhooks", int(epoch)), [hook], clock.now)
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["webhook.begun", "webhook.answered"])
def test_a_power_cut_while_telling_loses_nothing(
    place: str, tmp_path: Path, server: HookServer
) -> None:
    """Killed before or after the answer, each event arrives, and again only under the same id."""
    register = Register(open_test_store(tmp_path))
    wanted = [register.take().reference for _ in range(4)]
    for epoch in itertools.count(2):
        environ = {**os.environ, "BACKDESK_FAILPOINT": f"{place}:2", "PYTHONPATH": os.getcwd()}  # noqa: PTH109 - where pytest stands
        arguments = [str(tmp_path), server.url, SECRET, str(epoch)]
        run = subprocess.run([sys.executable, "-c", TELLER, *arguments], env=environ, check=False)
        if run.returncode == 0:
            break
        assert run.returncode == -signal.SIGKILL
        assert epoch < 12, "no progress"
    ids: dict[str, set[str]] = {}
    for one in server.told:
        ids.setdefault(one.document["data"]["reference"], set()).add(one.id)
    assert list(ids) == wanted
    assert all(len(each) == 1 for each in ids.values())
    doubled = len(server.told) - len(wanted)
    assert (doubled > 0) is (place == "webhook.answered")
    register.store.close()


def test_nothing_of_it_touches_the_mail_that_leaves(desk: FrontDesk, server: HookServer) -> None:
    """A webhook that is away is no reason for an acknowledgement to wait."""
    server.always(500)
    desk.receive(written("Reclamo"))
    call_webhooks(desk.house)
    with desk.house.store.read() as connection:
        assert connection.scalars(select(outgoing.c.state)).all() == ["sent"]
