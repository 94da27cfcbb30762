"""The command line as a whole: help, exit codes, and what goes where."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.cli.commands import COMMANDS
from daemon.cli.output import safe
from daemon.cli.ownership import foreign_owners
from tests.flows.cli_builders import Office, ended


def test_help_names_every_command_and_loads_none_of_them(tmp_path: Path) -> None:
    """`backdesk --help` answers without the database, the model or a mail library."""
    code = (
        "import sys; from daemon.cli.app import run; assert run(['--help']) == 0; "
        "print(sorted({'sqlalchemy', 'numpy', 'imapclient', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.splitlines()[-1] == "[]"
    assert [name for name in COMMANDS if f" {name} " not in done.stdout] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_of_its_own(
    name: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """What the table promises can be loaded, and takes a configuration where it needs one."""
    done = ended(capsysbinary, name, "--help")

    assert done.code == 0
    assert "Usage:" in done.text


def test_the_version_is_that_of_the_distribution(
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """`--version` prints it alone."""
    done = ended(capsysbinary, "--version")

    assert done.code == 0
    assert done.text.strip().count(".") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["poll"],
        ["poll", "--twice"],
        ["import"],
        ["show"],
        ["simulate", "--candidate", "x", "--since", "soon"],
        ["digest", "--date", "yesterday"],
        ["run", "--roles", "cook"],
    ],
)
def test_wrong_usage_ends_with_2_and_nothing_on_stdout(
    arguments: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A script sees by the code that it was called wrongly."""
    done = ended(capsysbinary, *arguments)

    assert done.code == 2
    assert done.out == b""
    assert done.err


def test_without_a_configuration_the_places_that_were_looked_at_are_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Exit 2, and how to get one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKDESK_CONFIG", raising=False)
    done = ended(capsysbinary, "status")

    assert done.code == 2
    assert "BACKDESK_CONFIG" in done.err
    assert "backdesk init" in done.err


def test_the_configuration_is_found_by_variable_and_in_the_working_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """The option wins over the variable, the variable over the working folder."""
    (tmp_path / "backdesk.toml").write_text("[service]\n")
    (tmp_path / "other.toml").write_text('[service]\ntimezone = "Europe/Rome"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKDESK_CONFIG", raising=False)
    assert ended(capsysbinary, "check").code == 2

    monkeypatch.setenv("BACKDESK_CONFIG", str(tmp_path / "other.toml"))
    assert ended(capsysbinary, "check").code == 0
    assert ended(capsysbinary, "check", "--config", tmp_path / "backdesk.toml").code == 2


def test_every_problem_of_a_configuration_is_a_line_with_file_and_place(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """All commands say them all, `check --json` as one document."""
    path = tmp_path / "bad.toml"
    path.write_text('[service]\ntimezone = "Mars"\nworkerz = 2\n[intake]\npoll_s = "soon"\n')

    told = ended(capsysbinary, "poll", "--once", "--config", path)
    checked = ended(capsysbinary, "check", "--config", path)
    listed = ended(capsysbinary, "check", "--json", "--config", path)

    assert (told.code, checked.code, listed.code) == (2, 2, 2)
    problems = listed.document["problems"]
    assert [(one["line"], one["key"]) for one in problems] == [
        (2, "service.timezone"), (3, "service.workerz"), (5, "intake.poll_s"),
    ]  # fmt: skip
    lines = [f"{o['file']}:{o['line']}: {o['key']}: {o['message']}" for o in problems]
    assert told.err.splitlines() == checked.err.splitlines() == lines
    assert listed.err == ""


def test_an_internal_error_is_one_line_and_a_hint(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Exit 4; the traceback comes only where it is asked for."""
    office = Office(tmp_path, capsysbinary)
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "backdesk.db").write_bytes(b"not a database, but long enough " * 9)
    monkeypatch.delenv("BACKDESK_DEBUG", raising=False)

    short = office.run("status")
    monkeypatch.setenv("BACKDESK_DEBUG", "1")
    long = office.run("status")

    assert short.code == long.code == 4
    assert len(short.err.splitlines()) == 2
    assert "BACKDESK_DEBUG=1" in short.err
    assert "Traceback" in long.err


def test_another_owner_of_the_import_package_is_named() -> None:
    """python-daemon installs a package of the same name; both together cannot work."""
    owners = {"daemon": ["python-daemon", "backdesk"], "other": ["x"]}

    assert foreign_owners(owners) == ("python-daemon",)
    assert foreign_owners({"daemon": ["backdesk"]}) == ()
    assert foreign_owners({}) == ()


def test_a_strangers_text_cannot_steer_the_terminal() -> None:
    """Escape sequences, line breaks and bidi controls do not come through."""
    told = safe("a\x1b[2Jb\r\nc\u202ed\x9be\x00f")

    assert "\x1b" not in told
    assert told == "a\ufffd[2Jb  cd\ufffde\ufffdf"
    assert safe("a\tb", keep="\t") == "a\tb"


def test_init_writes_a_configuration_that_can_be_used_at_once(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Only the secrets are missing; old mail can be taken in; a second `init` changes nothing."""
    house = tmp_path / "house"
    assert ended(capsysbinary, "init", house).code == 0
    config = house / "backdesk.toml"

    checked = ended(capsysbinary, "check", "--json", "--config", config)
    assert checked.code == 2
    assert {one["key"] for one in checked.document["problems"]} == {"accounts.info", "relays.main"}
    assert (house / "secrets").stat().st_mode & 0o077 == 0

    config.write_text("mine")
    assert ended(capsysbinary, "init", house).code == 2
    assert config.read_text() == "mine"


def test_doctor_works_without_a_configuration_and_names_what_is_wrong(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    """Exit 1 where something needs a person, each problem with a hint."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BACKDESK_CONFIG", raising=False)
    without = ended(capsysbinary, "doctor", "--json")
    office = Office(tmp_path, capsysbinary)
    (tmp_path / "var").mkdir(mode=0o700)
    well = office.run("doctor", "--json")
    (tmp_path / "var").chmod(0o707)
    exposed = office.run("doctor")

    assert without.code == 1
    assert [o["name"] for o in without.document["checks"] if not o["ok"]] == ["configuration"]
    assert [o for o in well.document["checks"] if not o["ok"]] == []
    assert (well.code, well.document["healthy"]) == (0, True)
    assert exposed.code == 1
    assert "chmod o-rwx" in exposed.text


def test_json_is_all_there_is_on_stdout(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Every command that only looks prints one document on an empty house."""
    office = Office(tmp_path, capsysbinary)
    commands = [
        ["status"], ["reconcile"], ["quarantine", "list"], ["queue", "list"], ["outbox", "list"],
        ["digest"], ["simulate", "--candidate", str(office.config)], ["quarantine", "replay"],
    ]  # fmt: skip
    for command in commands:
        done = office.run(*command, "--json")
        assert done.code == 0, (command, done.err)
        assert isinstance(json.loads(done.out), dict), command
