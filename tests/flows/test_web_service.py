"""The public pages in the running service: started, reloaded, stopped with it; and their links."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.flows.cli_builders import Office
from tests.flows.web_desk import ask
from tests.servers.fake_imap import FakeImap
from tests.servers.loopback import free_port, open_directory
from tests.services import configuration, running, until

STOP_S = 15.0
WEB = '\n[web]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}/post"\n'


@pytest.fixture
def home() -> Iterator[Path]:
    """Give an empty folder with a short name, for a socket stands in it."""
    with open_directory("web") as folder:
        yield folder


@pytest.fixture
def office(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Office:
    """Give a house with a queue and public pages."""
    extra = '[queues.complaints]\naccount = "info"\nfolder = "Q"\n' + WEB.format(port=free_port())
    return Office(tmp_path, capsysbinary, {"info": 9}, extra)


@pytest.mark.slow
def test_the_pages_live_with_the_service(home: Path, fake_imap: FakeImap) -> None:
    """Served when it is ready, moved by a reload, gone with SIGTERM, slow clients or not."""
    first, second = free_port(), free_port()
    text = configuration({"info": fake_imap.port})
    with running(home, text + WEB.format(port=first)) as service:
        assert ask(first, "/health").text == "ok\n"
        service.reload(text + WEB.format(port=second))
        service.ready(2)
        assert ask(second, "/health").text == "ok\n"
        with pytest.raises(ConnectionRefusedError):
            ask(first, "/health")
        with socket.create_connection(("127.0.0.1", second)) as slow:
            slow.sendall(b"GET /l/x HTTP/1.1\r\nHost: x\r\nX-A: ")
            assert service.stop() < STOP_S
    assert {line["page"] for line in service.logged("page")} == {"health"}
    assert len(service.logged("web")) == 2
    assert not service.logged("web_cut")


@pytest.mark.slow
def test_a_taken_port_does_not_stop_the_mail(home: Path, fake_imap: FakeImap) -> None:
    """The service is ready and takes mail in; the log names key and file."""
    port = int(fake_imap.port)
    with running(home, configuration({"info": port}) + WEB.format(port=port)) as service:
        until(lambda: "IDLE" in fake_imap.texts, "mail is watched")
        (away,) = service.logged("web_away")
        assert away["key"] == "web.listen"
        assert away["file"].endswith("backdesk.toml")
        assert "in use" in away["reason"]
        service.stop()


def test_links_by_hand(office: Office) -> None:
    """For a mail and for deadlines, until when they are good; only where there are pages."""
    office.run("import", office.fill("mails", [b"Subject: a\r\n\r\nx\r\n"]))
    made = office.run("web", "link", "label", "1", "--for", "anna@aurora.example", "--json")
    assert set(made.document) == {"link", "good_until"}
    assert urlsplit(made.document["link"]).path.startswith("/post/l/")
    whole = office.run("web", "link", "deadlines").text.strip()
    queue = office.run("web", "link", "deadlines", "--queue", "complaints").text.strip()
    assert whole.endswith(".ics")
    assert queue.endswith(".ics")
    assert whole != queue
    assert office.run("web", "revoke").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("label", "7", "--for", "anna@aurora.example"), "no mail '7'"),
        (("label", "1", "--for", "anna"), "--for: 'anna' is not an e-mail address"),
        (("label", "1", "--for", "\u200banna@x.example"), "is not an e-mail address"),
        (("deadlines", "--queue", "complaint"), "no queue 'complaint'; allowed: complaints"),
    ],
)
def test_what_cannot_be_linked_is_said(
    office: Office, arguments: tuple[str, ...], says: str
) -> None:
    """With what is allowed, and exit status 2."""
    done = office.run("web", "link", *arguments)
    assert (done.code, done.out) == (2, b"")
    assert says in done.err


def test_without_pages_there_are_no_links(office: Office) -> None:
    """The message names file and key."""
    text = office.config.read_text()
    office.config.write_text(text[: text.index("public_url")])
    done = office.run("web", "link", "deadlines")
    assert done.code == 2
    assert done.err.startswith(f"{office.config}: web.public_url: is empty")


def test_doctor_looks_at_the_pages(office: Office) -> None:
    """A service that does not run is no problem; another program on the port is."""

    def found() -> dict[str, object]:
        checks = json.loads(office.run("doctor", "--json").out)["checks"]
        return next(one for one in checks if one["name"] == "public pages")

    assert found()["ok"] is True
    assert "does not run" in str(found()["value"])
    port = int(office.config.read_text().rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        assert found()["ok"] is False
        assert "web.listen" in str(found()["hint"])
