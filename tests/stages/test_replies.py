"""Canned replies: the shipped ones are whole, and what is wrong with those of a house is named."""

from pathlib import Path

import pytest

from daemon import config
from daemon.outbox.drafts import SHELF, reply_problems
from daemon.outbox.letters import LANGUAGES, Letters
from tests.stages.test_config_problems import FILE, SMALL, problems

VALUES = {
    "reference": "2026-00042-11", "customer": "Anna Rossi", "address": "anna@example.org",
    "subject": "ordine 7", "received": "RECEIVED", "due": "DUE", "queue": "requests",
    "owner": "Ada", "name": "Aurora", "contact": "tel. 02 5550100",
}  # fmt: skip


def test_the_shipped_replies_are_in_all_languages() -> None:
    """Three to begin with, each in it, pl and en, and nothing wrong with them."""
    names = Letters(None, SHELF).languages()
    assert set(names) >= {"ask-order-number", "refund-arranged", "passed-on"}
    assert set(names.values()) == {LANGUAGES}
    assert reply_problems(None) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", sorted(Letters(None, SHELF).languages()))
def test_a_shipped_reply_reads_well_with_and_without_its_values(name: str, language: str) -> None:
    """No gap, no stray mark, no line too long; the reference and the house are in it."""
    letters = Letters(None, SHELF)
    few = dict.fromkeys(VALUES, "") | {"reference": "2026-00042-11", "received": "RECEIVED"}
    for values in (VALUES, few):
        text = letters.write(name, language, values, "Re: ordine 7")
        assert text.subject == "Re: ordine 7"
        assert "2026-00042-11" in text.body
        assert ("tel. 02 5550100" in text.body) is (values is VALUES)
        assert "\n\n\n" not in text.body
        assert not [
            line for line in text.body.splitlines() if len(line) > 120 or line != line.rstrip()
        ]
        assert " ," not in text.body
        assert ".." not in text.body


def fill(folder: Path, **texts: str) -> list[str]:
    """Write templates into a folder; return what is wrong with it."""
    for name, text in texts.items():
        (folder / name.replace("_", ".")).write_text(text)
    return reply_problems(folder)


def test_what_is_wrong_with_a_reply_is_named(tmp_path: Path) -> None:
    """A missing language, a mistake with file and line, a word that is not known."""
    told = fill(
        tmp_path,
        thanks_it_txt_j2="Grazie {{ customer }}\n",
        thanks_en_txt_j2="Thanks\n{{ customer }\n",
        thanks_xx_txt_j2="?",
        old_it_txt_j2="{{ price }}",
        old_pl_txt_j2="\n",
        old_en_txt_j2="Subject: ok\n\nfine",
    )
    assert len(told) == 5, told
    assert "thanks.pl.txt.j2 is missing: a reply is needed in it, pl and en" in told
    assert any(one.startswith("thanks.en.txt.j2:2: TemplateSyntaxError") for one in told)
    assert any("old.it.txt.j2" in one and "price" in one for one in told)
    assert any(one.startswith("old.pl.txt.j2: must begin") for one in told)
    assert any(one.startswith("thanks.xx.txt.j2 is not read") for one in told)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Else nobody would know why his replies are not offered."""
    (told,) = reply_problems(tmp_path / "nowhere")
    assert "is not a folder" in told


def test_a_reply_of_the_house_takes_the_place_of_a_shipped_one(tmp_path: Path) -> None:
    """In one language only: the others stay."""
    (tmp_path / "passed-on.it.txt.j2").write_text("Subject: nostro\n\nGrazie {{ reference }}\n")
    assert reply_problems(tmp_path) == []
    text = Letters(tmp_path, SHELF).write("passed-on", "it", VALUES, "Re: x")
    assert (text.subject, text.body) == ("nostro", "Grazie 2026-00042-11\n")


ACCOUNTS = "[accounts.info]\n"


@pytest.mark.parametrize(
    ("more", "key", "words"),
    [
        ('passed_on = "INBOX"', "accounts.info.passed_on", "the folder of accounts.info.folders"),
        ('drafts = "inbox"', "accounts.info.drafts", "the folder of accounts.info.folders"),
        ('drafts = "Sent"', "accounts.info.drafts", "the folder of accounts.info.sent"),
        ('drafts = "Q/Done"', "accounts.info.drafts", "the folder of queues.complaints.done"),
        ('drafts = "Q"', "accounts.info.drafts", "the folder of queues.complaints"),
        (
            'passed_on = "X"\ndrafts = "X"',
            "accounts.info.drafts",
            "the folder of accounts.info.passed_on",
        ),
    ],
)
def test_a_folder_has_one_purpose(more: str, key: str, words: str) -> None:
    """The mistake is named with what it is already."""
    text = SMALL.replace(ACCOUNTS, f"{ACCOUNTS}{more}\n", 1).replace(
        'folder = "Queues/Complaints"', 'folder = "Q"'
    )
    assert text != SMALL
    ((_, where, told),) = problems(text)
    assert where == key
    assert words in told


def test_no_folder_at_all_is_allowed_twice() -> None:
    """Empty switches both off."""
    text = SMALL.replace(ACCOUNTS, f'{ACCOUNTS}passed_on = ""\ndrafts = ""\n', 1)
    account = config.parse(text, FILE).accounts["info"]
    assert (account.passed_on, account.drafts) == ("", "")
