"""A relay that takes no mail is seen: in `status`, in the digest, in the figures."""

from pathlib import Path

import pytest
from prometheus_client.core import Metric

from daemon import clock
from daemon.clock import local_date
from daemon.digest.view import view_of
from daemon.digest.words import Words, words
from daemon.jobs import digest_of
from daemon.metrics import HouseCollector
from tests.flows.cli_builders import ended
from tests.flows.front_desk import FrontDesk, front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server


def attention(desk: FrontDesk, language: str) -> tuple[str, ...]:
    """Return what the digest of today says needs people."""
    now, zone = clock.now(), desk.house.settings.service.zone
    told: Words = words(language)
    return view_of(digest_of(desk.house, local_date(now, zone), now), told).attention


def failures(desk: FrontDesk) -> dict[str, float]:
    """Return the figure of each relay."""
    found: list[Metric] = list(HouseCollector(desk.house).collect())
    (metric,) = (one for one in found if one.name == "backdesk_relay_failures")
    return {sample.labels["relay"]: sample.value for sample in metric.samples}


def test_a_relay_that_takes_no_mail_is_seen(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, capsysbinary
) -> None:
    """And no more when it does; the customer's acknowledgement was never in danger."""
    home = tmp_path / "house"
    status = ("status", "--json", "--config", home / "backdesk.toml")
    with front_desk(home, fake_imap, smtp_sink) as desk:
        smtp_sink.always("MAIL", "550 5.7.1 Client host blocked")
        desk.receive(
            written("Reclamo"), written("Reclamo", "b@b.example", "Un altro testo", number=2)
        )
        assert desk.told() == [["opened", "acknowledging"]] * 2
        assert any("takes no mail" in one for one in attention(desk, "en"))
        assert any("non accetta mail" in one for one in attention(desk, "it"))
        assert any("nie przyjmuje poczty" in one for one in attention(desk, "pl"))
        assert failures(desk) == {"main": 1.0}
    seen = ended(capsysbinary, *status)
    (away,) = seen.document["relays_away"]
    assert (away["name"], away["failures"]) == ("main", 1)
    (problem,) = (one for one in seen.document["problems"] if "relay" in one)
    assert problem.startswith("relay main takes no mail since ")
    assert problem.endswith(": MAIL: 550 5.7.1 Client host blocked")
    assert seen.code == 1
    smtp_sink.always("MAIL", None)
    for row in ("1", "2"):
        run = ended(capsysbinary, "outbox", "retry", row, "--config", home / "backdesk.toml")
        assert run.code == 0
    with front_desk(home, fake_imap, smtp_sink) as desk:
        desk.work()
        assert len(desk.answers()) == 2
        assert not any("takes no mail" in one for one in attention(desk, "en"))
        assert failures(desk) == {"main": 0.0}
    assert ended(capsysbinary, *status).document["relays_away"] == []
