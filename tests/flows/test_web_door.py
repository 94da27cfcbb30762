"""What every public page withstands: strangers, floods, slow and broken clients."""

import logging
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from urllib.parse import urlencode

import pytest
from sqlalchemy import update

from daemon import bootstrap, clock
from daemon.cases import acts
from daemon.cases.acts import Act
from daemon.errors import StoreBusy
from daemon.store.engine import Store
from daemon.store.tables import case_clocks
from daemon.web import server
from daemon.web.entrance import MOST_BYTES
from tests.flows.web_desk import FORM, Desk, ask, configuration, furnished, mail, open_desk
from tests.houses import open_house
from tests.servers.fake_imap import FakeImap
from tests.servers.loopback import free_port
from tests.services import until
from tests.stages.test_web_parts import unfolded


@pytest.fixture
def desk(tmp_path: Path, fake_imap: FakeImap) -> Iterator[Desk]:
    """Give a desk with two unsure mails."""
    with open_desk(tmp_path / "house", fake_imap, mail(1), mail(2)) as one:
        yield one


def raw(port: int, sent: bytes) -> bytes:
    """Send bytes as they are, and return all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        got = b""
        with suppress(ConnectionError):  # cut while it was still sending
            connection.sendall(sent)
            while piece := connection.recv(65_536):
                got += piece
        return got


def test_every_answer_is_guarded(desk: Desk) -> None:
    """Strict CSP with the one style by its hash, no referrer, nothing kept, no cookie."""
    for path, method in (
        (desk.label(), "GET"), (desk.label(), "DELETE"), ("/l/x", "GET"), ("/", "GET"),
        (desk.calendar(), "GET"), ("/health", "GET"),
    ):  # fmt: skip
        headers = desk.ask(path, method).headers
        policy = headers["content-security-policy"]
        assert re.fullmatch(
            r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'; "
            r"frame-ancestors 'none'; base-uri 'none'",
            policy,
        )
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in headers
        assert "server" not in headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/json"}, 415),
        ({}, 415),
        ({**FORM, "Sec-Fetch-Site": "cross-site"}, 403),
        ({**FORM, "Sec-Fetch-Site": "same-site"}, 403),
        ({**FORM, "Sec-Fetch-Site": "same-origin"}, 200),
        ({**FORM, "Sec-Fetch-Site": "none"}, 200),
        ({"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}, 200),
    ],
)
def test_only_forms_of_our_page_are_taken(desk: Desk, headers: dict[str, str], status: int) -> None:
    """No other site's form, and nothing that is no form."""
    path = desk.label()
    before = desk.tables()
    body = urlencode({"label": "other"}).encode()
    assert desk.ask(path, "POST", body, headers).status == status
    assert (desk.tables() == before) is (status != 200)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused(desk: Desk, method: str) -> None:
    """With what is allowed."""
    refused = desk.ask(desk.label(), method)
    assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, POST")
    assert desk.ask(desk.calendar(), "POST", "a=b", FORM).headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("language", "said"),
    [("it", "Qui non c'è nulla"), ("pl-PL", "Tu nic nie ma"), ("en", "There is nothing here")],
)
def test_who_has_no_good_link_is_told_calmly(desk: Desk, language: str, said: str) -> None:
    """In the reader's language; nothing of the path comes back."""
    page = desk.ask("/l/%3Cscript%3Ealert(1)", headers={"Accept-Language": language})
    assert (page.status, said in page.text.replace("&#39;", "'")) == (404, True)
    assert "script" not in page.text


