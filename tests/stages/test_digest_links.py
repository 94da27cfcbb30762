"""Links in the digest: for each reader their own, and only where there are public pages."""

import email
import email.policy
import re
from collections.abc import Sequence

import pytest

from daemon.config.settings import Settings, Web
from daemon.digest.links import calendar_link, label_link
from daemon.digest.words import LANGUAGES, words
from daemon.mail.links import Links, Purpose
from tests.builders import MORNING
from tests.stages.digest_builders import letters_of, settings
from tests.stages.digest_texts import FULL, Outline

KEYS = (b"a key of the tests, 32 bytes long.",)
BASE = "https://post.example.org/desk"


def office(public_url: str = BASE) -> Settings:
    """Return a configuration with public pages."""
    web = Web(listen="127.0.0.1:8025", public_url=public_url)
    return settings().model_copy(update={"web": web})


def test_a_link_names_mail_and_reader() -> None:
    """Good for thirty days; of a calendar for a year."""
    link = label_link(office(), KEYS, 7, "anna@aurora.example", MORNING) or ""
    assert link.startswith(f"{BASE}/l/")
    read = Links(KEYS).read(link.rpartition("/")[2], Purpose.LABEL)
    assert read is not None
    assert read.subjects == ("7", "anna@aurora.example")
    assert (read.until - MORNING).days == 30
    calendar = re.fullmatch(
        rf"{BASE}/deadlines/(.*)\.ics", calendar_link(office(), KEYS, "complaints", MORNING) or ""
    )
    assert calendar
    of_queue = Links(KEYS).read(calendar[1], Purpose.DEADLINES)
    assert of_queue is not None
    assert (of_queue.subjects, (of_queue.until - MORNING).days) == (("complaints",), 365)


def test_without_public_pages_there_is_no_link() -> None:
    """Nobody is sent where nobody answers."""
    assert label_link(office(""), KEYS, 7, "anna@aurora.example", MORNING) is None
    assert calendar_link(office(""), KEYS, "", MORNING) is None


def links(made: Sequence[bytes]) -> list[set[str]]:
    """Return the links of each mail: the same in its text and its HTML, each with its words."""
    found = []
    for raw in made:
        message = email.message_from_bytes(raw, policy=email.policy.default)
        text, page = (message.get_body((kind,)) for kind in ("plain", "html"))
        assert text is not None
        assert page is not None
        of_text = set(re.findall(r"https://\S+", text.get_content()))
        assert of_text == set(Outline(page.get_content()).sources)
        found.append(of_text)
    return found


def test_each_reader_gets_links_of_their_own() -> None:
    """One for each unsure mail; with somebody else's name nobody decides."""
    made = letters_of(office(), FULL, KEYS)
    found = links([one.message for one in made])
    assert [len(each) for each in found] == [1] * len(made)
    for letter, (link,) in zip(made, found, strict=True):
        read = Links(KEYS).read(link.rpartition("/")[2], Purpose.LABEL)
        assert read is not None
        assert read.subjects == ("7", letter.recipient)


@pytest.mark.parametrize("chosen", [office(""), office()])
def test_without_keys_or_pages_the_digest_has_no_links(chosen: Settings) -> None:
    """As it was before."""
    keys = () if chosen.web.public_url else KEYS
    assert not any(links([one.message for one in letters_of(chosen, FULL, keys)]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_link_has_a_name(language: str) -> None:
    """In the reader's language."""
    assert words(language).say("decide")
