"""What the command line says and does about answers: letters, a case's outgoing mail, a label."""

from pathlib import Path

import pytest

from daemon.cli.app import run
from tests.flows.cli_builders import ended
from tests.flows.front_desk import front_desk, written
from tests.servers.fake_imap import FakeImap
from tests.servers.smtp_sink import SmtpSink

pytestmark = pytest.mark.server


@pytest.mark.parametrize(
    ("letter", "message"),
    [
        ("{{ reference }", "acknowledgement.pl.txt.j2:3: TemplateSyntaxError"),
        ("{{ reference|xmlattr }}", "acknowledgement.pl.txt.j2: AttributeError"),
        ("{% if 'grudnia' in due %}{{ due|xmlattr }}{% endif %}y", "acknowledgement.pl.txt.j2: At"),
        ("{% if 'godz' in due %}{{ nothing }}{% endif %}y", "acknowledgement.pl.txt.j2: Undefin"),
        ("{% if contact %}{{ nothing }}{% endif %}y", "acknowledgement.pl.txt.j2: UndefinedError"),
        (
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "acknowledgement.pl.txt.j2: RecursionError",
        ),
    ],
)
def test_a_wrong_letter_is_named_by_check(  # noqa: PLR0913 - a house has many parts
    tmp_path: Path,
    fake_imap: FakeImap,
    smtp_sink: SmtpSink,
    capsysbinary,
    letter: str,
    message: str,
) -> None:
    """With file and line, before the first customer needs it; whatever it would be told."""
    letters = tmp_path / "letters"
    letters.mkdir()
    (letters / "acknowledgement.pl.txt.j2").write_text(f"Subject: x\n\n{letter}\n")
    more = f'[acknowledgements]\ntemplates = "{letters}"'
    with front_desk(tmp_path / "house", fake_imap, smtp_sink, more=more):
        pass
    path = tmp_path / "house" / "backdesk.toml"
    checked = ended(capsysbinary, "check", "--json", "--config", path)
    (problem,) = checked.document["problems"]
    assert (checked.code, problem["key"]) == (2, "acknowledgements.templates")
    assert problem["message"].startswith(message)


def test_a_persons_word_on_an_unsure_mail_acknowledges_it(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, capsysbinary
) -> None:
    """Once; until then nobody knew what to confirm. The case shows what has left."""
    home = tmp_path / "house"
    with front_desk(home, fake_imap, smtp_sink, always="unsure") as desk:
        desk.receive(written("Bolletta"))
        assert desk.told() == [["opened"]]
    command = ["--config", str(home / "backdesk.toml")]
    for _ in range(2):
        labelled = ("label", "1", "complaint", "--queue", "complaints", "--by", "Ada")
        assert run(["case", *labelled, *command]) == 0
    with front_desk(home, fake_imap, smtp_sink, always="unsure") as desk:
        desk.work()
        assert desk.told() == [
            ["opened", "routed", "labelled", "acknowledging", "routed", "labelled", "acknowledged"]
        ]
        assert len(desk.answers()) == 1
    shown = ended(capsysbinary, "case", "show", "1", "--json", *command).document
    assert [(row["kind"], row["state"]) for row in shown["outgoing"]] == [
        ("acknowledgement", "sent")
    ]
    assert shown["acknowledged_at"] is not None
    assert "anna@client.example" in ended(capsysbinary, "case", "show", "1", *command).text


def test_explain_says_who_would_be_answered(
    tmp_path: Path, fake_imap: FakeImap, smtp_sink: SmtpSink, capsysbinary
) -> None:
    """Of mail that is only observed, so that a house knows before its first day."""
    home = tmp_path / "house"
    with front_desk(home, fake_imap, smtp_sink, go_live="2099-01-01") as desk:
        desk.receive(written("Reclamo"), written("Reclamo", "noreply@x.example", number=2))
        assert desk.told() == []
    command = ["--json", "--config", str(home / "backdesk.toml")]
    first = ended(capsysbinary, "explain", "1", *command).document["case"]["acknowledgement"]
    second = ended(capsysbinary, "explain", "2", *command).document["case"]["acknowledgement"]
    assert (first, second) == (
        "to anna@client.example",
        "none: nobody reads what is sent to its sender",
    )