def test_a_body_that_is_too_large_is_not_read(desk: Desk) -> None:
    """By its announced length at once, otherwise as soon as it is over the limit."""
    path = desk.label()
    before = desk.tables()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM['Content-Type']}\r\n"
    announced = raw(desk.port, f"{head}Content-Length: {10**12}\r\n\r\n".encode())
    assert announced.startswith(b"HTTP/1.1 413 ")
    chunk = b"label=" + b"x" * (MOST_BYTES - 6)
    chunks = b"%x\r\n%b\r\n1\r\nx\r\n0\r\n\r\n" % (len(chunk), chunk)
    streamed = raw(desk.port, f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks)
    assert streamed.startswith(b"HTTP/1.1 413 ")
    largest = urlencode({"label": "other", "x": "y" * (MOST_BYTES - 14)})
    assert len(largest) == MOST_BYTES
    assert desk.tables() == before
    assert desk.ask(path, "POST", largest, FORM).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
        b"GET /l/x\r\nSet-Cookie: a HTTP/1.1\r\n\r\n",
        b"POST /l/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /l/x HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET http://127.0.0.1/%0d%0aSet-Cookie:%20a=b HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /%ff%fe%00 HTTP/1.1\r\nHost: x\r\nAccept-Language: \xff\xfe\r\n\r\n",
        b"GET /l/x HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
    ids=["tls", "long header", "many headers", "injected", "negative", "two lengths", "escaped",
         "bytes", "upgrade"],
)  # fmt: skip
def test_nonsense_is_refused(desk: Desk, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A status of 4xx or a closed connection; no header of the sender's, and the next is served."""
    monkeypatch.setattr(server, "REQUEST_S", 1.0)
    got = raw(desk.port, sent)
    assert got == b"" or re.match(rb"HTTP/1\.1 4\d\d ", got)
    assert b"set-cookie" not in got.lower()
    assert desk.ask("/health").text == "ok\n"


def test_a_form_with_broken_escapes_is_refused(desk: Desk) -> None:
    """Bytes that are no form, and more fields than a form of ours has."""
    path = desk.label()
    for body in (b"label=\xff", b"&".join(b"a=%d" % n for n in range(100))):
        assert desk.ask(path, "POST", body, FORM).status == 400


def test_slow_clients_are_cut_and_stop_nobody(
    tmp_path: Path, fake_imap: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers byte by byte, a body that never ends: gone in time."""
    monkeypatch.setattr(server, "REQUEST_S", 0.7)
    with open_desk(tmp_path / "house", fake_imap, mail(1)) as desk:
        post = (
            f"POST {desk.label()} HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n"
            f"Content-Type: {FORM['Content-Type']}\r\n\r\nlabel="
        ).encode()
        slow = [socket.create_connection(("127.0.0.1", desk.port), timeout=30) for _ in range(40)]
        for number, one in enumerate(slow):
            one.sendall(post if number % 2 else b"GET / HTTP/1.1\r\nX-A: ")
        assert desk.ask("/health").status == 200
        begun = monotonic()
        for one in slow:
            while True:
                try:
                    one.sendall(b"x")
                    if one.recv(65_536) == b"":
                        break
                except OSError:
                    break
            one.close()
        assert monotonic() - begun < 20
        assert desk.events() == [("opened", "backdesk")]
        assert desk.ask(desk.label()).status == 200


def test_one_address_gets_so_much_and_no_more(tmp_path: Path, fake_imap: FakeImap) -> None:
    """429 with Retry-After; another client is served; a claim of another address helps nobody."""
    web = 'rate_per_minute = 5\ntrusted_proxies = ["127.0.0.1"]'
    with open_desk(tmp_path / "house", fake_imap, mail(1), web=web) as desk:
        path = desk.label()

        def status(client: str) -> int:
            return desk.ask(path, headers={"X-Forwarded-For": client}).status

        assert [status("192.0.2.7") for _ in range(6)] == [200] * 5 + [429]
        assert [status(f"10.9.8.{n}, 192.0.2.7") for n in range(3)] == [429] * 3
        assert status("192.0.2.8") == 200
        busy = desk.ask(path, headers={"X-Forwarded-For": "192.0.2.7", "Accept-Language": "pl"})
        assert 1 <= int(busy.headers["retry-after"]) <= 12
        assert "Chwileczkę" in busy.text


def test_all_together_get_so_much(tmp_path: Path, fake_imap: FakeImap) -> None:
    """However many addresses a flood has."""
    with open_desk(tmp_path / "house", fake_imap, web="rate_per_minute = 1") as desk:
        answers = [
            desk.ask("/l/x", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status for n in range(30)
        ]
    assert answers[:10] == [404] * 10
    assert answers.count(429) >= 19


def test_who_is_no_proxy_cannot_name_a_client(tmp_path: Path, fake_imap: FakeImap) -> None:
    """Without trust in this machine every header is a claim."""
    web = 'rate_per_minute = 3\ntrusted_proxies = ["192.0.2.1"]'
    with open_desk(tmp_path / "house", fake_imap, web=web) as desk:
        answers = [
            desk.ask("/l/x", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status for n in range(5)
        ]
    assert answers == [404] * 3 + [429] * 2


def test_health_is_for_this_machine(desk: Desk) -> None:
    """A client behind the proxy sees what it sees everywhere else: nothing."""
    assert desk.ask("/health").text == "ok\n"
    assert desk.ask("/health", headers={"X-Forwarded-For": "192.0.2.7"}).status == 404
    assert desk.ask("/health", "POST", "a=b", FORM).status == 404


def test_errors_show_nothing_inside(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is away is 503 with Retry-After, anything else 500; neither says why."""
    path = desk.label()

    def fail(error: Exception) -> None:
        def read(_self: Store) -> None:
            raise error

        monkeypatch.setattr(Store, "read", read)

    fail(StoreBusy("locked by secret-host"))
    away = desk.ask(path)
    assert (away.status, away.headers["retry-after"]) == (503, "30")
    fail(RuntimeError("secret-inside"))
    broken = desk.ask(path)
    assert (broken.status, "secret" in away.text + broken.text) == (500, False)
    assert path.rpartition("/")[2] not in caplog.text


def test_the_log_has_the_purpose_and_no_token(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """One event for each request, without token, address or label."""
    path = desk.label()
    with caplog.at_level(logging.INFO):
        desk.ask(path)
        desk.say(path, "complaint")
        desk.ask(desk.calendar())
        desk.ask("/l/x")
    told = [vars(one) for one in caplog.records if vars(one).get("action") == "page"]
    assert [(one["page"], one["method"], one["status"]) for one in told] == [
        ("label", "GET", 200), ("label", "POST", 200), ("deadlines", "GET", 200),
        ("label", "GET", 404),
    ]  # fmt: skip
    everything = " ".join(str(vars(one)) for one in caplog.records)
    assert path.rpartition("/")[2] not in everything
    assert "anna@" not in everything


def test_deadlines_as_a_calendar(desk: Desk) -> None:
    """Open clocks only, of a queue or of the house; no word of the customer's."""
    desk.say(desk.label(1), "complaint")
    desk.say(desk.label(2), "complaint")
    both, one = desk.file(1).line, desk.file(2).line
    got = desk.ask(desk.calendar("complaints"))
    assert got.headers["content-type"] == "text/calendar; charset=utf-8"
    read = unfolded(got.text.encode())
    uids = [value for name, _, value in read if name == "UID"]
    assert {uid.partition(".")[0] for uid in uids} == {both.reference, one.reference}
    titles = [value for name, _, value in read if name == "SUMMARY"]
    assert all("reclamo" in title and "complaints" in title for title in titles)
    starts = {value for name, _, value in read if name == "DTSTART"}
    zone = desk.house.settings.service.zone
    assert both.due_at is not None
    assert f"{both.due_at.astimezone(zone):%Y%m%d}" in starts
    assert not re.search("ugo|verdi|bolletta", got.text.lower())
    assert "BEGIN:VEVENT" not in desk.ask(desk.calendar("requests")).text
    assert "BEGIN:VEVENT" in desk.ask(desk.calendar()).text
    with desk.house.store.write() as connection:
        acts.close(connection, Act(case_id=both.id, actor="Ada", now=clock.now()), "done")
        held = update(case_clocks).where(case_clocks.c.case_id == one.id).values(is_held=True)
        connection.execute(held)
    assert "BEGIN:VEVENT" not in desk.ask(desk.calendar()).text


def test_asking_for_a_calendar_changes_nothing(desk: Desk) -> None:
    """GET and HEAD."""
    path = desk.calendar()
    before = desk.tables()
    assert desk.ask(path, "HEAD").text == ""
    assert desk.ask(path).status == 200
    assert desk.tables() == before


def test_a_request_in_hand_is_finished_and_stopping_is_quick(
    tmp_path: Path, fake_imap: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With slow clients at the door the pages are gone in under two seconds."""
    port = free_port()
    settings = furnished(tmp_path / "house", configuration(port, fake_imap.port))
    with open_house(settings) as house:
        with bootstrap.public_pages(house):
            slow = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(5)]
            for one in slow:
                one.sendall(b"POST /l/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            assert ask(port, "/health").status == 200
            begun = monotonic()
        assert monotonic() - begun < 2.0
        for one in slow:
            one.close()
        assert not [one for one in threading.enumerate() if one.name == "web"]
        with pytest.raises(ConnectionRefusedError):
            ask(port, "/health")


def test_a_taken_port_is_said_and_tried_again(
    tmp_path: Path,
    fake_imap: FakeImap,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The error names key and file, nothing else stops, and the pages come when it is free."""
    monkeypatch.setattr(server, "RETRY_S", 0.05)
    port = free_port()
    settings = furnished(tmp_path / "house", configuration(port, fake_imap.port))
    taken = socket.create_server(("127.0.0.1", port))
    with open_house(settings) as house, taken, bootstrap.public_pages(house):
        away = [vars(one) for one in caplog.records if vars(one).get("action") == "web_away"]
        assert (away[0]["key"], away[0]["file"]) == ("web.listen", str(settings.path))
        assert f"127.0.0.1:{port}: Address already in use" in away[0]["reason"]
        taken.close()
        until(lambda: _answers(port), "the pages have come")


def _answers(port: int) -> bool:
    """Tell whether the pages are there."""
    try:
        return ask(port, "/health").status == 200
    except ConnectionRefusedError:
        return False
