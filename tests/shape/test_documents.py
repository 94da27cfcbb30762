"""What the documents name exists, and what exists is named."""

import re
from pathlib import Path

import pytest

from daemon.cli.commands import COMMANDS
from tests.shape.sources import ROOT

README = ROOT / "README.md"
HOUSE = ROOT / "daemon" / "README.md"
DOCUMENTS = (README, HOUSE, ROOT / "systemd" / "README.md", ROOT / "CHANGELOG.md")
STEPS = ("watch", "receive", "read", "decide", "record", "settle", "send")


def way_of_a_mail() -> list[tuple[str, list[str]]]:
    """Return each step of the way of a mail with the files that the table names for it."""
    rows = re.findall(r"^\| \d+ (\w+) \|([^|]*)\|", HOUSE.read_text(), re.MULTILINE)
    return [(step, re.findall(r"`([^`]+)`", files)) for step, files in rows]


def test_the_way_of_a_mail_names_each_step_in_order() -> None:
    """From the watch to what leaves."""
    assert tuple(step for step, _ in way_of_a_mail()) == STEPS


@pytest.mark.parametrize(("step", "files"), way_of_a_mail(), ids=lambda each: str(each)[:20])
def test_each_step_names_files_that_exist(step: str, files: list[str]) -> None:
    """At least one, and all of them there."""
    assert files, step
    assert [name for name in files if not (ROOT / "daemon" / name).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    """A link to a file of the tree names one that is there."""
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    """README.md shows it as `backdesk NAME`."""
    assert re.search(rf"`backdesk {re.escape(name)}\b", README.read_text())


def test_every_room_of_the_house_is_on_a_floor() -> None:
    """daemon/README.md names each package and module that stands directly in daemon/."""
    text = HOUSE.read_text()
    rooms = {
        path.stem
        for path in (ROOT / "daemon").iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").is_file()) and path.stem != "__init__"
    }
    assert {room for room in rooms if not re.search(rf"`{re.escape(room)}`", text)} == set()


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "faults"])
def test_make_knows_what_the_documents_promise(target: str) -> None:
    """Each target is in the Makefile, with a word on what it does."""
    assert re.search(rf"^{target}:.*## \w", (ROOT / "Makefile").read_text(), re.MULTILINE)
