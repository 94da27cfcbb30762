"""`classify`: mails and JSON lines become labelled JSON lines, without store or account."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import daemon
from daemon.config.settings import COSTS
from daemon.records import LABELS
from tests.flows.cli_builders import Ended, a_mail, ended, unreadable_mail

FIELDS = {
    "id", "label", "confidence", "scores", "abstained", "automatic", "language", "reasons",
}  # fmt: skip
AWAY = (
    b"From: ada@nord.example\r\nSubject: Assente\r\nAuto-Submitted: auto-replied\r\n\r\nAssente\r\n"
)


@pytest.fixture(scope="module")
def classified(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """Give the outcome of one run over every kind of source, without any configuration."""
    folder = tmp_path_factory.mktemp("classified")
    lines = [
        {"id": "a1", "subject": "Reclamo", "body": "La lampada è rotta: rimborso!"},
        "not an object",
        {"body": "x", "headers": {"Auto-Submitted": "auto-replied"}, "from": "a@b.example"},
    ]
    (folder / "mails").mkdir()
    (folder / "mails" / "1").write_bytes(a_mail(1))
    (folder / "mails" / "2").write_bytes(unreadable_mail())
    (folder / "mails" / "3").write_bytes(AWAY)
    mbox = b"From a Mon Jan  5 09:00:00 2026\n" + a_mail(4)
    (folder / "mails" / "4.mbox").write_bytes(mbox)
    (folder / "lines.jsonl").write_text("\n".join(map(json.dumps, lines)))
    command = [sys.executable, "-m", "daemon", "classify", "lines.jsonl", "mails"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(daemon.__file__).parents[1])}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr.decode())


def test_each_mail_gives_a_line_in_the_order_it_was_found(classified: Ended) -> None:
    """The id is the line's own, else the path as walked; a bad one stops nothing."""
    ids = [line["id"] for line in classified.lines]

    assert ids == [
        "a1", "lines.jsonl:2", "lines.jsonl:3", "mails/1", "mails/2", "mails/3", "mails/4.mbox:1",
    ]  # fmt: skip
    assert classified.code == 1
    assert "2 could not be read" in classified.err


def test_scores_are_always_whole(classified: Ended) -> None:
    """They hold the labels and sum to 1, also of automatic and unreadable mail."""
    for line in classified.lines:
        assert set(line) >= FIELDS
        assert set(line["scores"]) == set(LABELS)
        assert sum(line["scores"].values()) == pytest.approx(1)
        assert line["reasons"]


def test_a_label_is_the_one_whose_mistakes_cost_least_or_none(classified: Ended) -> None:
    """It is null exactly when the model abstained or the mail is automatic."""
    for line in classified.lines:
        cheapest = min(LABELS, key=lambda label: cost(label, line["scores"]))
        assert line["label"] in (None, cheapest)
        if not line["automatic"]:
            assert line["abstained"] == (cost(cheapest, line["scores"]) > 1)
        assert (line["label"] is None) == bool(line["abstained"] or line["automatic"])


def cost(label: str, scores: dict[str, float]) -> float:
    """Return what taking a label is expected to cost, in looks of a person."""
    others = [one for one in LABELS if one != label]
    return sum(scores[one] * COSTS[one].get(label, COSTS[one]["any"]) for one in others)


def test_only_automatic_mail_is_automatic(classified: Ended) -> None:
    """Mails and lines are judged by the same rules."""
    automatic = [line["id"] for line in classified.lines if line["automatic"]]

    assert automatic == ["lines.jsonl:3", "mails/3"]


def test_without_reasons_only_the_verdict_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """The words behind a label cost more than the label."""
    monkeypatch.chdir(tmp_path)
    Path("1").write_bytes(a_mail(1))
    done = ended(capsysbinary, "classify", "1", "--no-reasons")

    assert done.code == 0
    assert len(done.lines[0]["reasons"]) == 1


def test_costs_of_a_configuration_are_used_and_a_missing_model_is_named(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """No valid model: nothing is labelled, and exit 1 says so."""
    (tmp_path / "1").write_bytes(a_mail(1))
    config = tmp_path / "backdesk.toml"
    head = '[service]\ntimezone = "Europe/Rome"\nworkers = 1\n[classifier]\n'
    config.write_text(head + "".join(f"costs.{label}.any = 1000\n" for label in LABELS))
    strict = ended(capsysbinary, "classify", tmp_path / "1", "--config", config)
    config.write_text(head + 'model = "nowhere"\n')
    without = ended(capsysbinary, "classify", tmp_path / "1", "--config", config)

    assert strict.lines[0]["abstained"]
    assert (without.code, without.lines[0]["label"]) == (1, None)
    assert "no model" in without.err
    assert sum(without.lines[0]["scores"].values()) == pytest.approx(1)
